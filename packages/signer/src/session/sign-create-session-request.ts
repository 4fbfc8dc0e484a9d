import { randomUUID } from "node:crypto";

import type { IdentitySources, SigningIdentity } from "../keys/identity.ts";
import { loadAnyIdentity } from "../pkcs11/load.ts";
import { HEADER_DATE, SESSIONS_PATH } from "../sigv4-x509/constants.ts";
import { signRequest } from "../sigv4-x509/sign-request.ts";
import { VERSION } from "../version.ts";
import { resolveParameters } from "./session-parameters.ts";
import type { ResolvedParameters, SessionParameters } from "./session-parameters.ts";

/** What may vary between attempts at one session. */
export interface AttemptOptions {
  /** Moment of the signature. @default now */
  readonly moment?: Date | undefined;
  /** Counts from 1. @default 1 */
  readonly attempt?: number | undefined;
  /** Goes into `Amz-Sdk-Request`. @default 3 */
  readonly maxAttempts?: number | undefined;
  /** UUID that stays the same over all attempts. @default a random one */
  readonly invocationId?: string | undefined;
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
 * @param init Identity (loaded or where it is), parameters, and optionally moment, attempt and invocation id.
 * @throws {SignerError} when the identity cannot be read, the endpoint is no URL, or the region is missing.
 * @example
 * const { url, method, headers, body } = await signCreateSessionRequest({
 *   certificate: "client.pem", privateKey: "client.key", trustAnchorArn, profileArn, roleArn });
 * await fetch(url, { method, headers, body });
 */
export async function signCreateSessionRequest(
  init: IdentitySources & SessionParameters & AttemptOptions,
): Promise<SignedCreateSessionRequest> {
  return signAttempt(await loadAnyIdentity(init), resolveParameters(init), init);
}

/** Signs one attempt at a session. */
export async function signAttempt(
  identity: SigningIdentity,
  { region, endpoint, url, query, body }: ResolvedParameters,
  { moment = new Date(), attempt = 1, maxAttempts = 3, invocationId = randomUUID() }: AttemptOptions,
): Promise<SignedCreateSessionRequest> {
  const { certificate, intermediates, signer } = identity;
  const headers = {
    "Amz-Sdk-Invocation-Id": invocationId,
    "Amz-Sdk-Request": `attempt=${attempt}; max=${maxAttempts}`,
    "Content-Type": "application/json",
    Host: endpoint.host,
    "X-Amz-X509": base64(certificate.der),
    ...(intermediates.length === 0 ? {} : { "X-Amz-X509-Chain": intermediates.map(base64).join(",") }),
  };
  const { amzDate, authorization, ...signed } = await signRequest(
    { method: "POST", path: SESSIONS_PATH, query, headers, body },
    { signer, serialNumber: certificate.serialNumber, region, moment },
  );
  return {
    method: "POST",
    url,
    headers: {
      ...headers,
      "User-Agent": `ra-signer/${VERSION} (node ${process.version}; ${process.platform}; ${process.arch})`,
      [HEADER_DATE]: amzDate,
      Authorization: authorization,
    },
    body,
    ...signed,
  };
}

function base64(der: Uint8Array): string {
  return Buffer.from(der).toString("base64");
}
