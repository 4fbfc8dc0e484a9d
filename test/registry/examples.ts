import { readFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";

/** A README's smallest example, taken apart so that it can be put into a script or a test of any runner. */
export interface Example {
  /** The import statements, without that of the test runner. */
  readonly imports: string;
  readonly body: string;
  /** Whether the body is made of tests; else it is a script. */
  readonly isTest: boolean;
  /** What calls a body that only exports a function. */
  readonly call: string;
}

/** What has to follow an example that exports a function: the CDK app that the README speaks of. */
const CALL_OF_INFRA = `
  const { App: AnApp } = await import("aws-cdk-lib/core");
  const stack = reports(new AnApp(), "ca.pem");
  const roles = stack.node.findAll().filter((construct) => construct.node.id === "Role").length;
  if (roles !== 2) throw new Error(\`\${roles} roles instead of two\`);`;

/** Reads the first example of a package's README that imports the package. */
export function readExample(path: string, name: string): Example {
  const readme = readFileSync(join(path, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/^```[jt]s\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  const code = blocks.find((block) => block.includes(`from "${name}`));
  if (code === undefined) throw new Error(`the README of ${name} has no example that imports it`);
  const statement = /^import [^;]*;$/gm;
  const imports = (code.match(statement) ?? []).filter((line) => !line.endsWith('from "vitest";'));
  return {
    imports: imports.join("\n"),
    // Docker would need its images.
    body: code.replace(statement, "").replace('backend: "auto"', 'backend: "process"'),
    isTest: code.includes('from "vitest"'),
    call: name === "@roles-anywhere/infra" ? CALL_OF_INFRA : "",
  };
}

/** The example as a script in TypeScript that fails with an exit code, its tests as tests of node:test. */
export function asScript({ imports, body, isTest, call }: Example): string {
  if (isTest) {
    return `${imports}\nimport { it } from "node:test";\nimport { expect } from "expect";\n${body}`;
  }
  return call === ""
    ? `${imports}\nvoid (async () => {${body}})();\nexport {};\n`
    : `${imports}\n${body}\nvoid (async () => {${call}})();\n`;
}

/** The example as a test file in TypeScript, for runners whose `it` and `expect` are global. */
export function asTest({ imports, body, isTest, call }: Example): string {
  if (isTest) return `${imports}\n${body}`;
  const test = (statements: string): string => `it("runs", async () => {${statements}}, 120_000);\n`;
  return call === "" ? `${imports}\n${test(body)}` : `${imports}\n${body}\n${test(call)}`;
}

/** TypeScript as the JavaScript of a module system, as a compiler of types alone would leave it. */
export function asJavaScript(code: string, format: "esm" | "cjs"): string {
  return transformSync(code, {
    loader: "ts",
    format,
    platform: "node",
    target: "node22",
    supported: { "dynamic-import": format === "esm" },
  }).code;
}
