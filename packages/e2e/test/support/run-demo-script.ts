import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { readSettings } from "../../src/settings/read-settings.ts";

const script = fileURLToPath(new URL("../../../../scripts/demo", import.meta.url));

/** `./scripts/demo`, run as a person would in a terminal. */
export interface RunningDemo {
  readonly child: ChildProcess;
  /** What it wrote so far, both streams. */
  output(): string;
  /** Settles when the output matches. Rejects when the demo ends before that. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** What a terminal does on Ctrl-C: the signal goes to the script and all that runs in its process group. */
  pressCtrlC(): void;
}

/** @param environment added to this process' own */
export function runDemoScript(
  demoArguments: readonly string[],
  environment: Record<string, string>,
): RunningDemo {
  const child = spawn(script, ["--backend", readSettings(process.env).backend, ...demoArguments], {
    // A group of its own, as an interactive shell gives to each command.
    detached: true,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      for (const listener of listeners) listener();
    });
  }
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  return {
    child,
    exited,
    output: () => output,
    waitFor(pattern) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(output);
          if (match === null) return;
          listeners.delete(look);
          resolve(match);
        };
        listeners.add(look);
        look();
        void exited.then(({ code }) =>
          reject(new Error(`the demo ended with ${code} before ${pattern}:\n${output}`)),
        );
      });
    },
    pressCtrlC() {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
    },
  };
}
