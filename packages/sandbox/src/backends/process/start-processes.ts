import { copyFile, mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withoutAwsSettings } from "../../environment/without-aws-settings.ts";
import { SandboxError } from "../../errors.ts";
import { checkInitHooks } from "../../localstack/check-init-hooks.ts";
import { hookFileName, hookPath, LOCALSTACK_VERSION, localstackSettings } from "../../localstack/settings.ts";
import { waitForAnswer } from "../../readiness/wait-for-answer.ts";
import type { BackendInit, StartedBackend } from "../../sandbox.ts";
import { startSupervised, type Supervised } from "../../supervision/start-supervised.ts";
import { installLocalstack } from "./install-localstack.ts";

/** Starts LocalStack and the mock as child processes of this one, on free loopback ports. */
export async function startProcesses(init: BackendInit): Promise<StartedBackend> {
  const environment = withoutAwsSettings(init.environment);
  const python = await installLocalstack({ ...init, environment });
  const endpointUrl = `http://127.0.0.1:${await freePort()}`;
  const mock = await startMock(init, environment, endpointUrl);
  const localstack = await startLocalstack(init, environment, python, endpointUrl, mock.url);
  return {
    endpointUrl,
    rolesAnywhereEndpoint: mock.url,
    died: Promise.race([
      mock.program.exited.then((code) => `the Roles Anywhere mock ended with exit code ${code}`),
      localstack.exited.then((code) => `LocalStack ended with exit code ${code}`),
    ]),
  };
}

async function startMock(
  init: BackendInit,
  environment: Record<string, string>,
  awsEndpointUrl: string,
): Promise<{ program: Supervised; url: string }> {
  const main = fileURLToPath(
    import.meta.resolve("@roles-anywhere/mock").replace(/index\.js$/, "cli/main.js"),
  );
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const program = startSupervised({
    command: process.execPath,
    arguments: [
      main,
      ...["--port", String(port), "--region", init.region, "--account", init.accountId],
      ...["--sts-endpoint", awsEndpointUrl, "--iam-endpoint", awsEndpointUrl],
    ],
    environment,
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
  return { program, url };
}

async function startLocalstack(
  init: BackendInit,
  environment: Record<string, string>,
  python: string,
  endpointUrl: string,
  rolesAnywhereEndpoint: string,
): Promise<Supervised> {
  const root = join(init.workDirectory, "localstack");
  const hooks = join(root, "etc", "localstack", "init", "start.d");
  await mkdir(hooks, { recursive: true });
  await copyFile(hookPath(), join(hooks, hookFileName));
  init.onProgress(`Starting LocalStack ${LOCALSTACK_VERSION} at ${endpointUrl}`);
  const program = startSupervised({
    command: python,
    arguments: ["-m", "localstack.runtime.main"],
    environment: {
      ...environment,
      ...localstackSettings(rolesAnywhereEndpoint, init.region),
      GATEWAY_LISTEN: new URL(endpointUrl).host,
      FILESYSTEM_ROOT: root,
      // On a machine that is itself a container LocalStack would otherwise ignore FILESYSTEM_ROOT.
      OVERRIDE_IN_DOCKER: "0",
    },
    workingDirectory: init.workDirectory,
    logFile: join(init.logDirectory, "localstack.log"),
    graceMs: 3000,
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
  await checkInitHooks(endpointUrl, hookFileName, init.logDirectory, init.signal);
  return program;
}

function diedWith(program: Supervised): () => string | undefined {
  let death: string | undefined;
  void program.exited.then((code) => (death = `exit code ${code}`));
  return () => death;
}

/** A port that is free now. LocalStack and the mock must know each other's address before either has started. */
async function freePort(): Promise<number> {
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
  return address.port;
}
