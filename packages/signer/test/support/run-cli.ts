import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The built command, as it is shipped. */
export const MAIN = fileURLToPath(new URL("../../dist/cli/main.cjs", import.meta.url));

export interface CliResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Runs the built `ra-signer` with nothing of this process's AWS settings. */
export async function runCli(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = "",
): Promise<CliResult> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.setEncoding("utf8").toArray(),
    child.stderr.setEncoding("utf8").toArray(),
    new Promise<number | null>((resolve) => child.once("close", resolve)),
  ]);
  return { stdout: stdout.join(""), stderr: stderr.join(""), code };
}
