import { execFile, execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const SANDBOX_PYTHON = fileURLToPath(new URL("../../../.cache/localstack/venv/bin/python", import.meta.url));

/**
 * Finds a Python that has these modules: the one that `RA_PYTHON` names, else the one that the sandbox installs with
 * LocalStack, which brings boto3.
 *
 * @returns the interpreter, or a sentence that says why there is none
 */
export function findPython(modules: readonly string[]): { python: string } | { missing: string } {
  const python = process.env["RA_PYTHON"] ?? SANDBOX_PYTHON;
  const program = modules.map((module) => `import ${module}`).join("; ");
  try {
    execFileSync(python, ["-c", program], { stdio: "ignore", timeout: 60_000 });
    return { python };
  } catch {
    const names = modules.join(" and ");
    return {
      missing: `"${python}" is no Python with ${names}. Set RA_PYTHON to one that has LocalStack 4.14 installed.`,
    };
  }
}

/** A check of a Python script: its name, and the traceback when it does not hold. */
export type PythonCheck = [name: string, error: string | null];

/**
 * Runs a script that prints `[{"name": …, "error": …}, …]`. The script sees the search path, and nothing else of the
 * environment of this process.
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
  const results: unknown = JSON.parse(stdout);
  if (!Array.isArray(results)) throw new Error(`${script} printed no list of checks: ${stdout}`);
  return results.map(readCheck);
}

function readCheck(result: unknown): PythonCheck {
  if (typeof result === "object" && result !== null && "name" in result && "error" in result) {
    const { name, error } = result;
    if (typeof name === "string" && (typeof error === "string" || error === null)) return [name, error];
  }
  throw new Error(`this is no check with a name and an error: ${JSON.stringify(result)}`);
}
