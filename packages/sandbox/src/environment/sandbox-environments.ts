import { join } from "node:path";
import { withoutAwsSettings } from "./without-aws-settings.ts";

export interface SandboxEnvironmentsInit {
  /** What to start from, usually `process.env`. */
  environment: Readonly<Record<string, string | undefined>>;
  endpointUrl: string;
  rolesAnywhereEndpoint: string;
  region: string;
  accountId: string;
  /** A folder that belongs to this run; the AWS config and credentials files are looked for here and nowhere else. */
  workDirectory: string;
}

export interface SandboxEnvironments {
  /**
   * For programs that must get their credentials from a Roles Anywhere profile: endpoints and region, no access key.
   */
  server: Record<string, string>;
  /** For programs that act as the account's administrator, such as `cdk deploy`: the same and LocalStack's dummy key. */
  administrator: Record<string, string>;
}

/**
 * Environments for programs that run on this machine beside the sandbox. Neither can reach a real account: all `AWS_*`
 * settings of the caller are replaced, the config files point into the sandbox's folder, instance metadata is off.
 */
export function sandboxEnvironments(init: SandboxEnvironmentsInit): SandboxEnvironments {
  const server = {
    ...withoutAwsSettings(init.environment),
    AWS_ENDPOINT_URL: init.endpointUrl,
    AWS_ENDPOINT_URL_ROLESANYWHERE: init.rolesAnywhereEndpoint,
    AWS_REGION: init.region,
    AWS_DEFAULT_REGION: init.region,
    AWS_CONFIG_FILE: join(init.workDirectory, "aws", "config"),
    AWS_SHARED_CREDENTIALS_FILE: join(init.workDirectory, "aws", "credentials"),
    AWS_EC2_METADATA_DISABLED: "true",
    NO_PROXY: appendLoopback(init.environment["NO_PROXY"] ?? init.environment["no_proxy"]),
  };
  return {
    server,
    // LocalStack reads the account from a 12-digit access key id; the secret is not checked.
    administrator: { ...server, AWS_ACCESS_KEY_ID: init.accountId, AWS_SECRET_ACCESS_KEY: "test" },
  };
}

function appendLoopback(noProxy: string | undefined): string {
  const hosts = (noProxy ?? "").split(",").map((host) => host.trim());
  return [...new Set([...hosts, "127.0.0.1", "localhost"])].filter((host) => host !== "").join(",");
}
