import { join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

export interface SandboxEnvironmentsInit {
  /** The caller's environment, usually `process.env`. */
  environment: Environment;
  endpointUrl: string;
  rolesAnywhereEndpoint: string;
  region: string;
  accountId: string;
  /** A folder that belongs to this run. SDKs look for the AWS config and credentials files in it and nowhere else. */
  workDirectory: string;
}

export interface SandboxEnvironments {
  /**
   * For programs that must get their credentials from a Roles Anywhere profile: endpoints and region, no access key.
   */
  server: Record<string, string>;
  /** For programs that act as the account's administrator, such as `cdk deploy`: `server` and LocalStack's dummy key. */
  administrator: Record<string, string>;
}

/**
 * Makes the environments for programs on this machine that use the sandbox. With them no program reaches a real account:
 * they replace all `AWS_*` settings of the caller, name AWS config files in the sandbox's folder, turn instance metadata
 * off, and keep requests to the sandbox out of the caller's proxy.
 *
 * @example
 * const { server } = sandboxEnvironments({ ...sandbox, environment: process.env });
 * spawn("node", ["app.js"], { env: server });

 */
export function sandboxEnvironments(init: SandboxEnvironmentsInit): SandboxEnvironments {
  const server = {
    ...isolatedEnvironment(init.environment, init.workDirectory),
    AWS_ENDPOINT_URL: init.endpointUrl,
    AWS_ENDPOINT_URL_ROLESANYWHERE: init.rolesAnywhereEndpoint,
    AWS_REGION: init.region,
    AWS_DEFAULT_REGION: init.region,
  };
  return { server, administrator: { ...server, ...administratorKey(init.accountId) } };
}

/** LocalStack takes an access key id of twelve digits as the account id, and does not check the secret. */
export function administratorKey(
  accountId: string,
): Record<"AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY", string> {
  return { AWS_ACCESS_KEY_ID: accountId, AWS_SECRET_ACCESS_KEY: "test" };
}

/** The AWS files that the programs of a sandbox read in place of the caller's own. */
export function awsFiles(
  workDirectory: string,
): Record<"AWS_CONFIG_FILE" | "AWS_SHARED_CREDENTIALS_FILE", string> {
  return {
    AWS_CONFIG_FILE: join(workDirectory, "aws", "config"),
    AWS_SHARED_CREDENTIALS_FILE: join(workDirectory, "aws", "credentials"),
  };
}

/** The given environment without the caller's AWS settings, with AWS files of its own, and with no proxy for loopback. */
export function isolatedEnvironment(environment: Environment, workDirectory: string): Record<string, string> {
  return {
    ...withoutAwsSettings(environment),
    ...awsFiles(workDirectory),
    AWS_EC2_METADATA_DISABLED: "true",
    ...withoutProxyFor(["127.0.0.1", "localhost", "::1"], environment),
  };
}

/**
 * Adds hosts to the caller's `NO_PROXY` and returns the list under both names: where both are set, curl, requests and
 * boto3 use `no_proxy`.
 *
 * @param environment the caller's environment, with its list under either name
 */
export function withoutProxyFor(
  hosts: readonly string[],
  environment: Environment = {},
): Record<"NO_PROXY" | "no_proxy", string> {
  const given = [environment["NO_PROXY"], environment["no_proxy"]]
    .flatMap((list) => (list ?? "").split(","))
    .map((host) => host.trim())
    .filter((host) => host !== "");
  // A star means "no proxy for any host" only when it is the whole list.
  const list = given.includes("*") ? "*" : [...new Set([...given, ...hosts])].join(",");
  return { NO_PROXY: list, no_proxy: list };
}

/**
 * Copies an environment without the variables that could lead an AWS SDK or the CDK to a real account: every `AWS_*`, such
 * as keys, profiles, endpoints, role ARNs and container credentials.
 *
 * @param environment usually `process.env`
 * @returns a copy; undefined values are left out
 */
export function withoutAwsSettings(environment: Environment): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || /^AWS_/i.test(name)) continue;
    kept[name] = value;
  }
  return kept;
}
