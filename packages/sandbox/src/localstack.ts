import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { SandboxError } from "./errors.ts";
import { mockPackageFolder } from "./mock-package.ts";
import { getDirectly } from "./readiness.ts";

/** The last release of LocalStack that starts without an auth token. */
export const LOCALSTACK_VERSION = "4.14.0";

/** The services that the mock and the kit's stack need. */
const NEEDED_SERVICES = ["s3", "sts", "iam", "cloudformation", "ssm"];

/** The CloudFormation hook that comes with the mock. */
export const HOOK_FILE_NAME = "roles_anywhere.py";

/** The hook that comes with the mock and asks it for permission. */
const ENFORCEMENT_HOOK_FILE_NAME = "enforce_iam.py";

/** The hooks that LocalStack loads at its start. */
export function hookFileNames(enforceIam: boolean): readonly string[] {
  return enforceIam ? [HOOK_FILE_NAME, ENFORCEMENT_HOOK_FILE_NAME] : [HOOK_FILE_NAME];
}

/** Path of a hook inside the installed mock package. */
export function hookPath(fileName = HOOK_FILE_NAME): string {
  return join(mockPackageFolder(), "localstack", fileName);
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
  "RA_ENFORCE_IAM",
  "RA_SECURE_TRANSPORT",
];

export interface LocalstackSettingsInit {
  /** The mock, as LocalStack sees it. */
  rolesAnywhereEndpoint: string;
  region: string;
  /** Services beside those that the sandbox needs. */
  services: readonly string[];
  /** Whether LocalStack asks the mock for permission. */
  enforceIam: boolean;
  /** Whether requests count as made over TLS then. */
  secureTransport: boolean;
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
    RA_ENFORCE_IAM: String(init.enforceIam),
    RA_SECURE_TRANSPORT: String(init.secureTransport),
  };
}

const initReport = z.object({
  completed: z.record(z.string(), z.boolean()),
  scripts: z.array(z.object({ name: z.string(), stage: z.string(), state: z.string() })),
});

/** What LocalStack says about a hook. */
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

/** What happens when LocalStack continues without a hook. */
const WITHOUT_HOOK: Readonly<Record<string, string>> = {
  [HOOK_FILE_NAME]: "stacks would hold trust anchors that do not exist",
  [ENFORCEMENT_HOOK_FILE_NAME]: "no policy would be enforced",
};

/**
 * Waits until LocalStack has loaded a hook. When a hook fails, LocalStack continues without it: it then reports resources
 * as created that do not exist, or enforces no policy. So a failed hook must stop the sandbox.
 *
 * @param endpointUrl where LocalStack answers
 * @param hook for example `roles_anywhere.py`
 * @throws {SandboxError} ERR_SANDBOX_HOOK_FAILED when the hook is missing or failed
 */
export async function checkInitHook(
  endpointUrl: string,
  hook: string,
  logDirectory: string,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + 60_000;
  const fail = (reason: string): never => {
    throw new SandboxError(
      "ERR_SANDBOX_HOOK_FAILED",
      `${reason}, so ${WITHOUT_HOOK[hook] ?? "it would do without"}. LocalStack's log says why: ${logDirectory}/localstack.log`,
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

/** Waits until LocalStack has loaded all hooks of the sandbox. */
export async function checkInitHooks(
  endpointUrl: string,
  {
    enforceIam,
    logDirectory,
    signal,
  }: { enforceIam: boolean; logDirectory: string; signal?: AbortSignal | undefined },
): Promise<void> {
  for (const hook of hookFileNames(enforceIam)) await checkInitHook(endpointUrl, hook, logDirectory, signal);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
