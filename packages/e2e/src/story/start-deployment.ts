import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chooseBackend, startSandbox, withoutAwsSettings } from "@roles-anywhere/sandbox";
import type { Sandbox } from "@roles-anywhere/sandbox";
import type { EventLog } from "../report/event-log.ts";
import { logSessions, logStep } from "../report/observe.ts";
import type { Settings } from "../settings/read-settings.ts";
import { buildImages } from "./build-images.ts";
import type { Images } from "./build-images.ts";
import { createPki } from "./create-pki.ts";
import type { Pki } from "./create-pki.ts";
import { deployStack } from "./deploy-stack.ts";
import type { DeployedStack } from "./deploy-stack.ts";
import type { ExternalServer, ExternalServerInit } from "./external-server/external-server.ts";
import { createProcessServer } from "./external-server/process-server.ts";
import type { Reporter } from "./reporter.ts";
import { toLine } from "./stack-events.ts";
import type { StackEvent } from "./stack-events.ts";

/** The result of all three phases: a running sandbox with certificates, stack, external server and app. */
export interface Deployment extends AsyncDisposable {
  sandbox: Sandbox;
  pki: Pki;
  stack: DeployedStack;
  server: ExternalServer;
  /** The app, as seen from this machine. */
  appUrl: string;
  stop(): Promise<void>;
}

export interface StartDeploymentInit {
  settings: Settings;
  environment: Readonly<Record<string, string | undefined>>;
  reporter: Reporter;
  /** Gets what happens: steps, the events of the stack and, when all is stopped, the CreateSession calls. */
  log?: EventLog | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Runs all three phases against a new sandbox: certificates, stack, profile and app.
 *
 * Everything that was started is stopped when a phase fails, when `signal` is aborted, and when this process ends.
 */
export async function startDeployment(init: StartDeploymentInit): Promise<Deployment> {
  const { reporter, signal, log } = init;
  const { sandbox, images } = await startParts(init);
  log?.add({ kind: "run", at: new Date().toISOString(), name: log.name, backend: sandbox.backend });
  const stops: (() => Promise<void>)[] = [() => sandbox.stop()];
  const stop = async (): Promise<void> => {
    const actions = stops.splice(0);
    if (log !== undefined && actions.length > 0) await logSessions(sandbox, log);
    await Promise.all(actions.map((action) => action()));
  };
  try {
    const pki = await runPhase1(sandbox, init);
    const stack = await runPhase2(sandbox, pki, init);
    reporter.chapter("Phase 3 · Signer and app: the certificate becomes a file listing");
    const server = await createServer(sandbox, images, {
      region: sandbox.region,
      bucketName: stack.outputs.bucketName,
      files: { ...pki, outputsFile: stack.outputsFile },
      directory: join(sandbox.workDirectory, "external-server"),
      logDirectory: sandbox.logDirectory,
      signal,
    });
    // A container of the app has the labels of the sandbox, which removes it together with its own.
    if (sandbox.network === undefined) stops.push(() => server.stop());
    reporter.command(await logStep(log, 3, "ra-signer configure", () => server.configureProfile()));
    reporter.result(await server.readProfile());
    reporter.progress("Starting the NestJS app");
    const appUrl = await logStep(log, 3, "app start", () => server.startApp());
    reporter.result(`listening on ${appUrl}`);
    return { sandbox, pki, stack, server, appUrl, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  init: StartDeploymentInit,
): Promise<{ sandbox: Sandbox; images: Images | undefined }> {
  const { settings, environment, reporter, signal } = init;
  reporter.chapter("Sandbox: LocalStack and a mock of IAM Roles Anywhere");
  const onProgress = (line: string): void => reporter.progress(line);
  const backend = await chooseBackend(settings.backend, { environment, onProgress, signal });
  const images =
    backend === "docker"
      ? await buildImages({
          nodeImage: settings.nodeImage,
          environment: withoutAwsSettings(environment),
          signal,
          onProgress,
        })
      : undefined;
  const sandbox = await startSandbox({ environment, onProgress, signal, backend, mockImage: images?.mock });
  reporter.result(
    `${sandbox.backend} back end: AWS at ${sandbox.endpointUrl}, Roles Anywhere at ${sandbox.rolesAnywhereEndpoint}`,
  );
  return { sandbox, images };
}

async function runPhase1(sandbox: Sandbox, { reporter, log, signal }: StartDeploymentInit): Promise<Pki> {
  reporter.chapter("Phase 1 · PKI: a private CA and a client certificate");
  return await createPki({
    directory: join(sandbox.workDirectory, "pki"),
    environment: sandbox.environments.server,
    signal,
    onCommand(commandLine, printed, began) {
      const seconds = (Date.now() - began.getTime()) / 1000;
      log?.add({ kind: "step", at: began.toISOString(), phase: 1, text: commandLine, seconds });
      reporter.command(commandLine);
      reporter.result(printed);
    },
  });
}

async function runPhase2(
  sandbox: Sandbox,
  pki: Pki,
  { reporter, log, signal }: StartDeploymentInit,
): Promise<DeployedStack> {
  reporter.chapter("Phase 2 · Infrastructure: trust anchor, role, profile and bucket");
  const directory = join(sandbox.workDirectory, "infra");
  await mkdir(directory);
  const { caCertificatePath, commonName } = pki;
  reporter.command(
    `cdk deploy --context caCertificatePath=${caCertificatePath} --context certificateCommonNames=${commonName}`,
  );
  const onEvent = (event: StackEvent): void => {
    log?.add({ kind: "stack-event", ...event });
    const isOver = !event.status.endsWith("_IN_PROGRESS");
    (isOver ? reporter.result : reporter.status)(toLine(event));
  };
  const stack = await logStep(log, 2, "cdk deploy", () =>
    deployStack({ sandbox, caCertificatePath, commonName, directory, onEvent, signal }),
  );
  const { trustAnchorArn, profileArn, roleArn, bucketName } = stack.outputs;
  reporter.result(
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
