import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runSupervised } from "@roles-anywhere/sandbox";
import type { RunResult, Sandbox } from "@roles-anywhere/sandbox";
import { assertDone, REPOSITORY_ROOT } from "../../src/story/programs.ts";

// Inside the workspace, so that the packages' names resolve; the folder is not under version control.
const reports = fileURLToPath(new URL("../../reports/", import.meta.url));

/** A folder in which a person would work: with the kit's commands on the PATH, as the account's administrator. */
export interface CdkFolder extends AsyncDisposable {
  readonly path: string;
  /** Runs a script of the shell. @throws {StoryError} when a command of it fails */
  run(script: string): Promise<RunResult>;
}

export async function makeCdkFolder(sandbox: Pick<Sandbox, "environments">): Promise<CdkFolder> {
  await mkdir(reports, { recursive: true });
  const path = await mkdtemp(join(reports, "cdk-folder-"));
  const environment = {
    ...sandbox.environments.administrator,
    PATH: [
      join(REPOSITORY_ROOT, "node_modules", ".bin"),
      dirname(process.execPath),
      process.env["PATH"] ?? "",
    ].join(delimiter),
    CDK_DISABLE_CLI_TELEMETRY: "true",
  };
  return {
    path,
    async run(script) {
      const result = await runSupervised({
        command: "/bin/sh",
        arguments: ["-euc", script],
        environment,
        workingDirectory: path,
      });
      return assertDone(script, result);
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
