import { loadIdentity } from "../keys/identity.ts";
import type { IdentitySources, SigningIdentity } from "../keys/identity.ts";
import { canonicalQuery } from "../sigv4-x509/canonical-request.ts";
import {
  HEADER_ATTEMPT,
  HEADER_AUTHORIZATION,
  HEADER_CERTIFICATE,
  HEADER_CHAIN,
  HEADER_DATE,
  HEADER_INVOCATION_ID,
  SESSIONS_PATH,
} from "../sigv4-x509/constants.ts";
import { signRequest } from "../sigv4-x509/sign-request.ts";
import { VERSION } from "../version.ts";
import { invocationId } from "./invocation-id.ts";
import { endpointOf, regionOf } from "./session-parameters.ts";
import type { SessionParameters } from "./session-parameters.ts";

/** What may vary between attempts at one session. */
export interface AttemptOptions {
  /** Moment of the signature. @default now */
  readonly moment?: Date;
  /** Counts from 1. @default 1 */
  readonly attempt?: number;
  /** Goes into `Amz-Sdk-Request`. @default 3 */
  readonly maxAttempts?: number;
  /** UUID that stays the same over all attempts. @default a random one */
  readonly invocationId?: string;
}

/** A signed CreateSession request, ready to be sent (or changed, by a test that wants to see it refused). */
export interface SignedCreateSessionRequest {
  readonly method: "POST";
  /** Absolute URL with its query, encoded as signed. */
  readonly url: string;
  /** All headers but Content-Length, which is not signed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What was hashed, for people who compare signatures. */
  readonly canonicalRequest: string;
  /** What the private key signed. */
  readonly stringToSign: string;
}

/**
 * Builds and signs a CreateSession request without sending it and without any check of certificate or parameters.
 *
 * @param init Identity, parameters, and optionally moment, attempt and invocation id.
 * @throws {SignerError} when the identity cannot be read, the endpoint is no URL, or the region is missing.
 * @example
 * const { url, method, headers, body } = await signCreateSessionRequest({
 *   certificate: "client.pem", privateKey: "client.key", trustAnchorArn, profileArn, roleArn });
 * await fetch(url, { method, headers, body });
 */
export async function signCreateSessionRequest(
  init: IdentitySources & SessionParameters & AttemptOptions,
): Promise<SignedCreateSessionRequest> {
  return signWithIdentity(loadIdentity(init), init, init);
}

/** The same with an identity that was loaded before. */
export async function signWithIdentity(
  identity: SigningIdentity,
  parameters: SessionParameters,
  options: AttemptOptions = {},
): Promise<SignedCreateSessionRequest> {
  const region = regionOf(parameters);
  const endpoint = endpointOf(parameters);
  const query = {
    profileArn: parameters.profileArn,
    roleArn: parameters.roleArn,
    trustAnchorArn: parameters.trustAnchorArn,
  };
  const body = requestBody(parameters);
  const headers = {
    [HEADER_INVOCATION_ID]: options.invocationId ?? invocationId(),
    [HEADER_ATTEMPT]: `attempt=${options.attempt ?? 1}; max=${options.maxAttempts ?? 3}`,
    "Content-Type": "application/json",
    Host: endpoint.host,
    [HEADER_CERTIFICATE]: base64(identity.certificate.der),
    ...(identity.intermediates.length === 0
      ? {}
      : { [HEADER_CHAIN]: identity.intermediates.map(base64).join(",") }),
  };
  const { serialNumber } = identity.certificate;
  const signature = await signRequest(
    { method: "POST", path: SESSIONS_PATH, query, headers, body },
    { signer: identity.signer, serialNumber, region, moment: options.moment ?? new Date() },
  );
  return {
    method: "POST",
    url: `${endpoint.origin}${basePath(endpoint)}${SESSIONS_PATH}?${canonicalQuery(query)}`,
    headers: {
      ...headers,
      "User-Agent": `ra-signer/${VERSION} (node ${process.version}; ${process.platform}; ${process.arch})`,
      [HEADER_DATE]: signature.amzDate,
      [HEADER_AUTHORIZATION]: signature.authorization,
    },
    body,
    canonicalRequest: signature.canonicalRequest,
    stringToSign: signature.stringToSign,
  };
}

function requestBody({ durationSeconds, roleSessionName }: SessionParameters): string {
  return JSON.stringify({
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
    ...(roleSessionName === undefined || roleSessionName === "" ? {} : { roleSessionName }),
  });
}

/** Path of the endpoint without a slash at its end. */
function basePath({ pathname }: URL): string {
  return pathname === "/" ? "" : pathname.replace(/\/+$/, "");
}

function base64(der: Uint8Array): string {
  return Buffer.from(der).toString("base64");
}
