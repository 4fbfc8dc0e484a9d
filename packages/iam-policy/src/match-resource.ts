import { compileArnGlob, matchGlob } from "./glob.ts";
import type { Glob } from "./glob.ts";
import type { Effect } from "./effect.ts";
import { constantPieces, hasVariables, resolveTemplate } from "./policy-variables.ts";
import type { TemplatePiece } from "./policy-variables.ts";
import type { RequestContext } from "./request-context.ts";

/** A `Resource` or `NotResource` element. */
export interface ResourceElement {
  readonly negated: boolean;
  readonly patterns: readonly ResourcePattern[];
}

export interface ResourcePattern {
  /** As written. */
  readonly source: string;
  readonly template: readonly TemplatePiece[];
  /** Absent when the pattern has variables. */
  readonly glob?: Glob;
}

export function compileResourcePattern(source: string, template: readonly TemplatePiece[]): ResourcePattern {
  return hasVariables(template)
    ? { source, template }
    : { source, template, glob: compileArnGlob(constantPieces(template)) };
}

/**
 * Whether a statement covers a resource. An action without resources, such as `s3:ListAllMyBuckets`, is
 * matched against the resource `*`, which only a pattern that matches everything covers.
 *
 * A pattern whose variable has no value covers nothing. With `NotResource` that would widen an Allow, so
 * there it counts as covered.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
export function matchResource(
  element: ResourceElement,
  resource: string | undefined,
  effect: Effect,
  context: RequestContext,
): boolean {
  const value = resource ?? "*";
  const unresolved = element.negated && effect === "Allow";
  const covered = element.patterns.some((pattern) => covers(pattern, value, context) ?? unresolved);
  return covered !== element.negated;
}

function covers(pattern: ResourcePattern, resource: string, context: RequestContext): boolean | undefined {
  if (pattern.glob !== undefined) return matchGlob(pattern.glob, resource);
  const pieces = resolveTemplate(pattern.template, context);
  return typeof pieces === "string" ? undefined : matchGlob(compileArnGlob(pieces), resource);
}
