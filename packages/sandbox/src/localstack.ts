import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { SandboxError } from "./errors.ts";
import { getDirectly } from "./readiness.ts";

/** The last release of LocalStack that starts without an auth token. */
export const LOCALSTACK_VERSION = "4.14.0";

/** The services that the mock and the kit's stack need. */
const NEEDED_SERVICES = ["s3", "sts", "iam", "cloudformation", "ssm"];

/** The CloudFormation hook that comes with the mock. */
export const HOOK_FILE_NAME = "roles_anywhere.py";

/** Path of the hook inside the installed mock package. */
export function hookPath(): string {
  return fileURLToPath(
    new URL(`../localstack/${HOOK_FILE_NAME}`, import.meta.resolve("@roles-anywhere/mock")),
  );
}

/**
 * Settings of LocalStack that a caller must not change, because the sandbox depends on their values.
 */
export const RESERVED_SETTINGS: readonly string[] = [
  "SERVICES",
  "GATEWAY_LISTEN",
  "DNS_ADDRESS",
  "FILESYSTEM_ROOT",
  "OVERRIDE_IN_DOCKER",
];

export interface LocalstackSettingsInit {
  /** The mock, as LocalStack sees it. */
  rolesAnywhereEndpoint: string;
  region: string;
  /** Services beside those that the sandbox needs. */
  services: readonly string[];
  /** The caller's settings. They replace the defaults, but not the `RESERVED_SETTINGS`. */
  settings: Readonly<Record<string, string>>;
}

/**
 * LocalStack's own settings, the same in a container and as a process.
 *
 * @see https://docs.localstack.cloud/references/configuration/
 */
export function localstackSettings(init: LocalstackSettingsInit): Record<string, string> {
  return {
    // By default LocalStack reports resources of types that it lacks as created. Such a stack must fail.
    CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES: "0",
    PARITY_AWS_ACCESS_KEY_ID: "1",
    DISABLE_EVENTS: "1",
    SKIP_SSL_CERT_DOWNLOAD: "1",
    ...init.settings,
    SERVICES: [...new Set([...NEEDED_SERVICES, ...init.services])].join(","),
    // By default LocalStack starts a DNS server on every interface, if necessary with sudo.
    DNS_ADDRESS: "0",
    AWS_DEFAULT_REGION: init.region,
    AWS_ENDPOINT_URL_ROLESANYWHERE: init.rolesAnywhereEndpoint,
  };
}

const initReport = z.object({
  completed: z.record(z.string(), z.boolean()),
  scripts: z.array(z.object({ name: z.string(), stage: z.string(), state: z.string() })),
});

/** What LocalStack says about the CloudFormation hook. */
export type HookState = "loaded" | "loading" | "failed" | "missing";

/**
 * Asks LocalStack once for the state of the hook.
 *
 * @param endpointUrl where LocalStack answers
 * @throws {SandboxError} ERR_SANDBOX_HOOK_FAILED when the response is not that of LocalStack
 */
export async function readHookState(
  endpointUrl: string,
  hook: string,
  logDirectory: string,
  signal?: AbortSignal,
): Promise<HookState> {
  const url = `${endpointUrl}/_localstack/init`;
  const signals = signal === undefined ? [] : [signal];
  const { body } = await getDirectly(url, AbortSignal.any([AbortSignal.timeout(10_000), ...signals]));
  const report = initReport.safeParse(parseJson(body));
  if (!report.success) {
    throw new SandboxError(
      "ERR_SANDBOX_HOOK_FAILED",
      `${url} answered in an unknown shape; is this LocalStack 4?`,
      { cause: report.error, logDirectory },
    );
  }
  const { completed, scripts } = report.data;
  const state = scripts.find((script) => script.name === hook)?.state;
  if (state === "SUCCESSFUL") return "loaded";
  if (state === "ERROR") return "failed";
  return state === undefined && completed["START"] === true ? "missing" : "loading";
}

/**
 * Waits until LocalStack has loaded the CloudFormation hook. When a hook fails, LocalStack continues without it and later
 * reports resources as created that do not exist. So a failed hook must stop the sandbox.
 *
 * @param endpointUrl where LocalStack answers
 * @param hook for example `roles_anywhere.py`
 * @throws {SandboxError} ERR_SANDBOX_HOOK_FAILED when the hook is missing or failed
 */
export async function checkInitHooks(
  endpointUrl: string,
  hook: string,
  logDirectory: string,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + 60_000;
  const fail = (reason: string): never => {
    throw new SandboxError(
      "ERR_SANDBOX_HOOK_FAILED",
      `${reason}, so stacks would hold trust anchors that do not exist. LocalStack's log says why: ${logDirectory}/localstack.log`,
      { logDirectory },
    );
  };
  for (;;) {
    signal?.throwIfAborted();
    const state = await readHookState(endpointUrl, hook, logDirectory, signal);
    if (state === "loaded") return;
    if (state === "failed") fail(`LocalStack could not load the hook ${hook}`);
    if (state === "missing") fail(`LocalStack did not find the hook ${hook} in its init folder`);
    if (Date.now() > deadline) fail(`LocalStack did not finish the hook ${hook} within 60 s`);
    await sleep(100);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
