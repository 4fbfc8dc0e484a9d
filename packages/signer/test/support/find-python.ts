import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const SANDBOX_PYTHON = fileURLToPath(
  new URL("../../../../.cache/localstack/venv/bin/python", import.meta.url),
);

/**
 * A Python with boto3, for tests that need a client which is not ours: `RA_PYTHON`, else the one of the sandbox.
 *
 * @returns The program; undefined when there is none.
 */
export function findPythonWithBoto3(): string | undefined {
  const python = process.env["RA_PYTHON"] ?? SANDBOX_PYTHON;
  try {
    execFileSync(python, ["-c", "import boto3"], { stdio: "ignore", timeout: 60_000 });
    return python;
  } catch {
    return undefined;
  }
}
