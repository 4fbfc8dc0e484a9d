import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as api from "../src/index.ts";
import { PARAMETER_KEYS } from "../src/s3/condition-keys.ts";
import { ERRORS } from "../src/signature/refusal.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const readme = read("../README.md");
const page = read("../../../docs/enforcement.md");

describe("the README", () => {
  it("shows the example that is run as a test", () => {
    const example = read("readme-example.test.ts").replaceAll(
      '"../src/index.ts"',
      '"@roles-anywhere/enforcement"',
    );
    expect(readme).toContain(example);
  });

  it.each(Object.keys(api))("names %s", (name) => {
    expect(readme).toMatch(new RegExp(`^\\| .*\`${name}\\b`, "mu"));
  });
});

describe("the page", () => {
  it.each(Object.entries(ERRORS))("has the errors of %s", (reason, { s3: [code, status] }) => {
    expect(page).toMatch(new RegExp(`^\\| \`${reason}\` +\\| ${status} \`${code}\``, "mu"));
  });

  it.each(PARAMETER_KEYS.map(({ key }) => key))("names the condition key %s", (key) => {
    const family = key
      .replace(/^x-amz-grant-.*/u, "x-amz-grant-…")
      .replace(/^x-amz-server-side-encryption(?<rest>-.*)$/u, "…$<rest>");
    expect(page).toContain(family);
  });
});
