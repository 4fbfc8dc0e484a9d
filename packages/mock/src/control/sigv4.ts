import { hash } from "node:crypto";
import { readAuthorization, verifySignature } from "@roles-anywhere/enforcement";
import type { AuthorizationClaim, SignatureRefusal } from "@roles-anywhere/enforcement";
import { invalidOption } from "../errors/mock-error.ts";
import { isServiceErrorType, ServiceError } from "../errors/service-error.ts";
import type { ReceivedRequest } from "../request/received-request.ts";
import { CLOCK_SKEW_SECONDS } from "../request/signed-request.ts";

const SERVICE = "rolesanywhere";

/**
 * Refuses a request that does not carry a SigV4 signature for this service, region and account. The signature itself
 * is not verified here, because that takes secret keys. An access key id of twelve digits names the caller's account,
 * as in LocalStack; any other access key belongs to the emulated account.
 *
 * @param authorization value of the `Authorization` header
 * @param hasDate whether `X-Amz-Date` or `Date` is present
 * @param account the emulated account and region
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function requireSignature(
  authorization: string | undefined,
  hasDate: boolean,
  account: { readonly accountId: string; readonly region: string },
): AuthorizationClaim {
  const scope = { region: account.region, service: SERVICE };
  const claim = readAuthorization(authorization, { service: SERVICE, hasDate, scope });
  if ("refused" in claim) throw toServiceError(claim.refused);
  const { accessKeyId } = claim;
  if (/^\d{12}$/.test(accessKeyId) && accessKeyId !== account.accountId) {
    const message = `Access key id ${accessKeyId} names another account than ${account.accountId}, the one emulated here`;
    throw new ServiceError("AccessDeniedException", message);
  }
  return claim;
}

/** A long-term or temporary key of IAM that may sign calls of the control plane. */
export interface AccessKey {
  /** Sent in clear: `AKIA…`, or anything without `/`, `,` and blanks. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** What `X-Amz-Security-Token` must hold; a key without one must come without that header. */
  readonly sessionToken?: string | undefined;
}

/**
 * Decides whether a request was signed with a known key.
 *
 * @throws {ServiceError} 403 `InvalidSignatureException` or `UnrecognizedClientException`
 */
export type SignatureVerifier = (
  request: ReceivedRequest,
  claimed: Pick<AuthorizationClaim, "accessKeyId">,
  now: Date,
) => Promise<void>;

/**
 * Verifies SigV4 signatures of these keys, with `@roles-anywhere/enforcement`. The keys stay inside the returned function.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function createSignatureVerifier(accessKeys: readonly AccessKey[]): SignatureVerifier {
  const byId = indexAccessKeys(accessKeys);
  return async (request, { accessKeyId }, now) => {
    const { method, target, rawHeaders, body } = request;
    const payloadSha256 = hash("sha256", body);
    const signed = { service: SERVICE, method, path: target, headers: pairUp(rawHeaders), payloadSha256 };
    const options = { now, clockSkewSeconds: CLOCK_SKEW_SECONDS };
    const verdict = verifySignature(signed, byId.get(accessKeyId), options);
    if (!verdict.valid) throw toServiceError(verdict);
  };
}

function pairUp(rawHeaders: readonly string[]): readonly (readonly [name: string, value: string])[] {
  return rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ""] as const] : []));
}

function indexAccessKeys(accessKeys: readonly AccessKey[]): ReadonlyMap<string, AccessKey> {
  const byId = new Map<string, AccessKey>();
  for (const [index, key] of accessKeys.entries()) {
    const fault = faultOf(key, byId);
    // Without the id too: a user who swapped the two fields has put the secret there.
    if (fault !== undefined) throw invalidOption(`access key ${index + 1} ${fault}`);
    byId.set(key.accessKeyId, key);
  }
  return byId;
}

function faultOf(key: AccessKey, known: ReadonlyMap<string, AccessKey>): string | undefined {
  if (!/^[^\s/,]+$/.test(key.accessKeyId)) {
    return "has an empty id or one with a blank, slash or comma; give an id such as AKIDEXAMPLE";
  }
  if (key.secretAccessKey === "") return "has no secret; give the one that its clients sign with";
  if (key.sessionToken === "") return "has an empty session token; leave it out or give one";
  if (known.has(key.accessKeyId)) return "has the id of an earlier one; give each id once";
  return undefined;
}

function toServiceError({ error: { code, message } }: SignatureRefusal): ServiceError {
  return new ServiceError(isServiceErrorType(code) ? code : "InvalidSignatureException", message);
}
