import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";

const TIME_LIMIT_MS = 60_000;

/** One of the two programs that are compared. */
export interface Program {
  /** A path that ends in `.js`, `.cjs` or `.mjs` is run by this Node.js. */
  readonly path: string;
}

export interface ProgramResult {
  /** Exit code, or the signal that ended it. */
  readonly exit: string;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export type Variables = Readonly<Record<string, string>>;

/** Runs a program with nothing of this process's environment but PATH, and without a terminal to ask at. */
export async function runProgram(
  program: Program,
  words: readonly string[],
  environment: Variables,
): Promise<ProgramResult> {
  const child = start(program, words, environment);
  const timer = setTimeout(() => child.kill("SIGKILL"), TIME_LIMIT_MS);
  const [stdout, stderr, exit] = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    ended(child),
  ]);
  clearTimeout(timer);
  return { exit, stdout: concat(stdout), stderr: concat(stderr).toString("utf8") };
}

/** A program that serves until it is stopped. */
export interface ServingProgram {
  readonly port: number;
  /** What it has written for people. */
  readonly stderr: () => string;
  readonly stop: () => Promise<void>;
}

/** Starts `serve` and waits until it says its port and how to use it. */
export async function startServing(
  program: Program,
  words: readonly string[],
  environment: Variables,
): Promise<ServingProgram> {
  const child = start(program, words, environment);
  const end = ended(child);
  let stderr = "";
  const port = await new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), TIME_LIMIT_MS);
    const settle = (settled: () => void): void => {
      clearTimeout(timer);
      settled();
    };
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString("utf8");
      const [, found] = /started on port: (\d+)[\s\S]*METADATA_SERVICE_ENDPOINT=.*\n/.exec(stderr) ?? [];
      if (found !== undefined) settle(() => resolve(Number(found)));
    });
    void end.then((exit) =>
      settle(() => reject(new Error(`serve ended with ${exit} before it served: ${stderr}`))),
    );
  });
  return {
    port,
    stderr: () => stderr,
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 3000);
      await end;
      clearTimeout(timer);
    },
  };
}

function start(
  program: Program,
  words: readonly string[],
  environment: Variables,
): ChildProcessWithoutNullStreams {
  const script = /\.[cm]?js$/.test(program.path);
  const child = spawn(
    script ? process.execPath : program.path,
    script ? [program.path, ...words] : [...words],
    // Detached: in a session of its own it has no terminal, at which the helper would ask for passwords.
    { env: { PATH: process.env["PATH"] ?? "", ...environment }, detached: true },
  );
  child.stdin.on("error", () => {});
  child.stdin.end();
  return child;
}

function ended(child: ChildProcessWithoutNullStreams): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(String(code ?? signal)));
  });
}

function concat(chunks: readonly unknown[]): Buffer {
  return Buffer.concat(chunks.filter((chunk) => Buffer.isBuffer(chunk)));
}
