import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SandboxError } from "../errors.ts";
import { runSupervised } from "../supervision/supervised.ts";

export interface FindPythonInit {
  /** A folder in which this function may install `uv` and Python. */
  toolsDirectory: string;
  environment: Readonly<Record<string, string>>;
  onProgress: (line: string) => void;
  signal?: AbortSignal | undefined;
}

/** The only release of Python on which LocalStack 4.14 runs. */
const PYTHON_RELEASE = "3.13";

const UV_LOCK_PATH = fileURLToPath(new URL("../../python/uv-lock.txt", import.meta.url));

/** Arguments with which a Python installs `uv` for itself: one release, checked by its hash. */
export const INSTALL_UV_ARGUMENTS = [
  "-m",
  "pip",
  "install",
  "--quiet",
  "--require-hashes",
  "-r",
  UV_LOCK_PATH,
];

/**
 * Finds a Python 3.13, or has `uv` fetch one into `toolsDirectory`.
 *
 * The order of the search: `python3.13`, `python3` and `python` on PATH, the versions of pyenv, then `uv`. `uv` comes from
 * PATH, or from PyPI when there is any Python 3.
 *
 * @returns path of the interpreter
 * @throws {SandboxError} ERR_SANDBOX_PYTHON_MISSING when there is no Python 3.13 and `uv` cannot fetch one
 */
export async function findPython(init: FindPythonInit): Promise<string> {
  for (const candidate of await candidates(init.environment)) {
    const found = await executableOfRelease(candidate, init);
    if (found !== undefined) return found;
  }
  const fetched = await fetchPython(init);
  if (fetched !== undefined) return fetched;
  throw new SandboxError(
    "ERR_SANDBOX_PYTHON_MISSING",
    `LocalStack needs Docker or Python ${PYTHON_RELEASE}, and neither is here nor could uv fetch a Python: ` +
      `install Docker (https://docs.docker.com/get-docker/) or Python ${PYTHON_RELEASE} (https://www.python.org/downloads/), then run this again`,
  );
}

async function candidates(environment: Readonly<Record<string, string>>): Promise<string[]> {
  const pyenvVersions = join(
    environment["PYENV_ROOT"] ?? join(environment["HOME"] ?? "/", ".pyenv"),
    "versions",
  );
  const versions = await readdir(pyenvVersions).catch(() => []);
  return [
    `python${PYTHON_RELEASE}`,
    "python3",
    "python",
    // pyenv's shim fails for a version that is not selected, so the interpreters are called directly.
    ...versions
      .filter((version) => version.startsWith(`${PYTHON_RELEASE}.`))
      .map((version) => join(pyenvVersions, version, "bin", `python${PYTHON_RELEASE}`)),
  ];
}

async function executableOfRelease(candidate: string, init: FindPythonInit): Promise<string | undefined> {
  const probe = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2]); print(sys.executable)";
  const { exitCode, stdout } = await run(candidate, ["-c", probe], init);
  const [version, executable] = stdout.trim().split("\n");
  return exitCode === 0 && version === PYTHON_RELEASE && executable !== "" ? executable : undefined;
}

async function fetchPython(init: FindPythonInit): Promise<string | undefined> {
  const uv = await findUv(init);
  if (uv === undefined) return undefined;
  init.onProgress(`Fetching Python ${PYTHON_RELEASE} with uv`);
  const environment = { ...init.environment, UV_PYTHON_INSTALL_DIR: join(init.toolsDirectory, "python") };
  const install = await run(uv, ["python", "install", "--no-bin", PYTHON_RELEASE], { ...init, environment });
  if (install.exitCode !== 0) return undefined;
  const found = await run(uv, ["python", "find", "--managed-python", PYTHON_RELEASE], {
    ...init,
    environment,
  });
  return found.exitCode === 0 ? found.stdout.trim() : undefined;
}

async function findUv(init: FindPythonInit): Promise<string | undefined> {
  if ((await run("uv", ["--version"], init)).exitCode === 0) return "uv";
  const venv = join(init.toolsDirectory, "uv");
  const uv = join(venv, "bin", "uv");
  if ((await run(uv, ["--version"], init)).exitCode === 0) return uv;
  if ((await run("python3", ["-m", "venv", "--clear", venv], init)).exitCode !== 0) return undefined;
  const install = await run(join(venv, "bin", "python"), INSTALL_UV_ARGUMENTS, init);
  return install.exitCode === 0 ? uv : undefined;
}

function run(
  command: string,
  commandArguments: readonly string[],
  init: FindPythonInit,
): Promise<{ exitCode: number; stdout: string }> {
  return runSupervised({ command, arguments: commandArguments, environment: init.environment }, init.signal);
}
