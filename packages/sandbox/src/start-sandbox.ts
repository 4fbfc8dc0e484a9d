import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { chooseBackend } from "./backends/choose-backend.ts";
import { readDefaults } from "./config/read-defaults.ts";
import { sandboxEnvironments } from "./environment/sandbox-environments.ts";
import type { BackendInit, BackendName, Sandbox, SandboxOptions, StartedBackend } from "./sandbox.ts";
import { makeWorkDirectory } from "./work-directory/make-work-directory.ts";

const keptLogDirectories = 20;

/**
 * Starts LocalStack and the Roles Anywhere mock, wired to each other, and settles when both are ready.
 *
 * On the docker back end they are containers on a network of their own, on the process back end child processes of this
 * one. Either way everything ends when `stop` is called, and also when this process is killed.
 *
 * @throws {SandboxError} ERR_SANDBOX_BACKEND_UNAVAILABLE when `docker` is asked for and does not answer;
 *   ERR_SANDBOX_PYTHON_MISSING, ERR_SANDBOX_INSTALL_FAILED, ERR_SANDBOX_START_FAILED, ERR_SANDBOX_HOOK_FAILED and
 *   ERR_SANDBOX_TIMEOUT when a part of it cannot be started. Whatever was started by then is stopped.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const environment = options.environment ?? process.env;
  const defaults = readDefaults(environment);
  const cacheDirectory = resolve(options.cacheDirectory ?? defaults.cacheDirectory);
  const backend = await chooseBackend(options.backend ?? "auto", environment, options.signal);
  const region = options.region ?? "us-east-1";
  const accountId = options.accountId ?? "000000000000";

  const stops: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= stopInReverse(stops));

  const workDirectory = await makeWorkDirectory();
  stops.push(() => rm(workDirectory, { recursive: true, force: true }));
  try {
    const init: BackendInit = {
      region,
      accountId,
      cacheDirectory,
      workDirectory,
      logDirectory: await createLogDirectory(join(cacheDirectory, "logs")),
      localstackImage: options.localstackImage ?? defaults.localstackImage,
      mockImage: options.mockImage ?? defaults.mockImage,
      nodeImage: options.nodeImage ?? defaults.nodeImage,
      environment,
      onProgress: options.onProgress ?? (() => undefined),
      signal: options.signal,
      defer: (action) => void stops.push(action),
    };
    await mkdir(join(workDirectory, "aws"), { mode: 0o700 });
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

/** Each back end is loaded when it is used: testcontainers alone takes longer to load than all the rest. */
async function start(backend: BackendName, init: BackendInit): Promise<StartedBackend> {
  if (backend === "docker") {
    const { startContainers } = await import("./backends/docker/start-containers.ts");
    return await startContainers(init, randomUUID());
  }
  const { startProcesses } = await import("./backends/process/start-processes.ts");
  return await startProcesses(init);
}

async function stopInReverse(stops: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const action of stops.toReversed()) {
    await action().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw new AggregateError(failures, "a part of the sandbox could not be stopped");
}

async function createLogDirectory(logsDirectory: string): Promise<string> {
  await mkdir(logsDirectory, { recursive: true });
  const older = (await readdir(logsDirectory)).toSorted().slice(0, -keptLogDirectories);
  for (const name of older) await rm(join(logsDirectory, name), { recursive: true, force: true });
  // Names sort by time.
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return await mkdtemp(join(logsDirectory, `${stamp}-`));
}
