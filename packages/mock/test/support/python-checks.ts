import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";

const results = z.array(z.object({ name: z.string(), error: z.string().nullable() }));

/** A check of a Python script: its name, and the traceback when it does not hold. */
export type PythonCheck = [name: string, error: string | null];

/**
 * Runs a script that prints `[{"name", "error"}]`, with nothing of our environment but the search path.
 *
 * @throws {Error} when the script itself fails
 */
export async function runPythonChecks(
  python: string,
  script: string,
  parameters: readonly string[],
): Promise<PythonCheck[]> {
  const { stdout } = await promisify(execFile)(python, [script, ...parameters], {
    env: { PATH: process.env["PATH"] },
    maxBuffer: 16 * 1024 * 1024,
    timeout: 300_000,
  });
  return results.parse(JSON.parse(stdout)).map(({ name, error }) => [name, error]);
}
