import { hash, timingSafeEqual } from "node:crypto";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { invalidOption } from "../errors/mock-error.ts";
import { ServiceError } from "../errors/service-error.ts";
import { headerValues, indexHeaders, parseQuery, splitTarget } from "../request/received-request.ts";
import type { ReceivedRequest } from "../request/received-request.ts";
import { CLOCK_SKEW_SECONDS, parseAmzDate } from "../request/signed-request.ts";

const SIGNING_SERVICE = "rolesanywhere";
const REQUIRED_FIELDS = ["Credential", "Signature", "SignedHeaders"] as const;

/** The contents of an `Authorization` header. The {@link SignatureVerifier} checks whether they are true. */
export interface ClaimedSignature {
  readonly accessKeyId: string;
  /** `yyyymmdd` */
  readonly scopeDate: string;
  readonly region: string;
  readonly service: string;
  /** Names as sent, in lower case by the rules of SigV4. */
  readonly signedHeaders: readonly string[];
  /** Hex of 64 digits when right. */
  readonly signature: string;
}

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
): ClaimedSignature {
  if (authorization === undefined || authorization.trim() === "") {
    throw new ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token");
  }
  const [algorithm, ...rest] = authorization.trim().split(" ");
  const fields = new Map<string, string>();
  for (const part of rest.join(" ").split(",")) {
    const separator = part.indexOf("=");
    if (separator > 0) fields.set(part.slice(0, separator).trim(), part.slice(separator + 1).trim());
  }
  const complaints = REQUIRED_FIELDS.filter((field) => !fields.has(field)).map(
    (field) => `Authorization header requires '${field}' parameter.`,
  );
  if (!hasDate) {
    complaints.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  if (algorithm !== "AWS4-HMAC-SHA256") {
    throw incomplete(`Unsupported AWS 'algorithm': '${algorithm ?? ""}'.`);
  }
  if (complaints.length > 0) throw incomplete(complaints.join(" "));
  return {
    ...requireScope(fields.get("Credential") ?? "", account),
    signedHeaders: (fields.get("SignedHeaders") ?? "").split(";"),
    signature: fields.get("Signature") ?? "",
  };
}

/** `<access key id>/<yyyymmdd>/<region>/rolesanywhere/aws4_request`; an access key id holds no slash. */
function requireScope(
  credential: string,
  account: { accountId: string; region: string },
): Omit<ClaimedSignature, "signedHeaders" | "signature"> {
  const [accessKeyId, date, region, service, terminator, ...more] = credential.split("/");
  if (!accessKeyId || !date || !region || !service || !terminator || more.length > 0) {
    throw incomplete(
      "Credential must have at least 5 slash-delimited elements: access key id, date, region, service, aws4_request.",
    );
  }
  const checks: readonly (readonly [isRight: boolean, message: string])[] = [
    [/^\d{8}$/.test(date), "Date in Credential scope does not have the form yyyymmdd."],
    [region === account.region, `Credential should be scoped to a valid region, not '${region}'.`],
    [service === SIGNING_SERVICE, `Credential should be scoped to correct service: '${SIGNING_SERVICE}'.`],
    [terminator === "aws4_request", "Credential should be scoped with a valid terminator: 'aws4_request'."],
  ];
  for (const [isRight, message] of checks) if (!isRight) throw invalid(message);
  if (/^\d{12}$/.test(accessKeyId) && accessKeyId !== account.accountId) {
    const message = `Access key id ${accessKeyId} names another account than ${account.accountId}, the one emulated here`;
    throw new ServiceError("AccessDeniedException", message);
  }
  return { accessKeyId, scopeDate: date, region, service };
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
  claimed: ClaimedSignature,
  now: Date,
) => Promise<void>;

const TOKEN_HEADER = "x-amz-security-token";
const PAYLOAD_HASH_HEADER = "x-amz-content-sha256";
const MISMATCH =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/**
 * Verifies SigV4 signatures of these keys: the request as received is signed again, by the AWS SDK's own signer, and
 * the two signatures are compared. The keys stay inside the returned function.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function createSignatureVerifier(accessKeys: readonly AccessKey[]): SignatureVerifier {
  const byId = indexAccessKeys(accessKeys);
  return async (request, claimed, now) => {
    const signingDate = requireRecentDate(request, claimed, now);
    const key = byId.get(claimed.accessKeyId);
    if (key === undefined || !carriesToken(request, key)) {
      const message = "The security token included in the request is invalid.";
      throw new ServiceError("UnrecognizedClientException", message);
    }
    if (!claimed.signedHeaders.includes("host")) {
      throw invalid("'Host' must be a 'SignedHeader' in the AWS Authorization header.");
    }
    const expected = await signAgain(request, claimed, key, signingDate);
    if (expected === undefined || !isSame(expected, claimed.signature)) throw invalid(MISMATCH);
  };
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

function requireRecentDate(request: ReceivedRequest, { scopeDate }: ClaimedSignature, now: Date): Date {
  const sent = headerValues(request, "x-amz-date").join(",");
  const signedAt = parseAmzDate(sent);
  if (signedAt === undefined) {
    throw invalid("Date must be in ISO-8601 'basic format' (YYYYMMDDTHHMMSSZ), in one X-Amz-Date header.");
  }
  if (!sent.startsWith(scopeDate)) {
    throw invalid(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scopeDate}' != '${sent.slice(0, 8)}', from '${sent}'.`,
    );
  }
  const [skew, minutes] = [CLOCK_SKEW_SECONDS * 1000, CLOCK_SKEW_SECONDS / 60];
  const [earliest, latest] = [new Date(now.getTime() - skew), new Date(now.getTime() + skew)];
  if (signedAt >= earliest && signedAt <= latest) return signedAt;
  throw invalid(
    signedAt < earliest
      ? `Signature expired: ${sent} is now earlier than ${toAmzDate(earliest)} (${toAmzDate(now)} - ${minutes} min.)`
      : `Signature not yet current: ${sent} is still later than ${toAmzDate(latest)} (${toAmzDate(now)} + ${minutes} min.)`,
  );
}

function carriesToken(request: ReceivedRequest, { sessionToken }: AccessKey): boolean {
  const [sent, ...more] = headerValues(request, TOKEN_HEADER);
  if (sent === undefined || sessionToken === undefined) return sent === sessionToken;
  return more.length === 0 && isSame(sessionToken, sent);
}

/** @returns the signature in hex; `undefined` when what was received cannot have been signed */
async function signAgain(
  request: ReceivedRequest,
  { signedHeaders, region, service }: ClaimedSignature,
  { accessKeyId, secretAccessKey }: AccessKey,
  signingDate: Date,
): Promise<string | undefined> {
  const { method, body } = request;
  const { path, query } = splitTarget(request.target);
  const parameters = parseQuery(query);
  const headers = collectHeaders(request, signedHeaders);
  if (parameters === undefined || headers === undefined) return undefined;
  // The signer believes this header instead of hashing the body.
  const announced = headers[PAYLOAD_HASH_HEADER];
  if (announced !== undefined && announced !== hash("sha256", body)) return undefined;
  const signer = new SignatureV4({
    // Without the token: the signer would add a header that the client may not have signed.
    credentials: { accessKeyId, secretAccessKey },
    region,
    service,
    sha256: Sha256,
    applyChecksum: false,
  });
  // The signer encodes the path, in which an ARN is encoded already. Clients do the same.
  const signed = await signer.sign(
    { method, protocol: "http:", hostname: "", path, query: groupByName(parameters), headers, body },
    // By default the signer leaves out headers that proxies change. Here it signs all that the client signed.
    { signingDate, signableHeaders: new Set(signedHeaders) },
  );
  return /Signature=([0-9a-f]{64})$/.exec(signed.headers["authorization"] ?? "")?.[1];
}

/** The signed headers and the token. A token that the client did not sign so leads to another signature. */
function collectHeaders(
  { rawHeaders }: ReceivedRequest,
  signedHeaders: readonly string[],
): Record<string, string> | undefined {
  const received = indexHeaders(rawHeaders);
  const names = received.has(TOKEN_HEADER) ? [...signedHeaders, TOKEN_HEADER] : signedHeaders;
  const entries = names.map((name) => [name, received.get(name.toLowerCase())?.join(",")]);
  return entries.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(entries);
}

function groupByName(parameters: readonly (readonly [string, string])[]): Record<string, string[]> {
  const grouped = new Map<string, string[]>();
  for (const [name, value] of parameters) grouped.set(name, [...(grouped.get(name) ?? []), value]);
  return Object.fromEntries(grouped);
}

/** Compares in a time that does not depend on the secret, not even on its length. */
function isSame(expected: string, received: string): boolean {
  return timingSafeEqual(hash("sha256", expected, "buffer"), hash("sha256", received, "buffer"));
}

function toAmzDate(date: Date): string {
  return `${date.toISOString().replaceAll(/[-:]/g, "").slice(0, 15)}Z`;
}

function incomplete(message: string): ServiceError {
  return new ServiceError("IncompleteSignatureException", message);
}

function invalid(message: string): ServiceError {
  return new ServiceError("InvalidSignatureException", message);
}
