import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { getDirectly, startSandbox } from "@roles-anywhere/sandbox";
import type { Sandbox, SandboxOptions } from "@roles-anywhere/sandbox";
import { z } from "zod";
import type { SoakRecord } from "../report/records.ts";
import { createPki } from "../story/create-pki.ts";
import { deployStack } from "../story/deploy-stack.ts";
import { sandboxPlace } from "../story/place.ts";
import { createProcessServer } from "../story/external-server/process-server.ts";
import { FAULTS } from "./faults.ts";
import type { Targets } from "./faults.ts";
import { startLoad } from "./load.ts";
import type { Sample } from "./load.ts";
import { heapGrowth, memoryVariables, readMemory } from "./memory.ts";
import type { Memory } from "./memory.ts";
import { startPausingProxy } from "./pausing-proxy.ts";
import { startRestartableMock } from "./restartable-mock.ts";

/** How many apps work at the same time. Each has a session of its own. */
const APPS = 4;
/** The app renews a session when half of it is left, so it has ten seconds to get over a fault. */
const SESSION_SECONDS = 20;
/** A fault is injected after at most so many renewals. */
const MOST_RENEWALS_BETWEEN_FAULTS = 5;
const POLL_MS = 500;

type Happening = SoakRecord["faults"][number];

export interface SoakResult {
  readonly record: SoakRecord;
  /** The whole run as one sample. */
  readonly total: Omit<Sample, "at">;
  /** Why requests failed. */
  readonly failures: readonly string[];
  /** By how much each app's heap has grown, as a part of its size; undefined when the run was too short to tell. */
  readonly heapGrowths: readonly (number | undefined)[];
}

export interface SoakInit extends Pick<SandboxOptions, "backend" | "environment" | "signal"> {
  /** It ends after so many renewals, and not before every fault was injected once. */
  readonly renewals: number;
  readonly onProgress: (line: string) => void;
}

/**
 * Several apps serve requests, and get new sessions all the time, while one thing after the other goes wrong. Every fault
 * is over before a session ends, so that an app that does everything right fails no request.
 *
 * IAM is not enforced: the mock is restarted, and would not know the sessions that it gave before.
 */
export async function runSoak(init: SoakInit): Promise<SoakResult> {
  const { backend, environment, signal, onProgress } = init;
  await using sandbox = await startSandbox({ backend, environment, signal, onProgress });
  onProgress("Making a CA and deploying the stack");
  const pki = await createPki({
    ...{ directory: join(sandbox.workDirectory, "pki"), environment: sandbox.environments.server, signal },
  });
  const directory = join(sandbox.workDirectory, "infra");
  await mkdir(directory);
  const stack = await deployStack({ ...pki, place: sandboxPlace(sandbox), directory, signal });
  await using localstack = await startPausingProxy(sandbox.endpointUrl);
  await using mock = await startRestartableMock({
    ...{ environment, signal, localstackEndpoint: localstack.url },
    ...{ source: sandbox, sessionSeconds: SESSION_SECONDS },
  });
  onProgress(`Starting ${APPS} apps with sessions of ${SESSION_SECONDS} s`);
  await using apps = new Disposables();
  const started = await Promise.all(
    Array.from({ length: APPS }, async (_, index) => {
      const folder = join(sandbox.workDirectory, `app-${index + 1}`);
      const memoryFile = `${folder}.memory.jsonl`;
      const server = await createProcessServer(
        { environments: serverEnvironments(sandbox, { mock, localstack }, memoryVariables(memoryFile)) },
        {
          region: sandbox.region,
          bucketName: stack.outputs.bucketName,
          files: { ...pki, outputsFile: stack.outputsFile },
          directory: folder,
          logDirectory: sandbox.logDirectory,
          signal,
        },
      );
      apps.add(server);
      await server.configureProfile();
      return { name: `app ${index + 1}`, url: await server.startApp(), memoryFile };
    }),
  );
  const at = new Date().toISOString();
  const load = startLoad(started.map(({ url }) => `${url}/api/files`));
  const { renewals, faults } = await injectFaults(init, started, { mock, localstack });
  onProgress("Ending the load");
  const { samples, total } = await load.stop();
  const memory = await Promise.all(started.map(({ memoryFile }) => readMemory(memoryFile)));
  return {
    record: {
      ...{ kind: "soak", at, name: `${APPS} apps`, renewals: [...renewals], faults: [...faults] },
      samples: samples.map((sample) => Object.assign(sample, { rssBytes: rssAt(memory, sample.at) })),
    },
    ...{ total, failures: load.failures },
    heapGrowths: memory.map(heapGrowth),
  };
}

const identity = z.object({ credentialsExpireAt: z.string() });

/** Injects one fault after the other until there were enough renewals. */
async function injectFaults(
  { renewals: enough, onProgress, signal }: SoakInit,
  apps: readonly { readonly name: string; readonly url: string }[],
  targets: Targets,
): Promise<{ renewals: readonly Happening[]; faults: readonly Happening[] }> {
  const renewals: Happening[] = [];
  const faults: Happening[] = [];
  const known = new Map<string, string>();
  const interval = Math.min(MOST_RENEWALS_BETWEEN_FAULTS, Math.max(1, Math.floor(enough / FAULTS.length)));
  const done = new AbortController();
  const happened = (text: string): Happening => ({ at: new Date().toISOString(), text });
  const watch = async (): Promise<void> => {
    while (!done.signal.aborted) {
      for (const { name, url } of apps) {
        // A failure is the load's to count: its requests need the same session.
        const { status, body } = await getDirectly(`${url}/api/identity`, signal);
        if (status !== 200) continue;
        const { credentialsExpireAt } = identity.parse(JSON.parse(body));
        if (known.has(name) && known.get(name) !== credentialsExpireAt) {
          renewals.push(happened(`${name} has a session until ${credentialsExpireAt}`));
        }
        known.set(name, credentialsExpireAt);
      }
      await setTimeout(POLL_MS, undefined, { signal });
    }
  };
  const breakThings = async (): Promise<void> => {
    for (let index = 0; ; index += 1) {
      const next = renewals.length + interval;
      while (renewals.length < next) await setTimeout(POLL_MS, undefined, { signal });
      const fault = FAULTS[index % FAULTS.length];
      if ((renewals.length >= enough && index >= FAULTS.length) || fault === undefined) break;
      onProgress(`${renewals.length} renewals. ${fault.text}`);
      faults.push(happened(fault.text));
      await fault.inject(targets);
    }
  };
  await Promise.all([watch(), breakThings().finally(() => done.abort())]);
  return { renewals, faults };
}

function serverEnvironments(
  { environments }: Pick<Sandbox, "environments">,
  { mock, localstack }: Targets,
  more: Readonly<Record<string, string>>,
): Sandbox["environments"] {
  const endpoints = {
    AWS_ENDPOINT_URL: localstack.url,
    AWS_ENDPOINT_URL_ROLESANYWHERE: mock.rolesAnywhereEndpoint,
    // The whole load comes from one address.
    RATE_LIMIT: "999999",
  };
  return { ...environments, server: { ...environments.server, ...endpoints, ...more } };
}

/** The resident memory of all apps together at a time. */
function rssAt(memory: readonly (readonly Memory[])[], time: string): number {
  const last = (reports: readonly Memory[]): number =>
    (reports.findLast(({ at }) => at <= Date.parse(time)) ?? reports[0])?.rssBytes ?? 0;
  return memory.reduce((sum, reports) => sum + last(reports), 0);
}

/** Things that end together. */
class Disposables implements AsyncDisposable {
  readonly #all: AsyncDisposable[] = [];
  add(one: AsyncDisposable): void {
    this.#all.push(one);
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((one) => one[Symbol.asyncDispose]()));
  }
}
