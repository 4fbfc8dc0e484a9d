import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { EventLog } from "../report/event-log.ts";
import { logStep } from "../report/observe.ts";
import { createPki } from "./create-pki.ts";
import type { Pki } from "./create-pki.ts";
import { deployStack } from "./deploy-stack.ts";
import type { DeployedStack } from "./deploy-stack.ts";
import type { ExternalServer, ExternalServerInit } from "./external-server/external-server.ts";
import type { Place } from "./place.ts";
import type { Reporter } from "./reporter.ts";
import { toLine } from "./stack-events.ts";
import type { StackEvent } from "./stack-events.ts";

/** The result of all three phases. */
export interface Phases {
  pki: Pki;
  stack: DeployedStack;
  server: ExternalServer;
  /** The app, as seen from this machine. */
  appUrl: string;
}

export interface RunPhasesInit {
  place: Place;
  /** Makes the external server, which has neither profile nor app yet. */
  createServer: (init: ExternalServerInit) => Promise<ExternalServer>;
  /** Gets the external server before anything runs on it. */
  onServer: (server: ExternalServer) => void;
  /** Runs between the profile and the start of the app. */
  beforeApp?: ((server: ExternalServer) => Promise<void>) | undefined;
  /** Runs phase 2 otherwise than with this signal. @default calls it with `signal` */
  whileDeploying?: WhileDeploying | undefined;
  reporter: Reporter;
  log?: EventLog | undefined;
  signal?: AbortSignal | undefined;
}

/** Does a deployment. @param deploy does it until its signal is aborted, and calls `onEvent` with the stack's events */
export type WhileDeploying = (
  deploy: (signal: AbortSignal | undefined, onEvent: () => void) => Promise<DeployedStack>,
) => Promise<DeployedStack>;

/** Runs the three phases: certificates, stack, profile and app. */
export async function runPhases(init: RunPhasesInit): Promise<Phases> {
  const { place, reporter, log, signal } = init;
  const pki = await runPhase1(init);
  const { whileDeploying = (deploy) => deploy(signal, () => undefined) } = init;
  const stack = await whileDeploying((until, onEvent) => runPhase2(init, pki, until, onEvent));
  reporter.chapter("Phase 3 · Signer and app: the certificate becomes a file listing");
  const server = await init.createServer({
    region: place.cloud.region,
    bucketName: stack.outputs.bucketName,
    files: { ...pki, outputsFile: stack.outputsFile },
    directory: join(place.workDirectory, "external-server"),
    logDirectory: place.logDirectory,
    signal,
  });
  init.onServer(server);
  reporter.command(await logStep(log, 3, "ra-signer configure", () => server.configureProfile()));
  reporter.result(await server.readProfile());
  await init.beforeApp?.(server);
  reporter.progress("Starting the NestJS app");
  const appUrl = await logStep(log, 3, "app start", () => server.startApp());
  reporter.result(`listening on ${appUrl}`);
  return { pki, stack, server, appUrl };
}

async function runPhase1({ place, reporter, log, signal }: RunPhasesInit): Promise<Pki> {
  reporter.chapter("Phase 1 · PKI: a private CA and a client certificate");
  return await createPki({
    directory: join(place.workDirectory, "pki"),
    environment: place.serverEnvironment,
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
  { place, reporter, log }: RunPhasesInit,
  pki: Pki,
  signal: AbortSignal | undefined,
  seen: () => void,
): Promise<DeployedStack> {
  reporter.chapter("Phase 2 · Infrastructure: trust anchor, role, profile and bucket");
  const directory = join(place.workDirectory, "infra");
  await mkdir(directory);
  const { caCertificatePath, commonName } = pki;
  reporter.command(
    [
      "cdk deploy",
      ...place.shownContext,
      `--context caCertificatePath=${caCertificatePath} --context certificateCommonNames=${commonName}`,
    ].join(" "),
  );
  const onEvent = (event: StackEvent): void => {
    log?.add({ kind: "stack-event", ...event });
    const isOver = !event.status.endsWith("_IN_PROGRESS");
    (isOver ? reporter.result : reporter.status)(toLine(event));
    seen();
  };
  const stack = await logStep(log, 2, "cdk deploy", () =>
    deployStack({ place, caCertificatePath, commonName, directory, onEvent, signal }),
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
