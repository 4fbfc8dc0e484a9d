import { SignerError } from "../errors.ts";
import type { SessionParameters } from "../session/session-parameters.ts";
import type { AwsEnvironment, Environment } from "../config/environment.ts";
import { caBundleFromEnvironment } from "../http/ca-bundle.ts";
import { proxyFromEnvironment } from "../http/proxy.ts";
import type { HttpOptions } from "../http/send.ts";
import { IDENTITY_FLAGS } from "./identity-flags.ts";
import type { Flags } from "./parse-flags.ts";

/** Flags of every command that asks for a session; names and defaults are those of `aws_signing_helper`. */
export const SESSION_FLAGS = {
  ...IDENTITY_FLAGS,
  intermediates: {
    type: "text",
    value: "FILE",
    help: "intermediate certificates, PEM, at most 5",
    default: "none, or those of the PKCS#12 file",
  },
  "trust-anchor-arn": { type: "text", value: "ARN", help: "trust anchor of the CA" },
  "profile-arn": { type: "text", value: "ARN", help: "profile that lists the role" },
  "role-arn": { type: "text", value: "ARN", help: "role to assume" },
  region: { type: "text", value: "REGION", help: "region to sign for", default: "the trust anchor's" },
  endpoint: {
    type: "text",
    value: "URL",
    help: "service URL with its scheme",
    default: "AWS_ENDPOINT_URL_ROLESANYWHERE, AWS_ENDPOINT_URL, then the region's",
  },
  "session-duration": { type: "integer", value: "SECONDS", help: "life of the session", default: "3600" },
  "role-session-name": {
    type: "text",
    value: "NAME",
    help: "session name, if the profile accepts one",
    default: "the certificate's serial number",
  },
  "with-proxy": { type: "switch", help: "use HTTPS_PROXY, HTTP_PROXY and NO_PROXY", default: "false" },
  "no-verify-ssl": { type: "switch", help: "do not check the server's certificate", default: "false" },
  debug: { type: "switch", help: "describe each request on stderr", default: "false" },
} as const;

/** How the service is reached, by the flags, AWS_CA_BUNDLE and, with `--with-proxy`, the proxy's variables. */
export function httpOptions(flags: Flags<typeof SESSION_FLAGS>, environment: Environment): HttpOptions {
  return {
    verifySsl: flags["no-verify-ssl"] !== true,
    caBundle: caBundleFromEnvironment(environment),
    ...(flags["with-proxy"] === true ? { proxyFor: proxyFromEnvironment(environment) } : {}),
  };
}

const DEFAULT_SESSION_DURATION_SECONDS = 3600;

/** Session parameters from the flags, then from the environment. */
export function sessionParameters(
  flags: Flags<typeof SESSION_FLAGS>,
  environment: AwsEnvironment,
): SessionParameters {
  const endpoint = flags.endpoint || environment.endpoint;
  return {
    trustAnchorArn: required(flags, "trust-anchor-arn"),
    profileArn: required(flags, "profile-arn"),
    roleArn: required(flags, "role-arn"),
    durationSeconds: flags["session-duration"] ?? DEFAULT_SESSION_DURATION_SECONDS,
    useFipsEndpoint: environment.useFipsEndpoint,
    useDualstackEndpoint: environment.useDualstackEndpoint,
    ...(flags.region ? { region: flags.region } : {}),
    ...(endpoint ? { endpoint } : {}),
    ...(flags["role-session-name"] ? { roleSessionName: flags["role-session-name"] } : {}),
  };
}

function required(
  flags: Flags<typeof SESSION_FLAGS>,
  name: "trust-anchor-arn" | "profile-arn" | "role-arn",
): string {
  const value = flags[name];
  if (value) return value;
  throw new SignerError("ERR_SIGNER_USAGE", `--${name} is missing`);
}
