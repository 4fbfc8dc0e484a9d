import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const SANDBOX_PYTHON = fileURLToPath(
  new URL("../../../../.cache/localstack/venv/bin/python", import.meta.url),
);

/**
 * The Python interpreter of a LocalStack installation, which brings boto3: `RA_PYTHON`, else the one that the sandbox
 * installs.
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
