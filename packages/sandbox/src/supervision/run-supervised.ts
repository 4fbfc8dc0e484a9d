import { startSupervised, type SupervisedInit } from "./start-supervised.ts";

export interface RunResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program to its end and collects what it printed.
 *
 * @param init what to run
 * @param signal ends the program early; the call then rejects with the signal's reason
 */
export async function runSupervised(
  init: Omit<SupervisedInit, "logFile">,
  signal?: AbortSignal,
): Promise<RunResult> {
  signal?.throwIfAborted();
  const output = { stdout: "", stderr: "" };
  const program = startSupervised({
    ...init,
    onOutput(chunk, stream) {
      output[stream] += chunk;
      init.onOutput?.(chunk, stream);
    },
  });
  const onAbort = (): void => void program.stop();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const exitCode = await program.exited;
    signal?.throwIfAborted();
    return { exitCode, ...output };
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}
