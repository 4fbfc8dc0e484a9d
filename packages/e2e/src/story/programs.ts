import { fileURLToPath } from "node:url";
import { runSupervised } from "@roles-anywhere/sandbox";
import type { RunResult } from "@roles-anywhere/sandbox";

/** The root of the repository, which is the context of Docker builds. */
export const REPOSITORY_ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

/** The programs of the workspaces, as files to run with Node. */
export const PROGRAMS = {
  "ra-pki": entry("@roles-anywhere/pki", "cli/main.cjs"),
  "ra-signer": entry("@roles-anywhere/signer", "cli/main.cjs"),
  "upload-sample-objects": entry("@roles-anywhere/infra", "bin/upload-sample-objects.js"),
  app: fileURLToPath(new URL("../../../../apps/nestjs-s3/dist/main.js", import.meta.url)),
} as const;

export type ProgramName = keyof typeof PROGRAMS;

/** A step of the story failed. The message holds what the program printed on stderr. */
export class StoryError extends Error {
  override readonly name = "StoryError";
}

/** Something could not be removed and is left. The message says how to remove it. */
export class LeftBehindError extends StoryError {}

export interface RunProgramInit {
  arguments: readonly string[];
  environment: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
}

/** Runs one of the workspaces' programs to its end. @throws {StoryError} when it fails */
export async function runProgram(name: ProgramName, init: RunProgramInit): Promise<RunResult> {
  const { signal, arguments: programArguments, ...rest } = init;
  const result = await runSupervised(
    { ...rest, command: process.execPath, arguments: [PROGRAMS[name], ...programArguments] },
    signal,
  );
  return assertDone([name, ...programArguments].join(" "), result);
}

/** @throws {StoryError} unless the exit code is 0 */
export function assertDone(commandLine: string, result: RunResult): RunResult {
  if (result.exitCode === 0) return result;
  throw new StoryError(
    `"${commandLine}" ended with exit code ${result.exitCode}:\n${result.stderr.trim() || result.stdout.trim()}`,
  );
}

function entry(packageName: string, path: string): string {
  return fileURLToPath(new URL(path, import.meta.resolve(packageName)));
}
