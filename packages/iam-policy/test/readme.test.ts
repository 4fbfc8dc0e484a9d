import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as api from "../src/index.ts";
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
