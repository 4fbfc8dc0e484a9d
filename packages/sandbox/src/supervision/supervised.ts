import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SUPERVISOR_PATH = fileURLToPath(new URL("supervisor.js", import.meta.url));

export interface SupervisedInit {
  /** An executable: a name that is looked up in `environment.PATH`, or a path. */
  command: string;
  arguments: readonly string[];
  /** The whole environment of the program: nothing else is inherited. */
  environment: Readonly<Record<string, string>>;
  /** @default the folder of this process */
  workingDirectory?: string | undefined;
  /** A file to which standard output and standard error are appended. Without it `onOutput` gets both. */
  logFile?: string | undefined;
  onOutput?: ((chunk: string, stream: "stdout" | "stderr") => void) | undefined;
  /** How long the program may take to end by itself after SIGTERM, in milliseconds. @default 5000 */
  graceMs?: number | undefined;
}

/** A program that ends when the process that started it ends. */
export interface Supervised {
  /** Process id of the supervisor, which leads the process group. */
  readonly pid: number;
  /** Settles with the exit code when the program has ended (128 + n after signal n). Never rejects. */
  readonly exited: Promise<number>;
  /** Ends the program and all that it started: SIGTERM, then SIGKILL after `graceMs`. Settles when all have ended. */
  stop(): Promise<void>;
}

/** How a program ended, and what it printed. */
export interface RunResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * Starts a program that ends, with all its children, when `stop` is called and when this process ends, even by SIGKILL. A
 * Ctrl-C in the terminal does not reach the program, so this process decides in which order its programs stop.
 *
 * Linux and macOS only (process groups).
 *
 * @example
 * const server = startSupervised({ command: "node", arguments: ["server.js"], environment: { PATH } });
 * await server.stop();
 */
export function startSupervised(init: SupervisedInit): Supervised {
  const log = init.logFile === undefined ? undefined : openSync(init.logFile, "a", 0o600);
  const child = spawn(
    process.execPath,
    [SUPERVISOR_PATH, String(init.graceMs ?? 5000), init.command, ...init.arguments],
    {
      detached: true,
      env: { ...init.environment },
      cwd: init.workingDirectory,
      stdio: ["pipe", log ?? "pipe", log ?? "pipe"],
    },
  );
  if (log !== undefined) closeSync(log);
  forwardOutput(child, init.onOutput);
  // The supervisor may end before the pipe is closed. That is no error.
  child.stdin?.on("error", () => undefined);
  const exited = new Promise<number>((resolve) => {
    child.on("error", () => resolve(127));
    child.on("close", (code, signal) => resolve(code ?? (signal === null ? 1 : 137)));
  });
  return {
    pid: child.pid ?? -1,
    exited,
    async stop() {
      child.stdin?.end();
      await exited;
    },
  };
}

/**
 * Runs a program to its end and collects what it printed.
 *
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

function forwardOutput(child: ChildProcess, onOutput: SupervisedInit["onOutput"]): void {
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]?.setEncoding("utf8");
    child[stream]?.on("data", (chunk: string) => onOutput?.(chunk, stream));
  }
}
