import { isIP } from "node:net";
import { fileURLToPath } from "node:url";
import { withoutAwsSettings, withoutProxyFor } from "../environments.ts";
import { SandboxError } from "../errors.ts";
import { checkInitHooks, hookFileName, hookPath, localstackSettings } from "../localstack.ts";
import { runSupervised, startSupervised, type Supervised } from "../supervision/supervised.ts";
import type { BackendInit, StartedBackend } from "./backend.ts";
import { type ContainerInit, startContainer } from "./container.ts";

const LOCALSTACK_PORT = 4566;
const MOCK_PORT = 9912;
/** Names on the sandbox's network. */
const localstackInside = `http://localstack:${LOCALSTACK_PORT}`;
const mockInside = `http://roles-anywhere:${MOCK_PORT}`;

/** Label that every container and network of a sandbox carries; its value is the sandbox's id. */
const SANDBOX_LABEL = "dev.roles-anywhere-kit.sandbox";
/** Label with the sandbox's folder of temporary files, so that a run's containers can be told from those of others. */
const WORK_DIRECTORY_LABEL = "dev.roles-anywhere-kit.work-directory";

/**
 * Starts LocalStack and the mock as containers on a network of their own. Everything that carries the sandbox's label is
 * removed when the sandbox stops and when its process is gone.
 */
export async function startContainers(init: BackendInit, sandboxId: string): Promise<StartedBackend> {
  const dockerEnvironment = withoutAwsSettings(init.environment);
  const networkName = `roles-anywhere-${sandboxId}`;
  const labels = { [SANDBOX_LABEL]: sandboxId, [WORK_DIRECTORY_LABEL]: init.workDirectory };
  const publishAddress = init.publishAddress ?? "127.0.0.1";
  const reaper = startReaper(sandboxId, networkName, dockerEnvironment);
  init.defer(() => reaper.stop());

  const network = ["network", "create", ...labelArguments(labels), networkName];
  const created = await runSupervised(
    { command: "docker", arguments: network, environment: dockerEnvironment },
    init.signal,
  );
  if (created.exitCode !== 0) {
    throw new SandboxError(
      "ERR_SANDBOX_START_FAILED",
      `docker network create ended with exit code ${created.exitCode}: ${created.stderr.trim()}`,
      { logDirectory: init.logDirectory },
    );
  }
  const publishedHost = reachableHost(await dockerEndpoint(init, dockerEnvironment), publishAddress);
  const shared = { ...init, network: networkName, labels, publishAddress, publishedHost };

  init.onProgress("Starting the Roles Anywhere mock in a container");
  const mock = await startContainer({ ...shared, ...mockContainer(init, publishedHost) });
  init.onProgress(`Starting LocalStack in a container (${init.localstackImage})`);
  const localstack = await startContainer({ ...shared, ...localstackContainer(init) });
  await checkInitHooks(localstack.url, hookFileName, init.logDirectory, init.signal);
  return {
    endpointUrl: localstack.url,
    rolesAnywhereEndpoint: mock.url,
    network: {
      name: networkName,
      endpointUrl: localstackInside,
      rolesAnywhereEndpoint: mockInside,
      labels,
      publishAddress,
      publishedHost,
    },
    died: Promise.race([mock.died, localstack.died]),
  };
}

/** What a container has of its own: the rest is the same for both. */
type OwnSettings = Omit<
  ContainerInit,
  "network" | "labels" | "publishAddress" | "publishedHost" | "logDirectory" | "signal"
>;

/** Docker's configuration may give every container a proxy: what is on the network is reached without. */
const networkWithoutProxy = withoutProxyFor(["127.0.0.1", "localhost", "localstack", "roles-anywhere"]);

function localstackContainer(init: BackendInit): OwnSettings {
  const token = init.environment["LOCALSTACK_AUTH_TOKEN"];
  return {
    name: "LocalStack",
    logName: "localstack",
    image: init.localstackImage,
    alias: "localstack",
    port: LOCALSTACK_PORT,
    healthPath: "/_localstack/health",
    timeoutMs: 180_000,
    environment: {
      ...networkWithoutProxy,
      ...localstackSettings({
        ...init,
        rolesAnywhereEndpoint: mockInside,
        settings: init.localstackSettings,
      }),
      // For licensed images.
      ...(token === undefined || token === "" ? {} : { LOCALSTACK_AUTH_TOKEN: token }),
    },
    files: { [`/etc/localstack/init/start.d/${hookFileName}`]: hookPath() },
  };
}

function mockContainer(init: BackendInit, publishedHost: string): OwnSettings {
  const settings = [
    ...["--region", init.region, "--account", init.accountId, "--port", String(MOCK_PORT)],
    ...["--sts-endpoint", localstackInside, "--iam-endpoint", localstackInside],
    // Docker on another machine has a name that the mock does not know for its own.
    ...(isIP(publishedHost) === 0 ? ["--allowed-host", publishedHost] : []),
  ];
  const shared = {
    name: "the Roles Anywhere mock",
    logName: "mock",
    alias: "roles-anywhere",
    port: MOCK_PORT,
    hostPort: init.port,
    healthPath: "/_mock/health",
    timeoutMs: 60_000,
    environment: networkWithoutProxy,
  };
  if (init.mockImage !== undefined) return { ...shared, image: init.mockImage, command: settings };
  return {
    ...shared,
    image: init.nodeImage,
    files: { "/app/ra-mock.mjs": mockBundlePath() },
    // All interfaces of the container: Docker publishes the port on loopback only.
    command: ["node", "/app/ra-mock.mjs", "--host", "0.0.0.0", ...settings],
  };
}

/** The mock with all its dependencies in one file, from the installed package. */
function mockBundlePath(): string {
  return fileURLToPath(new URL("ra-mock.mjs", import.meta.resolve("@roles-anywhere/mock")));
}

function labelArguments(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]);
}

/**
 * Starts a process that does nothing until this one is gone, and then removes the containers and the network of the
 * sandbox. So a killed run leaves nothing behind, and no privileged helper container is needed.
 *
 * The shell waits for the TERM that its supervisor sends when this process ends.
 */
function startReaper(
  sandboxId: string,
  networkName: string,
  environment: Readonly<Record<string, string>>,
): Supervised {
  const script = `
    # Nobody reads what is printed when this process is gone, and writing to a closed pipe would end the shell: it
    # reports the death of its sleep before it runs the trap.
    exec >/dev/null 2>&1
    clean() {
      containers=$(docker ps --all --quiet --filter "label=${SANDBOX_LABEL}=${sandboxId}")
      [ -z "$containers" ] || docker rm --force --volumes $containers
      docker network rm "${networkName}"
      exit 0
    }
    trap clean TERM
    # In the background and waited for: a shell in the middle of a foreground command does not run its traps.
    while :; do sleep 3600 & wait $!; done`;
  return startSupervised({
    command: "/bin/sh",
    arguments: ["-c", script],
    environment,
    onOutput: () => undefined,
    graceMs: 60_000,
  });
}

/** Where the Docker daemon listens: `unix:///var/run/docker.sock`, `ssh://me@builder`. */
async function dockerEndpoint(
  init: BackendInit,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const { exitCode, stdout, stderr } = await runSupervised(
    {
      command: "docker",
      arguments: ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"],
      environment,
    },
    init.signal,
  );
  if (exitCode === 0) return stdout.trim();
  throw new SandboxError(
    "ERR_SANDBOX_START_FAILED",
    `docker context inspect ended with exit code ${exitCode}: ${stderr.trim()}`,
    { logDirectory: init.logDirectory },
  );
}

/**
 * Chooses the host name under which this machine reaches a published port.
 *
 * @param endpoint where the Docker daemon listens
 * @param publishAddress address on the daemon's machine where ports are published
 * @throws {SandboxError} ERR_SANDBOX_START_FAILED when the daemon runs elsewhere and ports would be published on its loopback
 */
export function reachableHost(endpoint: string, publishAddress: string): string {
  const url = URL.parse(endpoint);
  const isRemote = url !== null && ["tcp:", "http:", "https:", "ssh:"].includes(url.protocol);
  const daemonHost = isRemote ? url.hostname.replace(/^\[|\]$/g, "") : "localhost";
  if (isLoopback(daemonHost)) {
    return ["0.0.0.0", "::"].includes(publishAddress) ? "127.0.0.1" : publishAddress;
  }
  if (!isLoopback(publishAddress)) return daemonHost;
  throw new SandboxError(
    "ERR_SANDBOX_START_FAILED",
    `Docker runs on another machine (${endpoint}), whose loopback cannot be reached from here: give the address on which ` +
      `it may publish ports, such as publishAddress "0.0.0.0". LocalStack has no access control`,
  );
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
