import { chmod, cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SandboxError } from "../errors.ts";
import { waitForAnswer } from "../readiness.ts";
import { runSupervised, startSupervised } from "../supervision/supervised.ts";

/** What {@link startContainer} starts. */
export interface ContainerInit {
  /** What runs in it, as messages name it: "LocalStack". */
  name: string;
  image: string;
  /** The image's own command where it is left out. */
  command?: readonly string[] | undefined;
  /** Name of a Docker network, and the container's name on it. */
  network: string;
  alias?: string | undefined;
  labels: Readonly<Record<string, string>>;
  environment: Readonly<Record<string, string>>;
  /** Variables with secret values: they stay out of the command line, which other users of the machine can read. */
  secrets?: Readonly<Record<string, string>> | undefined;
  /** `uid:gid`. @default what the image says */
  user?: string | undefined;
  /** Folders of this machine, as `docker create --volume` takes them: `/here:/there:ro`. */
  volumes?: readonly string[] | undefined;
  /** Files to copy into the container: absolute path inside it → file on this machine. */
  files?: Readonly<Record<string, string>> | undefined;
  /** The port that the program listens on inside the container. */
  port: number;
  /** The port on the Docker host. @default a free one */
  hostPort?: number | undefined;
  /** Address on the Docker host where the port is published. */
  publishAddress: string;
  /** Path that answers 2xx when the program is ready. */
  healthPath: string;
  /** In milliseconds. */
  timeoutMs: number;
  /** A folder for this run's temporary files. */
  workDirectory: string;
  logDirectory: string;
  /** Name of the log file in `logDirectory`, without its extension. */
  logName: string;
  /** For the `docker` command: PATH, and DOCKER_HOST where that is used. */
  dockerEnvironment: Readonly<Record<string, string>>;
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
 * Creates a container with the docker command, starts it and waits until it answers. Its port is published on one
 * address only: Docker's default, and that of the libraries around it, is every interface of the machine.
 *
 * Whoever calls this removes the container when the start fails or is aborted: by its labels.
 *
 * @throws {SandboxError} ERR_SANDBOX_START_FAILED, ERR_SANDBOX_TIMEOUT
 */
export async function startContainer(init: ContainerInit): Promise<StartedContainer> {
  const { name, image, logDirectory, signal } = init;
  const docker = (command: readonly string[]): Promise<string> => runDocker(name, command, init);
  const dockerHost = await reachableDockerHost(init);
  const id = await docker([
    "create",
    ...["--network", init.network],
    ...(init.alias === undefined ? [] : ["--network-alias", init.alias]),
    ...(init.user === undefined ? [] : ["--user", init.user]),
    ...["--publish", `${bracketed(init.publishAddress)}:${init.hostPort ?? ""}:${init.port}`],
    ...Object.entries(init.labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]),
    ...Object.entries(init.environment).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
    // A name alone: the docker command takes the value from its own environment.
    ...Object.keys(init.secrets ?? {}).flatMap((key) => ["--env", key]),
    ...(init.volumes ?? []).flatMap((volume) => ["--volume", volume]),
    image,
    ...(init.command ?? []),
  ]);
  if (init.files !== undefined) {
    const tree = await layOutTree(join(init.workDirectory, `files-${init.logName}`), init.files);
    await docker(["cp", `${tree}/.`, `${id}:/`]);
  }
  await docker(["start", id]);

  const logFile = join(logDirectory, `${init.logName}.log`);
  const log = startSupervised({
    command: "docker",
    arguments: ["logs", "--follow", id],
    environment: init.dockerEnvironment,
    logFile,
  });
  // The log ends when the container does.
  let ended: string | undefined;
  const died = log.exited.then(() => (ended = `the container of ${name} ended`));
  const published = await docker(["port", id, `${init.port}/tcp`]).catch((error: unknown) => {
    throw new SandboxError(
      "ERR_SANDBOX_START_FAILED",
      `the container of ${name} did not start; its log is ${logFile}`,
      { cause: error, logDirectory },
    );
  });
  const url = `http://${bracketed(dockerHost)}:${published.split("\n")[0]?.split(":").at(-1)}`;
  await waitForAnswer({
    url: url + init.healthPath,
    name,
    timeoutMs: init.timeoutMs,
    died: () => ended,
    logDirectory,
    signal,
  });
  return {
    url,
    died,
    async stop() {
      // Without the signal: what was interrupted must be stopped as well.
      await runDocker(name, ["rm", "--force", "--volumes", id], { ...init, signal: undefined });
      await log.stop();
    },
  };
}

/**
 * The host where published ports are reached: this machine, unless the docker command works on another one.
 *
 * @throws {SandboxError} ERR_SANDBOX_START_FAILED when Docker runs elsewhere and ports would be published on its loopback
 */
async function reachableDockerHost(init: ContainerInit): Promise<string> {
  const format = "{{.Endpoints.docker.Host}}";
  const endpoint = await runDocker(init.name, ["context", "inspect", "--format", format], init);
  const remote = ["tcp:", "http:", "https:", "ssh:"].includes(URL.parse(endpoint)?.protocol ?? "")
    ? (URL.parse(endpoint)?.hostname ?? "").replace(/^\[|\]$/g, "")
    : "";
  if (remote === "" || isLoopback(remote)) {
    return isLoopback(init.publishAddress) ? init.publishAddress : "127.0.0.1";
  }
  if (!isLoopback(init.publishAddress)) return remote;
  throw new SandboxError(
    "ERR_SANDBOX_START_FAILED",
    `Docker runs on another machine (${endpoint}), whose loopback cannot be reached from here: give the address on which ` +
      `it may publish ports, such as publishAddress "0.0.0.0". LocalStack has no access control`,
  );
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

async function runDocker(name: string, command: readonly string[], init: ContainerInit): Promise<string> {
  const { exitCode, stdout, stderr } = await runSupervised(
    {
      command: "docker",
      arguments: command,
      environment: { ...init.dockerEnvironment, ...init.secrets },
    },
    init.signal,
  );
  if (exitCode === 0) return stdout.trim();
  throw new SandboxError(
    "ERR_SANDBOX_START_FAILED",
    `the container of ${name} (${init.image}) could not be started: docker ${command[0]} ended with exit code ${exitCode}: ` +
      stderr.trim(),
    { logDirectory: init.logDirectory },
  );
}

/** A folder with the files at the places that they have in the container, for one `docker cp` that makes the folders. */
async function layOutTree(tree: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [target, source] of Object.entries(files)) {
    const file = join(tree, target);
    await mkdir(dirname(file), { recursive: true });
    // Docker keeps the modes: those of this machine's folders, whatever the umask made them, must not get into /etc.
    for (let folder = dirname(file); folder.length >= tree.length; folder = dirname(folder)) {
      await chmod(folder, 0o755);
    }
    await cp(source, file);
    await chmod(file, 0o644);
  }
  return tree;
}
