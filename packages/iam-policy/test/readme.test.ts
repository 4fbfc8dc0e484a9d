import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as api from "../src/index.ts";
import * as testing from "../src/expectations/index.ts";
import { PAGES } from "./policy-case.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const readme = read("../README.md");
const sources = read("../../../docs/iam-policy.md");

describe("the README", () => {
  it("shows the example that is run as a test", () => {
    const example = read("readme-example.test.ts").replace(
      '"../src/index.ts"',
      '"@roles-anywhere/iam-policy"',
    );
    expect(readme).toContain(example);
  });

  it("shows the example of expectations that is run as a test", () => {
    const example = read("expectations/readme-example.test.ts")
      .replace('"../../src/expectations/index.ts"', '"@roles-anywhere/iam-policy/testing"')
      .replace("test/expectations/reports.template.json", "cdk.out/Reports.template.json");
    expect(readme).toContain(example);
  });

  it.each(Object.keys(api))("names %s", (name) => {
    expect(readme).toMatch(new RegExp(`^\\| \`${name}\\b`, "mu"));
  });

  const options = [
    ...read("../src/evaluate.ts").matchAll(/readonly (\w+(?:Policies|Policy|Boundaries))\?/gu),
  ];

  it.each(options.map(([, option = ""]) => option))("names the option %s", (option) => {
    expect(readme).toContain(`\`${option}\``);
  });
});

describe("the page of the sources", () => {
  it.each(Object.values(PAGES).filter((page) => page.startsWith("https:")))("links %s", (page) => {
    expect(sources).toContain(page);
  });
});

describe("the reference of the expectations", () => {
  const sourceOf = (file: string): string => read(`../src/expectations/${file}.ts`);
  const optionsIn = (file: string): readonly string[] => {
    const [, members = ""] =
      /interface (?:Expect|Session)Options[^{]*\{(.*?)\n\}/su.exec(sourceOf(file)) ?? [];
    return namesIn(members, /readonly (\w+)\?/gu);
  };
  const namesIn = (text: string, pattern: RegExp): string[] =>
    Array.from(text.matchAll(pattern), ([, name = ""]) => name);
  const options = [...optionsIn("expect-permissions"), ...optionsIn("role-expectations")];
  const codes = namesIn(sourceOf("policy-test-error"), /\| "(ERR_\w+)"/gu);
  const functions = namesIn(sourceOf("intrinsic-functions"), /case "(Ref|Fn::(?!And|Equals|Not|Or)\w+)"/gu);

  it.each([...options, ...codes, ...functions, ...Object.keys(testing)])("names %s", (name) => {
    expect(sources).toContain(name);
  });

  it("has all of the options", () => {
    expect(options).toEqual(["profile", "values", "managedPolicies", "certificate", "context", "now"]);
  });
});
