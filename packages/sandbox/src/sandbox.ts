import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BackendInit, SandboxNetwork, StartedBackend } from "./backends/backend.ts";
import { chooseBackend } from "./backends/choose-backend.ts";
import { awsFiles, isolatedEnvironment, sandboxEnvironments } from "./environments.ts";
import type { SandboxEnvironments } from "./environments.ts";
import { resolveOptions } from "./options.ts";
import type { BackendName, SandboxOptions } from "./options.ts";
import { makeWorkDirectory } from "./work-directory.ts";

/** Log folders of older runs are removed, except the newest of them. */
const KEPT_LOG_DIRECTORIES = 20;

/** LocalStack and the Roles Anywhere mock, running and wired to each other. */
export interface Sandbox extends AsyncDisposable {
  readonly backend: BackendName;
  /** LocalStack, as seen from this machine: `http://127.0.0.1:<port>`. */
  readonly endpointUrl: string;
  /** The mock, as seen from this machine. */
  readonly rolesAnywhereEndpoint: string;
  readonly region: string;
  readonly accountId: string;
  /** Environments for programs on this machine that work against the sandbox and cannot reach a real account. */
  readonly environments: SandboxEnvironments;
  /** Only on the docker back end. */
  readonly network: SandboxNetwork | undefined;
  /** A folder of this run alone, removed by `stop`. */
  readonly workDirectory: string;
  /** `localstack.log` and `mock.log` of this run. */
  readonly logDirectory: string;
  /** Settles with a sentence when LocalStack or the mock ended by itself. */
  readonly died: Promise<string>;
  /** Stops everything that was started. May be called more than once. */
  stop(): Promise<void>;
}

/**
 * Starts LocalStack and the Roles Anywhere mock, wired to each other, and settles when both are ready.
 *
 * On the docker back end they are containers on a network of their own; on the process back end they are child processes.
 * On both they listen on loopback only, and both end when `stop` is called and when this process ends or is killed.
 *
 * @example
 * await using sandbox = await startSandbox({ services: ["sqs"] });
 * const child = spawn("node", ["app.js"], { env: sandbox.environments.server });
 *
 * @throws {SandboxError} ERR_SANDBOX_INVALID_OPTION when an option is unknown or wrong;
 *   ERR_SANDBOX_BACKEND_UNAVAILABLE and ERR_SANDBOX_IMAGE_UNAVAILABLE when `docker` is asked for and cannot be used;
 *   ERR_SANDBOX_PYTHON_MISSING, ERR_SANDBOX_INSTALL_FAILED, ERR_SANDBOX_START_FAILED, ERR_SANDBOX_HOOK_FAILED and
 *   ERR_SANDBOX_TIMEOUT when LocalStack or the mock cannot be started. What was started by then is stopped.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const resolved = resolveOptions(options);
  const { region, accountId, cacheDirectory, environment } = resolved;
  const backend =
    resolved.localstackEndpoint === undefined ? await chooseBackend(resolved.backend, resolved) : "process";

  const workDirectory = await makeWorkDirectory();
  const stops: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= stopAll(stops, workDirectory));
  try {
    await makeAwsFiles(workDirectory);
    const init: BackendInit = {
      ...resolved,
      workDirectory,
      logDirectory: await createLogDirectory(join(cacheDirectory, "logs")),
      isolatedEnvironment: isolatedEnvironment(environment, workDirectory),
      defer: (action) => void stops.push(action),
    };
    const started = await start(backend, init);
    return {
      backend,
      region,
      accountId,
      endpointUrl: started.endpointUrl,
      rolesAnywhereEndpoint: started.rolesAnywhereEndpoint,
      environments: sandboxEnvironments({ ...init, ...started }),
      network: started.network,
      workDirectory,
      logDirectory: init.logDirectory,
      died: started.died,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(backend: BackendName, init: BackendInit): Promise<StartedBackend> {
  if (backend === "docker") {
    const { startContainers } = await import("./backends/docker.ts");
    return await startContainers(init, randomUUID());
  }
  const { startProcesses } = await import("./backends/process.ts");
  return await startProcesses(init);
}

/** Makes empty AWS files. An SDK that finds no file would look in other places. */
async function makeAwsFiles(workDirectory: string): Promise<void> {
  for (const file of Object.values(awsFiles(workDirectory))) {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, "", { mode: 0o600 });
  }
}

/** Stops every part at the same time, and removes the folder when none of them uses it any more. */
async function stopAll(stops: readonly (() => Promise<void>)[], workDirectory: string): Promise<void> {
  const outcomes = await Promise.allSettled(stops.map((action) => action()));
  await rm(workDirectory, { recursive: true, force: true });
  const failures: unknown[] = outcomes.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
  if (failures.length > 0) throw new AggregateError(failures, "a part of the sandbox could not be stopped");
}

async function createLogDirectory(logsDirectory: string): Promise<string> {
  await mkdir(logsDirectory, { recursive: true });
  const older = (await readdir(logsDirectory)).toSorted().slice(0, -KEPT_LOG_DIRECTORIES);
  for (const name of older) await rm(join(logsDirectory, name), { recursive: true, force: true });
  // Names sort by time.
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return await mkdtemp(join(logsDirectory, `${stamp}-`));
}
