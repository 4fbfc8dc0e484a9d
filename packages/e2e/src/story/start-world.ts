import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  chooseBackend,
  orAborted,
  type Sandbox,
  startSandbox,
  withoutAwsSettings,
} from "@roles-anywhere/sandbox";
import type { Settings } from "../settings/read-settings.ts";
import { buildImages, type Images } from "./build-images.ts";
import { createPki, type Pki } from "./create-pki.ts";
import { type DeployedStack, deployStack } from "./deploy-stack.ts";
import type { ExternalServer, ExternalServerInit } from "./external-server/external-server.ts";
import { createProcessServer } from "./external-server/process-server.ts";
import type { Narrator } from "./narrator.ts";

/** The whole story, told to its end and still running. */
export interface World extends AsyncDisposable {
  sandbox: Sandbox;
  pki: Pki;
  stack: DeployedStack;
  server: ExternalServer;
  /** The app, as seen from this machine. */
  appUrl: string;
  stop(): Promise<void>;
}

export interface StartWorldInit {
  settings: Settings;
  environment: Readonly<Record<string, string | undefined>>;
  narrator: Narrator;
  signal?: AbortSignal | undefined;
}

/**
 * Runs all three phases against a new sandbox: certificates, stack, profile and app.
 *
 * What was started is stopped when a phase fails, when `signal` is aborted, and when this process ends.
 */
export async function startWorld(init: StartWorldInit): Promise<World> {
  const { narrator, signal } = init;
  const { sandbox, images } = await startParts(init);
  const stops: (() => Promise<void>)[] = [() => sandbox.stop()];
  const stop = async (): Promise<void> => {
    for (const action of stops.splice(0).toReversed()) await action();
  };
  try {
    const pki = await tellPhase1(sandbox, narrator, signal);
    const stack = await tellPhase2(sandbox, pki, narrator, signal);
    narrator.chapter("Phase 3 · Signer and app: the certificate becomes a file listing");
    const server = await createServer(sandbox, images, {
      region: sandbox.region,
      bucketName: stack.outputs.bucketName,
      files: { ...pki, outputsFile: stack.outputsFile },
      directory: join(sandbox.workDirectory, "external-server"),
      logDirectory: sandbox.logDirectory,
      signal,
    });
    stops.push(() => server.stop());
    narrator.command(await server.configureProfile());
    narrator.result(await server.readProfile());
    narrator.progress("Starting the NestJS app");
    // What is being started by then is stopped with the server and the sandbox.
    const appUrl = await orAborted(server.startApp(), signal);
    narrator.result(`listening on ${appUrl}`);
    return { sandbox, pki, stack, server, appUrl, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(init: StartWorldInit): Promise<{ sandbox: Sandbox; images: Images | undefined }> {
  const { settings, environment, narrator, signal } = init;
  narrator.chapter("Sandbox: LocalStack and a mock of IAM Roles Anywhere");
  const options = {
    environment,
    onProgress: (line: string) => narrator.progress(line),
    ...(signal === undefined ? {} : { signal }),
  };
  const backend = await chooseBackend(settings.backend, environment, signal);
  const images =
    backend === "docker"
      ? await buildImages({
          nodeImage: settings.nodeImage,
          environment: withoutAwsSettings(environment),
          signal,
          onProgress: options.onProgress,
        })
      : undefined;
  const sandbox = await startSandbox({
    ...options,
    backend,
    ...(images === undefined ? {} : { mockImage: images.mock }),
  });
  narrator.result(
    `${sandbox.backend} back end: AWS at ${sandbox.endpointUrl}, Roles Anywhere at ${sandbox.rolesAnywhereEndpoint}`,
  );
  return { sandbox, images };
}

async function tellPhase1(
  sandbox: Sandbox,
  narrator: Narrator,
  signal: AbortSignal | undefined,
): Promise<Pki> {
  narrator.chapter("Phase 1 · PKI: a private CA and a client certificate");
  return await createPki({
    directory: join(sandbox.workDirectory, "pki"),
    environment: sandbox.environments.server,
    signal,
    onCommand(commandLine, said) {
      narrator.command(commandLine);
      narrator.result(said);
    },
  });
}

async function tellPhase2(
  sandbox: Sandbox,
  pki: Pki,
  narrator: Narrator,
  signal: AbortSignal | undefined,
): Promise<DeployedStack> {
  narrator.chapter("Phase 2 · Infrastructure: trust anchor, role, profile and bucket");
  const directory = join(sandbox.workDirectory, "infra");
  await mkdir(directory);
  narrator.command(`cdk deploy --context caCertificatePath=${pki.caCertificatePath}`);
  const stack = await deployStack({ sandbox, caCertificatePath: pki.caCertificatePath, directory, signal });
  const { trustAnchorArn, profileArn, roleArn, bucketName } = stack.outputs;
  narrator.result(
    [
      `TrustAnchorArn  ${trustAnchorArn}`,
      `ProfileArn      ${profileArn}`,
      `RoleArn         ${roleArn}`,
      `BucketName      ${bucketName}`,
    ].join("\n"),
  );
  return stack;
}

async function createServer(
  sandbox: Sandbox,
  images: Images | undefined,
  init: ExternalServerInit,
): Promise<ExternalServer> {
  const { network } = sandbox;
  if (network === undefined || images === undefined) return await createProcessServer(sandbox, init);
  const { createContainerServer } = await import("./external-server/container-server.ts");
  return await createContainerServer({ ...sandbox, network }, images.app, init);
}
