import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { GenericContainer } from "testcontainers";
import { SandboxError } from "../errors.ts";
import { waitForAnswer } from "../readiness.ts";

/** What {@link startContainer} starts. */
export interface ContainerInit {
  /** Name of the program in the container, for messages: "LocalStack". */
  name: string;
  image: string;
  /** @default the image's own command */
  command?: readonly string[] | undefined;
  /** Name of a Docker network. */
  network: string;
  /** Name of the container on that network. */
  alias?: string | undefined;
  labels: Readonly<Record<string, string>>;
  environment: Readonly<Record<string, string>>;
  /** `uid:gid`. @default the user that the image names */
  user?: string | undefined;
  /** Folders of this machine that the container may read: path inside it → path on this machine. */
  readOnlyFolders?: Readonly<Record<string, string>> | undefined;
  /** Files to copy into the container: absolute path inside it → file on this machine. */
  files?: Readonly<Record<string, string>> | undefined;
  /** The port that the program listens on inside the container. */
  port: number;
  /** The port on the Docker host. @default a free one */
  hostPort?: number | undefined;
  /** Address on the Docker host where the port is published. */
  publishAddress: string;
  /** Name or address under which this machine reaches that port. */
  publishedHost: string;
  /** Path that answers 2xx when the program is ready. */
  healthPath: string;
  /** In milliseconds. */
  timeoutMs: number;
  logDirectory: string;
  /** Name of the log file in `logDirectory`, without its extension. */
  logName: string;
  signal?: AbortSignal | undefined;
}

export interface StartedContainer {
  /** The published port, as seen from this machine: `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Settles with a sentence when the container has ended. */
  readonly died: Promise<string>;
  /** Removes the container. */
  stop(): Promise<void>;
}

/**
 * Starts a container and waits until it answers. Its port is published on one address only.
 *
 * An abort ends the start after the request to Docker that is under way, so no container is created after this call has
 * ended. When the start fails or is aborted, the caller must remove the container by its labels.
 *
 * @throws {SandboxError} ERR_SANDBOX_START_FAILED, ERR_SANDBOX_TIMEOUT
 */
export async function startContainer(init: ContainerInit): Promise<StartedContainer> {
  const { name, timeoutMs, logDirectory, signal } = init;
  const host = init.publishedHost;
  const url = (port: number): string => `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const logFile = join(logDirectory, `${init.logName}.log`);
  const log = createWriteStream(logFile, { flags: "a", mode: 0o600 });
  const { promise: died, resolve: reportEnd } = Promise.withResolvers<string>();
  let ended: string | undefined;

  const container = describeContainer(init)
    .withLogConsumer((stream) => {
      stream.pipe(log);
      // The log ends when the container does.
      stream.once("end", () => reportEnd((ended = `the container of ${name} ended`)));
    })
    // The HTTP check of testcontainers would go through the proxy that the environment names.
    .withWaitStrategy({
      async waitUntilReady(_container, ports) {
        const healthUrl = url(ports.getBinding(init.port)) + init.healthPath;
        await waitForAnswer({ url: healthUrl, name, timeoutMs, died: () => ended, logDirectory, signal });
      },
      withStartupTimeout() {
        return this;
      },
      isStartupTimeoutSet: () => true,
      getStartupTimeout: () => timeoutMs,
    });
  try {
    const started = await container.start();
    return {
      url: url(started.getMappedPort(init.port)),
      died,
      async stop() {
        await started.stop({ remove: true, removeVolumes: true });
      },
    };
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof SandboxError) throw cause;
    const because = cause instanceof Error ? cause.message : String(cause);
    throw new SandboxError(
      "ERR_SANDBOX_START_FAILED",
      `the container of ${name} (${init.image}) could not be started: ${because}. Its log is ${logFile}`,
      { cause, logDirectory },
    );
  }
}

/** A container whose start can be aborted, and whose ports are published on one address. By itself testcontainers publishes on every interface. */
class BoundContainer extends GenericContainer {
  readonly #publishAddress: string;
  readonly #signal: AbortSignal | undefined;

  constructor(image: string, publishAddress: string, signal: AbortSignal | undefined) {
    super(image);
    this.#publishAddress = publishAddress;
    this.#signal = signal;
    // The cleanup of testcontainers starts a container that listens on every interface. The sandbox cleans up by labels.
    this.withAutoCleanup(false);
  }

  protected override async beforeContainerCreated(): Promise<void> {
    this.#signal?.throwIfAborted();
    const bindings: Record<string, { HostPort?: string }[]> = this.hostConfig.PortBindings ?? {};
    this.hostConfig.PortBindings = Object.fromEntries(
      Object.entries(bindings).map(([port, hosts]) => [
        port,
        hosts.map((binding) => ({ ...binding, HostIp: this.#publishAddress })),
      ]),
    );
  }

  protected override async containerCreated(): Promise<void> {
    this.#signal?.throwIfAborted();
  }
}

function describeContainer(init: ContainerInit): GenericContainer {
  const { port, hostPort } = init;
  const container = new BoundContainer(init.image, init.publishAddress, init.signal)
    .withNetworkMode(init.network)
    .withLabels({ ...init.labels })
    .withEnvironment({ ...init.environment })
    .withExposedPorts(hostPort === undefined ? port : { container: port, host: hostPort })
    .withBindMounts(
      Object.entries(init.readOnlyFolders ?? {}).map(([target, source]) => ({ source, target, mode: "ro" })),
    )
    .withCopyFilesToContainer(
      Object.entries(init.files ?? {}).map(([target, source]) => ({ source, target, mode: 0o644 })),
    );
  if (init.alias !== undefined) container.withNetworkAliases(init.alias);
  if (init.user !== undefined) container.withUser(init.user);
  if (init.command !== undefined) container.withCommand([...init.command]);
  return container;
}
