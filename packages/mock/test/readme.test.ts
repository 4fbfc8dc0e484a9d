import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REASON_CODES } from "../src/errors/refusal.ts";
import { readArguments } from "../src/cli/arguments.ts";
import { FAULT_KINDS } from "../src/lab/faults.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const checks = readFileSync(new URL("../../../docs/mock/checks.md", import.meta.url), "utf8");
const lab = readFileSync(new URL("../../../docs/mock/lab.md", import.meta.url), "utf8");

describe("the README", () => {
  it("shows the example that is run as a test", () => {
    const example = readFileSync(new URL("readme-example.test.ts", import.meta.url), "utf8");
    expect(readme).toContain(example.replace('"../src/index.ts"', '"@roles-anywhere/mock"'));
  });

  it("shows the testcontainers example that the compiler reads", () => {
    const file = new URL("testcontainers/readme-example.ts", import.meta.url);
    const [, body = ""] = /Promise<void> \{\n(.*)\n\}/s.exec(readFileSync(file, "utf8")) ?? [];
    expect(body).toContain("RolesAnywhereContainer");
    expect(readme).toContain(body.replaceAll(/^ {2}/gm, ""));
  });

  it("starts the mock with flags that it takes", () => {
    const lines = [...readme.matchAll(/^ra-mock (.*)$/gm)].map(([, flags = ""]) => flags.split(" "));
    expect(lines).not.toHaveLength(0);
    for (const flags of lines) expect(readArguments(flags, {})).toMatchObject({ kind: "start" });
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

describe("the page of the checks", () => {
  it.each(REASON_CODES)("explains %s", (code) => {
    expect(checks).toContain(`\`${code}\``);
  });
});

describe("the page of the lab", () => {
  it.each(FAULT_KINDS)("names the fault %s", (kind) => {
    expect(lab).toContain(`\`${kind}\``);
  });
});
