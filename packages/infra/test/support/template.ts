import { Annotations, Match, Template } from "aws-cdk-lib/assertions";
import type { Stack } from "aws-cdk-lib/core";
import { expect } from "vitest";

/** The logical id of the only resource of a type. */
export function onlyId(template: Template, type: string): string {
  const ids = Object.keys(template.findResources(type));
  expect(ids).toEqual([expect.any(String)]);
  return String(ids[0]);
}

/** The properties of the only resource of a type. */
export function onlyProperties(template: Template, type: string): Record<string, unknown> {
  return template.findResources(type)[onlyId(template, type)]?.["Properties"];
}

/** The properties of the only resource of a type in the template of a stack. */
export function propertiesIn(stack: Stack, type: string): Record<string, unknown> {
  return onlyProperties(Template.fromStack(stack), type);
}

/** The texts of the warnings of a stack that match. */
export function warningsOf(stack: Stack, pattern = "."): string[] {
  return Annotations.fromStack(stack)
    .findWarning("*", Match.stringLikeRegexp(pattern))
    .map(({ entry }) => String(entry.data));
}
