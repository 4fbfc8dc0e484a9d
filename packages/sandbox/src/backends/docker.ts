import { isIP } from "node:net";
import { join } from "node:path";
import { withoutAwsSettings, withoutProxyFor } from "../environments.ts";
import { SandboxError } from "../errors.ts";
import { checkInitHooks, hookFileNames, hookPath, localstackSettings } from "../localstack.ts";
import { mockPackageFolder } from "../mock-package.ts";
import { together } from "../supervision/abortable.ts";
import { runSupervised, startSupervised } from "../supervision/supervised.ts";
import type { Supervised } from "../supervision/supervised.ts";
import type { BackendInit, StartedBackend } from "./backend.ts";
import { startContainer } from "./container.ts";
import type { ContainerInit } from "./container.ts";

const LOCALSTACK_PORT = 4566;
const MOCK_PORT = 9912;
/** Where containers on the sandbox's network reach LocalStack and the mock. */
const LOCALSTACK_NETWORK_URL = `http://localstack:${LOCALSTACK_PORT}`;
const MOCK_NETWORK_URL = `http://roles-anywhere:${MOCK_PORT}`;

/** Label that every container and network of a sandbox carries; its value is the sandbox's id. */
const SANDBOX_LABEL = "dev.roles-anywhere-kit.sandbox";
/** Label with the sandbox's work directory. It tells the containers of one run from those of other runs. */
const WORK_DIRECTORY_LABEL = "dev.roles-anywhere-kit.work-directory";

/**
 * Starts LocalStack and the mock as containers on a network of their own. All containers and networks with the sandbox's
 * label are removed when the sandbox stops and when this process ends.
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

  init.onProgress(`Starting LocalStack in a container (${init.localstackImage})`);
  const [mock, localstack] = await together(init.signal, (signal) => [
    startContainer({ ...shared, ...mockContainer(init, publishedHost), signal }),
    startContainer({ ...shared, ...localstackContainer(init), signal }),
  ]);
  await checkInitHooks(localstack.url, init);
  return {
    endpointUrl: localstack.url,
    rolesAnywhereEndpoint: mock.url,
    network: {
      name: networkName,
      endpointUrl: LOCALSTACK_NETWORK_URL,
      rolesAnywhereEndpoint: MOCK_NETWORK_URL,
      labels,
      publishAddress,
      publishedHost,
    },
    died: Promise.race([mock.died, localstack.died]),
  };
}

/** The settings in which the two containers differ. */
type OwnSettings = Omit<
  ContainerInit,
  "network" | "labels" | "publishAddress" | "publishedHost" | "logDirectory" | "signal"
>;

/** Docker's configuration may give every container a proxy. These hosts are reached without it. */
const NO_PROXY_ON_NETWORK = withoutProxyFor(["127.0.0.1", "localhost", "localstack", "roles-anywhere"]);

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
      ...NO_PROXY_ON_NETWORK,
      ...localstackSettings({
        ...init,
        rolesAnywhereEndpoint: MOCK_NETWORK_URL,
        settings: init.localstackSettings,
      }),
      // A licensed image needs the token.
      ...(token === undefined || token === "" ? {} : { LOCALSTACK_AUTH_TOKEN: token }),
    },
    files: Object.fromEntries(
      hookFileNames(init.enforceIam).map((name) => [`/etc/localstack/init/start.d/${name}`, hookPath(name)]),
    ),
  };
}

function mockContainer(init: BackendInit, publishedHost: string): OwnSettings {
  const settings = [
    ...["--region", init.region, "--account", init.accountId, "--port", String(MOCK_PORT)],
    ...["--sts-endpoint", LOCALSTACK_NETWORK_URL, "--iam-endpoint", LOCALSTACK_NETWORK_URL],
    // The mock refuses host names that it does not know, such as that of a Docker host on another machine.
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
    environment: NO_PROXY_ON_NETWORK,
  };
  if (init.mockImage !== undefined) return { ...shared, image: init.mockImage, command: settings };
  return {
    ...shared,
    image: init.nodeImage,
    files: { "/app/ra-mock.mjs": mockBundlePath() },
    // The mock listens on all interfaces of its container; Docker publishes the port on one address only.
    command: ["node", "/app/ra-mock.mjs", "--host", "0.0.0.0", ...settings],
  };
}

/** Path of the one file in the installed package that holds the mock and all its dependencies. */
function mockBundlePath(): string {
  return join(mockPackageFolder(), "dist", "ra-mock.mjs");
}

function labelArguments(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]);
}

/**
 * Starts a shell that removes the containers and the network of the sandbox after this process has ended. So a killed
 * run leaves nothing behind, and no privileged helper container is needed.
 *
 * The shell waits for the SIGTERM that its supervisor sends when this process ends.
 */
function startReaper(
  sandboxId: string,
  networkName: string,
  environment: Readonly<Record<string, string>>,
): Supervised {
  const script = `
    # The shell reports the end of its sleep before it runs the trap. The process that reads this has ended by then, and
    # writing to a closed pipe would end the shell.
    exec >/dev/null 2>&1
    clean() {
      containers=$(docker ps --all --quiet --filter "label=${SANDBOX_LABEL}=${sandboxId}")
      [ -z "$containers" ] || docker rm --force --volumes $containers
      docker network rm "${networkName}"
      exit 0
    }
    trap clean TERM
    # The sleep runs in the background: a shell runs its traps only after a foreground command has ended.
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
 * @throws {SandboxError} ERR_SANDBOX_START_FAILED when the daemon runs on another machine and publishes on its loopback
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
