import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SandboxError } from "../errors.ts";
import { LOCALSTACK_VERSION } from "../localstack.ts";
import { runSupervised } from "../supervision/supervised.ts";
import { findPython, INSTALL_UV_ARGUMENTS } from "./find-python.ts";

export interface InstallLocalstackInit {
  cacheDirectory: string;
  logDirectory: string;
  environment: Readonly<Record<string, string>>;
  onProgress: (line: string) => void;
  signal?: AbortSignal | undefined;
}

/** Where LocalStack looks for the files that its image has from its build, below FILESYSTEM_ROOT. */
export const PREPARED_FILES = join("usr", "lib", "localstack");

const LOCK_FILE_PATH = fileURLToPath(new URL("../../python/localstack-lock.txt", import.meta.url));

/**
 * Installs LocalStack and its dependencies, pinned by hash, into a private virtual environment in the cache folder.
 * Does nothing when the cache folder has this installation already.
 *
 * Each installation has a folder of its own; `localstack/venv` is a link to the newest complete one. So an interrupted
 * installation is never used, and two installations at the same time do not disturb each other.
 *
 * @returns path of the environment's Python
 * @throws {SandboxError} ERR_SANDBOX_PYTHON_MISSING, ERR_SANDBOX_INSTALL_FAILED
 */
export async function installLocalstack(init: InstallLocalstackInit): Promise<string> {
  const lock = await readFile(LOCK_FILE_PATH);
  const digest = createHash("sha256").update(lock).digest("hex").slice(0, 16);
  const directory = join(init.cacheDirectory, "localstack");
  const current = join(directory, "venv");
  const installed = await installedPython(current, digest);
  if (installed !== undefined) {
    await indexServices(init, installed);
    return installed;
  }

  await mkdir(directory, { recursive: true });
  // uv must trust the certificate authorities of this machine: a network that inspects TLS adds its own to them.
  const environment = { ...init.environment, UV_SYSTEM_CERTS: "true" };
  const basePython = await findPython({
    ...init,
    environment,
    toolsDirectory: join(init.cacheDirectory, "tools"),
  });
  const venv = await mkdtemp(join(directory, `venv-${digest}-`));
  const python = join(venv, "bin", "python");
  init.onProgress(
    `Installing LocalStack ${LOCALSTACK_VERSION} into ${directory} (once, about half a minute)`,
  );
  try {
    const install = (command: string, commandArguments: string[]): Promise<void> =>
      run({ ...init, environment }, command, commandArguments);
    await install(basePython, ["-m", "venv", venv]);
    // uv installs the hundred packages in seconds; pip needs a minute.
    await install(python, INSTALL_UV_ARGUMENTS);
    await install(python, [
      ...["-m", "uv", "pip", "install", "--quiet", "--python", python],
      ...["--require-hashes", "-r", LOCK_FILE_PATH],
    ]);
    await indexServices(init, python);
  } catch (error) {
    await rm(venv, { recursive: true, force: true });
    throw error;
  }
  await pointTo(current, venv);
  return python;
}

/**
 * The folder of LocalStack's prepared files, beside its Python: `usr/lib/localstack`, as in its image.
 *
 * @param python as {@link installLocalstack} returns it
 */
export function preparedFiles(python: string): string {
  return join(dirname(dirname(python)), PREPARED_FILES);
}

/**
 * Makes LocalStack's index of all AWS services, once, as the build of its image does. Without it LocalStack reads the
 * definitions of 400 services at its first request, which takes three seconds.
 */
async function indexServices(init: InstallLocalstackInit, python: string): Promise<void> {
  const prepared = preparedFiles(python);
  if (await isThere(prepared)) return;
  const root = await mkdtemp(join(dirname(dirname(python)), "index-"));
  try {
    const made = join(root, PREPARED_FILES);
    await mkdir(made, { recursive: true });
    const environment = { ...init.environment, FILESYSTEM_ROOT: root, OVERRIDE_IN_DOCKER: "0" };
    await run({ ...init, environment }, python, ["-m", "localstack.aws.spec"]);
    await mkdir(dirname(prepared), { recursive: true });
    await rename(made, prepared).catch(async (error: unknown) => {
      // Another process may have made it in the meantime.
      if (!(await isThere(prepared))) throw error;
    });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function installedPython(current: string, digest: string): Promise<string | undefined> {
  try {
    const venv = await realpath(current);
    const python = join(venv, "bin", "python");
    await access(python);
    return basename(venv).startsWith(`venv-${digest}-`) ? python : undefined;
  } catch {
    return undefined;
  }
}

async function pointTo(link: string, target: string): Promise<void> {
  const temporary = `${link}.${process.pid}`;
  await symlink(basename(target), temporary);
  await rename(temporary, link);
}

async function run(init: InstallLocalstackInit, command: string, commandArguments: string[]): Promise<void> {
  const logFile = join(init.logDirectory, "install.log");
  const result = await runSupervised(
    { command, arguments: commandArguments, environment: init.environment },
    init.signal,
  );
  const line = [command, ...commandArguments].join(" ");
  await writeFile(logFile, `$ ${line}\n${result.stdout}${result.stderr}`, { flag: "a" });
  if (result.exitCode === 0) return;
  throw new SandboxError(
    "ERR_SANDBOX_INSTALL_FAILED",
    `"${line}" ended with exit code ${result.exitCode}: ${reasonIn(result.stderr)}. ` +
      `Check that the Python package index is reachable; the log is ${logFile}`,
    { logDirectory: init.logDirectory },
  );
}

/** The line that names the error, else the last line. Tools may print hints after the error. */
function reasonIn(text: string): string {
  const lines = text.trim().split("\n");
  return lines.find((line) => /^error\b/i.test(line)) ?? lines.at(-1) ?? "";
}
