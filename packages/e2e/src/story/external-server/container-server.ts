import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runSupervised, startContainer, withoutProxyFor } from "@roles-anywhere/sandbox";
import type { Sandbox, SandboxNetwork, StartedContainer } from "@roles-anywhere/sandbox";
import { assertDone } from "../programs.ts";
import {
  configureArguments,
  credentialProcessOf,
  credentialVariables,
  layOutFiles,
  SERVER_FILES,
} from "./external-server.ts";
import type { ExternalServer, ExternalServerInit } from "./external-server.ts";

const APP_PORT = 3000;
/** Path of the server's folder inside the container. */
const SERVER_FOLDER = "/server";

/** The external server as a container of the app's image, on the sandbox's network. */
export async function createContainerServer(
  sandbox: Pick<Sandbox, "endpointUrl" | "environments"> & { network: SandboxNetwork },
  image: string,
  init: ExternalServerInit,
): Promise<ExternalServer> {
  await layOutFiles(init);
  const { network } = sandbox;
  const { logDirectory, signal } = init;
  const dockerEnvironment = sandbox.environments.server;
  // Only its owner can read the key, so the container runs as that user.
  const user = `${process.getuid?.() ?? 1000}:${process.getgid?.() ?? 1000}`;
  const environment = {
    AWS_ENDPOINT_URL: network.endpointUrl,
    AWS_ENDPOINT_URL_ROLESANYWHERE: network.rolesAnywhereEndpoint,
    AWS_CONFIG_FILE: `${SERVER_FOLDER}/${SERVER_FILES.config}`,
    AWS_EC2_METADATA_DISABLED: "true",
    REGION: init.region,
    BUCKET: init.bucketName,
    PORT: String(APP_PORT),
    // This machine opens the presigned URLs, so they must be signed for the host name that it uses.
    S3_PUBLIC_ENDPOINT: sandbox.endpointUrl,
    // Docker's configuration may give every container a proxy.
    ...withoutProxyFor([
      ...["127.0.0.1", "localhost"],
      ...[network.endpointUrl, network.rolesAnywhereEndpoint].map((url) => new URL(url).hostname),
    ]),
  };
  const configFile = join(init.directory, SERVER_FILES.config);
  const apps: StartedContainer[] = [];

  /** Runs one command in a container of its own, as a person would run it on the server. */
  const run = async (command: readonly string[]) => {
    const result = await runSupervised(
      {
        command: "docker",
        arguments: [
          ...["run", "--rm", "--user", user, "--network", network.name],
          ...["--volume", `${init.directory}:${SERVER_FOLDER}`],
          ...Object.entries(network.labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
          ...Object.entries(environment).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
          ...["--entrypoint", command[0] ?? "", image, ...command.slice(1)],
        ],
        environment: dockerEnvironment,
      },
      signal,
    );
    return assertDone(command.slice(0, 2).join(" "), result);
  };
  const stop = async (): Promise<void> => {
    for (const app of apps.splice(0)) await app.stop();
  };
  return {
    async configureProfile() {
      const command = ["ra-signer", ...configureArguments(SERVER_FOLDER)];
      await run(command);
      return command.join(" ");
    },
    readProfile: () => readFile(configFile, "utf8"),
    async runCredentialProcess() {
      return await run(["/bin/sh", "-c", credentialProcessOf(await readFile(configFile, "utf8"))]);
    },
    async startApp(credentials = "profile") {
      const app = await startContainer({
        name: "the app",
        image,
        network: network.name,
        labels: network.labels,
        environment: { ...environment, ...credentialVariables(credentials, SERVER_FOLDER) },
        user,
        readOnlyFolders: { [SERVER_FOLDER]: init.directory },
        port: APP_PORT,
        publishAddress: network.publishAddress,
        publishedHost: network.publishedHost,
        healthPath: "/health",
        timeoutMs: 60_000,
        logDirectory,
        logName: credentials === "profile" ? "app" : "app-in-process",
        signal,
      });
      apps.push(app);
      return app.url;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
