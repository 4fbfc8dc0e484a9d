import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

import { MAIN } from "./run-cli.ts";

/** The built `ra-signer serve`, in a process of its own. */
export interface ServeProcess extends AsyncDisposable {
  readonly pid: number;
  /** What it has written on stderr. */
  stderr(): string;
  /** Credentials of the container endpoint. */
  credentials(): Promise<unknown>;
}

let count = 0;

/** Starts it on a free port, and waits until it listens. */
export async function startServeProcess(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
  path: (name: string) => string,
): Promise<ServeProcess> {
  count += 1;
  const tokenFile = path(`serve-token-${count}`);
  const child = spawn(
    process.execPath,
    [MAIN, "serve", "--port", "0", "--container-token-file", tokenFile, ...words],
    {
      env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", ...environment },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let text = "";
  const uri = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (shown: string) => {
      text += shown;
      const [, found] = /AWS_CONTAINER_CREDENTIALS_FULL_URI=(\S+)\n/.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once("close", () => reject(new Error(`serve ended: ${text}`)));
  });
  return {
    pid: child.pid ?? 0,
    stderr: () => text,
    async credentials() {
      const headers = { authorization: readFileSync(tokenFile, "utf8").trim() };
      const answer = await fetch(uri, { headers });
      return answer.json();
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await closed;
    },
  };
}
