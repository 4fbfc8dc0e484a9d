import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";

const keeperPath = fileURLToPath(new URL("keeper.js", import.meta.url));

export interface SupervisedInit {
  /** An executable: a name looked up in `environment.PATH`, or a path. */
  command: string;
  arguments: readonly string[];
  /** The whole environment of the program: nothing is inherited beside it. */
  environment: Readonly<Record<string, string>>;
  workingDirectory?: string;
  /** Where standard output and standard error go: appended to a file, or handed to `onOutput`. */
  logFile?: string;
  onOutput?: (chunk: string, stream: "stdout" | "stderr") => void;
  /** How long the program may take to end by itself after SIGTERM, in milliseconds. @default 5000 */
  graceMs?: number;
}

/** A program that ends when its owner does. */
export interface Supervised {
  /** Process id of the group's leader. */
  readonly pid: number;
  /** Settles with the exit code when the program has ended (128 + n after signal n). Never rejects. */
  readonly exited: Promise<number>;
  /** Ends the program and all that it started: SIGTERM, then SIGKILL after the grace. Settles when it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts a program in a process group of its own that is ended as a whole when `stop` is called or when this process is
 * gone for whatever reason. A Ctrl-C in the terminal does not reach the group: the owner decides in which order things stop.
 *
 * Linux and macOS only (process groups).
 */
export function startSupervised(init: SupervisedInit): Supervised {
  const log = init.logFile === undefined ? undefined : openSync(init.logFile, "a", 0o600);
  const child = spawn(
    process.execPath,
    [keeperPath, String(init.graceMs ?? 5000), init.command, ...init.arguments],
    {
      detached: true,
      env: { ...init.environment },
      ...(init.workingDirectory === undefined ? {} : { cwd: init.workingDirectory }),
      stdio: ["pipe", log ?? "pipe", log ?? "pipe"],
    },
  );
  if (log !== undefined) closeSync(log);
  forwardOutput(child, init.onOutput);
  // The keeper may be gone before the pipe is closed: nothing to report then.
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

function forwardOutput(child: ChildProcess, onOutput: SupervisedInit["onOutput"]): void {
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]?.setEncoding("utf8");
    child[stream]?.on("data", (chunk: string) => onOutput?.(chunk, stream));
  }
}
