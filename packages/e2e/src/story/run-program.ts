import { type RunResult, runSupervised } from "@roles-anywhere/sandbox";
import { type ProgramName, programs } from "./workspace.ts";

/** A step of the story failed. The message holds what the program printed on stderr. */
export class StoryError extends Error {
  override readonly name = "StoryError";
}

export interface RunProgramInit {
  arguments: readonly string[];
  environment: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
}

/** Runs one of the workspaces' programs to its end. @throws {StoryError} when it fails */
export async function runProgram(name: ProgramName, init: RunProgramInit): Promise<RunResult> {
  const { signal, arguments: programArguments, ...rest } = init;
  const result = await runSupervised(
    { ...rest, command: process.execPath, arguments: [programs[name], ...programArguments] },
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
