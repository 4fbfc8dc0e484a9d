import { access, copyFile, mkdir, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withoutAwsSettings } from "../environments.ts";
import { SandboxError } from "../errors.ts";
import {
  checkInitHooks,
  HOOK_FILE_NAME,
  hookFileNames,
  hookPath,
  LOCALSTACK_VERSION,
  localstackSettings,
  readHookState,
} from "../localstack.ts";
import { mockPackageFolder } from "../mock-package.ts";
import { waitForAnswer } from "../readiness.ts";
import { together } from "../supervision/abortable.ts";
import { startSupervised } from "../supervision/supervised.ts";
import type { Supervised } from "../supervision/supervised.ts";
import type { BackendInit, StartedBackend } from "./backend.ts";
import { installLocalstack, PREPARED_FILES, preparedFiles } from "./install-localstack.ts";

/** A program that starts LocalStack with all its sockets on loopback. LocalStack has no setting for that. */
const RUN_LOCALSTACK_PATH = fileURLToPath(new URL("../../python/run_localstack.py", import.meta.url));

/**
 * Starts LocalStack and the mock as child processes on loopback ports. With `localstackEndpoint` it starts the mock
 * alone, which then uses the emulator at that URL.
 */
export async function startProcesses(init: BackendInit): Promise<StartedBackend> {
  if (init.localstackEndpoint !== undefined) return await attachMock(init, init.localstackEndpoint);
  const python = await installLocalstack({ ...init, environment: withoutAwsSettings(init.environment) });
  const mockPort = init.port ?? (await freePort());
  const endpointUrl = `http://127.0.0.1:${await freePort(mockPort)}`;
  // To start, each of them needs the other's address, but not the other itself.
  const [mock, localstack] = await together(init.signal, (signal) => [
    startMock({ ...init, signal }, endpointUrl, mockPort),
    startLocalstack({ ...init, signal }, python, endpointUrl, `http://127.0.0.1:${mockPort}`),
  ]);
  return {
    endpointUrl,
    rolesAnywhereEndpoint: mock.url,
    died: Promise.race([
      mock.died,
      localstack.exited.then((code) => `LocalStack ended with exit code ${code}`),
    ]),
  };
}

async function attachMock(init: BackendInit, endpointUrl: string): Promise<StartedBackend> {
  const hookState = await readHookState(endpointUrl, HOOK_FILE_NAME, init.logDirectory).catch(
    (cause: unknown) => {
      if (cause instanceof SandboxError) return "missing";
      throw new SandboxError(
        "ERR_SANDBOX_START_FAILED",
        `no emulator answers at ${endpointUrl}: ${cause instanceof Error ? cause.message : String(cause)}. ` +
          "Start it first, or leave localstackEndpoint out",
        { cause },
      );
    },
  );
  const mock = await startMock(init, endpointUrl, init.port ?? (await freePort()));
  if (hookState !== "loaded") {
    init.onProgress(
      `The emulator at ${endpointUrl} has no CloudFormation types AWS::RolesAnywhere::*: to add them, mount ${hookPath()} ` +
        `into its /etc/localstack/init/start.d and start it with AWS_ENDPOINT_URL_ROLESANYWHERE set to this mock`,
    );
  }
  return { endpointUrl, rolesAnywhereEndpoint: mock.url, died: mock.died };
}

async function startMock(
  init: BackendInit,
  awsEndpointUrl: string,
  port: number,
): Promise<{ url: string; died: Promise<string> }> {
  const main = join(mockPackageFolder(), "dist", "cli", "main.js");
  const url = `http://127.0.0.1:${port}`;
  const program = startSupervised({
    command: process.execPath,
    arguments: [
      main,
      ...["--port", String(port), "--region", init.region, "--account", init.accountId],
      ...["--sts-endpoint", awsEndpointUrl, "--iam-endpoint", awsEndpointUrl],
    ],
    environment: init.isolatedEnvironment,
    logFile: join(init.logDirectory, "mock.log"),
  });
  init.defer(() => program.stop());
  await waitForAnswer({
    url: `${url}/_mock/health`,
    name: "the Roles Anywhere mock",
    timeoutMs: 30_000,
    died: diedWith(program),
    logDirectory: init.logDirectory,
    signal: init.signal,
  });
  const died = program.exited.then((code) => `the Roles Anywhere mock ended with exit code ${code}`);
  return { url, died };
}

/** Starts LocalStack as a child process, with the hooks that call the given mock. */
export async function startLocalstack(
  init: BackendInit,
  python: string,
  endpointUrl: string,
  rolesAnywhereEndpoint: string,
): Promise<Supervised> {
  const root = join(init.workDirectory, "localstack");
  const hooks = join(root, "etc", "localstack", "init", "start.d");
  await mkdir(hooks, { recursive: true });
  for (const name of hookFileNames(init.enforceIam)) await copyFile(hookPath(name), join(hooks, name));
  await linkPreparedFiles(python, root);
  init.onProgress(`Starting LocalStack ${LOCALSTACK_VERSION} at ${endpointUrl}`);
  const program = startSupervised({
    command: python,
    arguments: [RUN_LOCALSTACK_PATH],
    environment: {
      ...init.isolatedEnvironment,
      ...localstackSettings({ ...init, rolesAnywhereEndpoint, settings: init.localstackSettings }),
      GATEWAY_LISTEN: new URL(endpointUrl).host,
      FILESYSTEM_ROOT: root,
      // Without this LocalStack ignores FILESYSTEM_ROOT when this machine is itself a container.
      OVERRIDE_IN_DOCKER: "0",
      // Python compiles 1500 modules at each start unless it may keep the result beside them, in the cache folder.
      PYTHONDONTWRITEBYTECODE: "",
    },
    workingDirectory: init.workDirectory,
    logFile: join(init.logDirectory, "localstack.log"),
    // It needs three seconds to end by itself, and has nothing to keep.
    graceMs: 400,
  });
  init.defer(() => program.stop());
  await waitForAnswer({
    url: `${endpointUrl}/_localstack/health`,
    name: "LocalStack",
    timeoutMs: 120_000,
    died: diedWith(program),
    logDirectory: init.logDirectory,
    signal: init.signal,
  });
  await checkInitHooks(endpointUrl, init);
  return program;
}

/** Gives LocalStack the files that were prepared at its installation. A Python that others installed has none. */
async function linkPreparedFiles(python: string, root: string): Promise<void> {
  const prepared = preparedFiles(python);
  const isPrepared = await access(prepared).then(
    () => true,
    () => false,
  );
  if (!isPrepared) return;
  const link = join(root, PREPARED_FILES);
  await mkdir(dirname(link), { recursive: true });
  await symlink(prepared, link);
}

function diedWith(program: Supervised): () => string | undefined {
  let death: string | undefined;
  void program.exited.then((code) => (death = `exit code ${code}`));
  return () => death;
}

/**
 * Finds a free port. LocalStack and the mock must know each other's address before either of them starts.
 *
 * @param taken a port that is not to be returned, although nothing listens on it yet
 */
export async function freePort(taken?: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") {
    throw new SandboxError("ERR_SANDBOX_START_FAILED", "the operating system gave no free loopback port");
  }
  return address.port === taken ? await freePort(taken) : address.port;
}
