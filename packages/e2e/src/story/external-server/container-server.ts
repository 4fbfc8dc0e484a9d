import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runSupervised, type Sandbox, type SandboxNetwork } from "@roles-anywhere/sandbox";
import { GenericContainer, type StartedTestContainer, Wait } from "testcontainers";
import { assertDone, StoryError } from "../run-program.ts";
import {
  configureArguments,
  credentialProcessOf,
  credentialVariables,
  type ExternalServer,
  type ExternalServerInit,
  serverFiles,
} from "./external-server.ts";
import { layOutFiles } from "./lay-out-files.ts";

const APP_PORT = 3000;
/** Where the server's folder is inside the container. */
const inside = "/server";

/** The external server as a container of the app's image, on the sandbox's network. */
export async function createContainerServer(
  sandbox: Pick<Sandbox, "endpointUrl" | "region" | "environments"> & { network: SandboxNetwork },
  image: string,
  init: ExternalServerInit,
): Promise<ExternalServer> {
  await layOutFiles(init);
  const { network } = sandbox;
  // The key is readable by its owner alone: the container runs as that user.
  const user = `${process.getuid?.() ?? 1000}:${process.getgid?.() ?? 1000}`;
  const environment = {
    AWS_ENDPOINT_URL: network.endpointUrl,
    AWS_ENDPOINT_URL_ROLESANYWHERE: network.rolesAnywhereEndpoint,
    AWS_CONFIG_FILE: `${inside}/${serverFiles.config}`,
    AWS_EC2_METADATA_DISABLED: "true",
    REGION: init.region,
    BUCKET: init.bucketName,
    PORT: String(APP_PORT),
    // A presigned URL carries the host that it was signed for: the one that this machine sees.
    S3_PUBLIC_ENDPOINT: sandbox.endpointUrl,
  };
  const configFile = join(init.directory, serverFiles.config);
  const apps: StartedTestContainer[] = [];

  /** One command in a container of its own, as a person would run it on the server. */
  const run = async (command: readonly string[]) => {
    const result = await runSupervised(
      {
        command: "docker",
        arguments: [
          ...[
            "run",
            "--rm",
            "--user",
            user,
            "--network",
            network.name,
            "--volume",
            `${init.directory}:${inside}`,
          ],
          ...Object.entries(network.labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
          ...Object.entries(environment).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
          ...["--entrypoint", command[0] ?? "", image, ...command.slice(1)],
        ],
        environment: sandbox.environments.server,
      },
      init.signal,
    );
    return assertDone(command.slice(0, 2).join(" "), result);
  };
  const stop = async (): Promise<void> => {
    for (const app of apps.splice(0)) await app.stop();
  };
  return {
    async configureProfile() {
      const command = ["ra-signer", ...configureArguments(inside)];
      await run(command);
      return command.join(" ");
    },
    readProfile: () => readFile(configFile, "utf8"),
    async runCredentialProcess() {
      return await run(["/bin/sh", "-c", credentialProcessOf(await readFile(configFile, "utf8"))]);
    },
    async startApp(credentials = "profile") {
      const logFile = join(init.logDirectory, "app.log");
      const container = new GenericContainer(image)
        .withUser(user)
        .withNetworkMode(network.name)
        .withLabels(network.labels)
        .withEnvironment({ ...environment, ...credentialVariables(credentials, inside) })
        .withBindMounts([{ source: init.directory, target: inside, mode: "ro" }])
        .withExposedPorts(APP_PORT)
        .withLogConsumer((stream) => stream.pipe(createWriteStream(logFile, { flags: "a", mode: 0o600 })))
        .withWaitStrategy(Wait.forHttp("/health", APP_PORT))
        .withStartupTimeout(60_000);
      try {
        const app = await container.start();
        apps.push(app);
        return `http://127.0.0.1:${app.getMappedPort(APP_PORT)}`;
      } catch (cause) {
        init.signal?.throwIfAborted();
        throw new StoryError(`the app's container did not become healthy; its log is ${logFile}`, { cause });
      }
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
