import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REASON_CODES } from "../audit/reason-code.ts";
import { readArguments } from "../cli/arguments.ts";
import { FAULT_KINDS } from "../lab/faults.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

describe("the README", () => {
  it("shows the example that is run as a test", () => {
    const example = readFileSync(new URL("readme-example.test.ts", import.meta.url), "utf8");
    expect(readme).toContain(example.replace('"../index.ts"', '"@roles-anywhere/mock"'));
  });

  it.each(REASON_CODES)("explains %s", (code) => {
    expect(readme).toContain(`\`${code}\``);
  });

  it.each(FAULT_KINDS)("names the fault %s", (kind) => {
    expect(readme).toContain(`\`${kind}\``);
  });

  it("lists every flag, and no other", () => {
    const help = readArguments(["--help"], {});
    const flags = (text: string): string[] => [...new Set(text.match(/--[a-z][a-z-]+/g) ?? [])].sort();
    const [, options = ""] = readme.split("### Options");
    const [table = ""] = options.split("###");
    expect(flags(table)).toEqual(
      flags(help.kind === "text" ? (help.text.split("Examples:")[0] ?? "") : "").filter(
        (flag) => flag !== "--help",
      ),
    );
  });
});
