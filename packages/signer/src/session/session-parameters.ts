import { quoted, SignerError } from "../errors.ts";
import { canonicalQuery } from "../sigv4-x509/canonical-request.ts";
import { SESSIONS_PATH } from "../sigv4-x509/constants.ts";
import { parseArn, parseArnOf, SESSION_ARNS } from "./arn.ts";
import { parseEndpoint, regionalEndpoint } from "./endpoint.ts";
import type { EndpointOptions } from "./endpoint.ts";

/** The three ARNs of a session. */
export interface SessionArns {
  /** ARN of the trust anchor whose CA issued the certificate. */
  readonly trustAnchorArn: string;
  /** ARN of the profile that lists the role. */
  readonly profileArn: string;
  /** ARN of the role to assume. */
  readonly roleArn: string;
}

/** What to ask CreateSession for. */
export interface SessionParameters extends SessionArns, EndpointOptions {
  /** Region of the endpoint and of the signature. @default the region of the trust anchor's ARN */
  readonly region?: string | undefined;
  /**
   * URL of the service. Its path is put before `/sessions` on the wire; the signature covers `/sessions` alone, as
   * `aws_signing_helper` does, so what serves the path must strip it.
   *
   * @default the regional endpoint
   */
  readonly endpoint?: string | undefined;
  /** Wished life of the session, 900 to 43200 seconds; the profile's own is the upper bound. @default the profile's */
  readonly durationSeconds?: number | undefined;
  /** Session name; the profile must accept one. @default the certificate's serial number, chosen by the service */
  readonly roleSessionName?: string | undefined;
}

/**
 * The region of a request.
 *
 * @throws {SignerError} ERR_SIGNER_REGION_MISSING when neither the parameters nor the trust anchor's ARN have one;
 *   ERR_SIGNER_ENDPOINT_INVALID when it has characters that no region has.
 */
export function regionOf(parameters: SessionParameters): string {
  const region = parameters.region ?? parseArn(parameters.trustAnchorArn, "trust anchor").region;
  if (region === "") {
    throw new SignerError(
      "ERR_SIGNER_REGION_MISSING",
      `trust anchor ARN ${quoted(parameters.trustAnchorArn)} has no region; give one (--region)`,
    );
  }
  if (!/^[A-Za-z0-9-]{1,32}$/.test(region)) {
    throw new SignerError(
      "ERR_SIGNER_ENDPOINT_INVALID",
      `region ${quoted(region)} is not one; give a name such as us-east-1`,
    );
  }
  return region;
}

/**
 * The endpoint of a request.
 *
 * @throws {SignerError} as `regionOf`; ERR_SIGNER_ENDPOINT_INVALID when the endpoint is no usable URL.
 */
export function endpointOf(parameters: SessionParameters): URL {
  return parseEndpoint(parameters.endpoint ?? regionalEndpoint(regionOf(parameters), parameters));
}

/** What is asked of which service: worked out once, and the same for each session and each attempt. */
export interface ResolvedParameters extends SessionArns {
  readonly region: string;
  readonly endpoint: URL;
  /** Absolute URL of the request with its query, encoded as it is signed. */
  readonly url: string;
  /** Query parameters, decoded. */
  readonly query: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

/**
 * Works out region, endpoint, query and body of the request.
 *
 * @throws {SignerError} as `regionOf` and `endpointOf`; ERR_SIGNER_ARN_INVALID when an ARN is undefined.
 */
export function resolveParameters(parameters: SessionParameters): ResolvedParameters {
  const { trustAnchorArn, profileArn, roleArn, durationSeconds, roleSessionName } = parameters;
  requireArns(parameters);
  const endpoint = endpointOf(parameters);
  const query = { profileArn, roleArn, trustAnchorArn };
  return {
    ...query,
    region: regionOf(parameters),
    endpoint,
    url: `${endpoint.origin}${endpoint.pathname.replace(/\/+$/, "")}${SESSIONS_PATH}?${canonicalQuery(query)}`,
    query,
    // JSON.stringify leaves undefined members out.
    body: JSON.stringify({ durationSeconds, roleSessionName: roleSessionName || undefined }),
  };
}

/** @throws {SignerError} ERR_SIGNER_ARN_INVALID naming the option that is undefined. */
export function requireArns(arns: SessionArns): void {
  const missing = SESSION_ARNS.find(({ option }) => typeof arns[option] !== "string")?.option;
  if (missing === undefined) return;
  throw new SignerError(
    "ERR_SIGNER_ARN_INVALID",
    `the option ${missing} is ${typeof arns[missing]}, and has to be an ARN; is the variable set that it comes from?`,
  );
}

/**
 * Finds parameters that cannot work, before anything is sent.
 *
 * @throws {SignerError} ERR_SIGNER_ARN_INVALID when an ARN does not parse, is of another kind, or the role is missing;
 *   ERR_SIGNER_REGION_MISMATCH when trust anchor and profile are in different regions.
 */
export function checkSessionParameters(parameters: SessionParameters): void {
  requireArns(parameters);
  const trustAnchor = parseArnOf(parameters.trustAnchorArn, "trust anchor");
  const profile = parseArnOf(parameters.profileArn, "profile");
  if (trustAnchor.region !== profile.region) {
    throw new SignerError(
      "ERR_SIGNER_REGION_MISMATCH",
      `trust anchor and profile regions don't match: "${trustAnchor.region}" and "${profile.region}"; both must be in one region`,
    );
  }
  if (parameters.roleArn === "") {
    throw new SignerError("ERR_SIGNER_ARN_INVALID", "the role ARN is missing; give one (--role-arn)");
  }
  parseArnOf(parameters.roleArn, "role");
}
