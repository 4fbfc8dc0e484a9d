import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GenericContainer, Network, type StartedTestContainer, Wait } from "testcontainers";
import { withoutAwsSettings } from "../../environment/without-aws-settings.ts";
import { SandboxError } from "../../errors.ts";
import { checkInitHooks } from "../../localstack/check-init-hooks.ts";
import { hookFileName, hookPath, localstackSettings } from "../../localstack/settings.ts";
import type { BackendInit, StartedBackend } from "../../sandbox.ts";
import { orAborted } from "../../supervision/or-aborted.ts";
import { SANDBOX_LABEL, startReaper } from "./start-reaper.ts";

const LOCALSTACK_PORT = 4566;
const MOCK_PORT = 9912;
/** Names on the sandbox's network. */
const localstackInside = `http://localstack:${LOCALSTACK_PORT}`;
const mockInside = `http://roles-anywhere:${MOCK_PORT}`;

/**
 * Starts LocalStack and the mock as containers on a network of their own. testcontainers cannot be interrupted: an abort
 * ends the wait, and the reaper removes what was being started.
 */
export async function startContainers(init: BackendInit, sandboxId: string): Promise<StartedBackend> {
  const networkName = `roles-anywhere-${sandboxId}`;
  const reaper = startReaper(sandboxId, networkName, withoutAwsSettings(init.environment));
  init.defer(() => reaper.stop());
  const labels = { [SANDBOX_LABEL]: sandboxId };
  const ended: Promise<string>[] = [];

  const network = await orAborted(new Network({ nextUuid: () => networkName }).start(), init.signal);
  const start = async (name: string, logName: string, container: GenericContainer) => {
    const logFile = join(init.logDirectory, `${logName}.log`);
    const log = createWriteStream(logFile, { flags: "a", mode: 0o600 });
    ended.push(
      new Promise((resolve) => {
        container.withLogConsumer((stream) => {
          stream.pipe(log);
          stream.once("end", () => resolve(`the container of ${name} ended`));
        });
      }),
    );
    try {
      return await orAborted(container.withNetwork(network).withLabels(labels).start(), init.signal);
    } catch (cause) {
      init.signal?.throwIfAborted();
      throw new SandboxError(
        "ERR_SANDBOX_START_FAILED",
        `the container of ${name} did not start: ${cause instanceof Error ? cause.message : String(cause)}. ` +
          `Its log is ${logFile}`,
        { cause, logDirectory: init.logDirectory },
      );
    }
  };

  init.onProgress("Starting the Roles Anywhere mock in a container");
  const mock = await start("the Roles Anywhere mock", "mock", mockContainer(init));
  init.onProgress(`Starting LocalStack in a container (${init.localstackImage})`);
  const localstack = await start("LocalStack", "localstack", localstackContainer(init));
  const endpointUrl = urlOf(localstack, LOCALSTACK_PORT);
  await checkInitHooks(endpointUrl, hookFileName, init.logDirectory, init.signal);
  return {
    endpointUrl,
    rolesAnywhereEndpoint: urlOf(mock, MOCK_PORT),
    network: {
      name: networkName,
      endpointUrl: localstackInside,
      rolesAnywhereEndpoint: mockInside,
      labels,
    },
    died: Promise.race(ended),
  };
}

function localstackContainer(init: BackendInit): GenericContainer {
  return new GenericContainer(init.localstackImage)
    .withNetworkAliases("localstack")
    .withExposedPorts(LOCALSTACK_PORT)
    .withEnvironment(localstackSettings(mockInside, init.region))
    .withCopyFilesToContainer([
      { source: hookPath(), target: `/etc/localstack/init/start.d/${hookFileName}`, mode: 0o644 },
    ])
    .withWaitStrategy(Wait.forHttp("/_localstack/health", LOCALSTACK_PORT))
    .withStartupTimeout(180_000);
}

function mockContainer(init: BackendInit): GenericContainer {
  const settings = [
    ...["--region", init.region, "--account", init.accountId, "--port", String(MOCK_PORT)],
    ...["--sts-endpoint", localstackInside, "--iam-endpoint", localstackInside],
  ];
  const container =
    init.mockImage === undefined
      ? new GenericContainer(init.nodeImage)
          .withCopyFilesToContainer([{ source: mockBundlePath(), target: "/app/ra-mock.mjs", mode: 0o644 }])
          .withCommand(["node", "/app/ra-mock.mjs", "--host", "0.0.0.0", ...settings])
      : new GenericContainer(init.mockImage).withCommand(settings);
  return container
    .withNetworkAliases("roles-anywhere")
    .withExposedPorts(MOCK_PORT)
    .withWaitStrategy(Wait.forHttp("/_mock/health", MOCK_PORT))
    .withStartupTimeout(60_000);
}

/** The mock with all its dependencies in one file, from the installed package. */
function mockBundlePath(): string {
  return fileURLToPath(new URL("ra-mock.mjs", import.meta.resolve("@roles-anywhere/mock")));
}

function urlOf(container: StartedTestContainer, port: number): string {
  const host = container.getHost();
  return `http://${host === "localhost" ? "127.0.0.1" : host}:${container.getMappedPort(port)}`;
}
