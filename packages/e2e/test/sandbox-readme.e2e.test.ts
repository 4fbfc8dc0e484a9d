import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chooseBackend, runSupervised, withoutAwsSettings } from "@roles-anywhere/sandbox";
import ts from "typescript";
import { expect, it } from "vitest";

const readme = fileURLToPath(new URL("../README.md", import.meta.resolve("@roles-anywhere/sandbox")));
// Inside the workspace, so that the package's name resolves; the folder is not under version control.
const folder = fileURLToPath(new URL("../reports/", import.meta.url));

it("the example in the sandbox's README runs", { timeout: 300_000 }, async () => {
  const example = /<!-- example -->\s*```ts\n([\s\S]*?)```/.exec(await readFile(readme, "utf8"))?.[1] ?? "";
  const script = join(folder, "sandbox-readme.mjs");
  await mkdir(folder, { recursive: true });
  await writeFile(
    script,
    ts.transpile(example, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }),
  );
  try {
    const environment = withoutAwsSettings(process.env);
    const result = await runSupervised({ command: process.execPath, arguments: [script], environment });
    const backend = await chooseBackend("auto", environment);
    expect(result).toMatchObject({ exitCode: 0, stdout: `${backend} granted true\n` });
  } finally {
    await rm(script, { force: true });
  }
});
