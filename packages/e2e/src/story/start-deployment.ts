import { chooseBackend, startSandbox, withoutAwsSettings } from "@roles-anywhere/sandbox";
import type { Sandbox } from "@roles-anywhere/sandbox";
import type { EventLog } from "../report/event-log.ts";
import { logSessions } from "../report/observe.ts";
import type { Settings } from "../settings/read-settings.ts";
import { buildImages } from "./build-images.ts";
import type { Images } from "./build-images.ts";
import type { ExternalServer, ExternalServerInit } from "./external-server/external-server.ts";
import { createProcessServer } from "./external-server/process-server.ts";
import { sandboxPlace } from "./place.ts";
import type { Reporter } from "./reporter.ts";
import { runPhases } from "./run-phases.ts";
import type { Phases } from "./run-phases.ts";

/** The result of all three phases: a running sandbox with certificates, stack, external server and app. */
export interface Deployment extends Phases, AsyncDisposable {
  sandbox: Sandbox;
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
  const { log } = init;
  const { sandbox, images } = await startParts(init);
  log?.add({ kind: "run", at: new Date().toISOString(), name: log.name, backend: sandbox.backend });
  const stops: (() => Promise<void>)[] = [() => sandbox.stop()];
  const stop = async (): Promise<void> => {
    const actions = stops.splice(0);
    if (log !== undefined && actions.length > 0) await logSessions(sandbox, log);
    await Promise.all(actions.map((action) => action()));
  };
  try {
    const phases = await runPhases({
      ...init,
      place: sandboxPlace(sandbox),
      createServer: (serverInit) => createServer(sandbox, images, serverInit),
      // A container of the app has the labels of the sandbox, which removes it together with its own.
      onServer: (server) => sandbox.network === undefined && stops.push(() => server.stop()),
    });
    return { sandbox, ...phases, stop, [Symbol.asyncDispose]: stop };
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
