import { hash, timingSafeEqual } from "node:crypto";
import { calculateSignature } from "./calculate-signature.ts";
import { readClaim, toAmzDate } from "./claim.ts";
import { indexHeaders, parseQuery, splitTarget } from "./received.ts";
import type { SignedRequest } from "./received.ts";
import { refuseSignature } from "./refusal.ts";
import type { SignatureRefusal, SignatureRefusalReason } from "./refusal.ts";
import { faultOfScope, S3_SIGNING_NAMES } from "./scope.ts";
import type { ExpectedScope, SignatureClaim } from "./scope.ts";

/** What the request must have been signed with. */
export interface SigningCredentials {
  readonly secretAccessKey: string;
  /** What `X-Amz-Security-Token` must hold; a key without one must come without it. */
  readonly sessionToken?: string | undefined;
  /** @default the credentials do not expire */
  readonly expiresAt?: Date | undefined;
}

/** The rules of a service that differ from the default. */
export interface VerifyOptions {
  readonly now: Date;
  /** How far the date of a request may be from `now`, in seconds. @default 900 */
  readonly clockSkewSeconds?: number | undefined;
  /** What the credential scope must say. @default any region; any service, except that S3, STS, IAM and CloudFormation expect their own */
  readonly scope?: ExpectedScope | undefined;
}

/** A signature that is right. */
export interface ValidSignature {
  readonly valid: true;
  readonly claim: SignatureClaim;
}

const DEFAULT_SKEW_SECONDS = 900;
const MAX_EXPIRES_SECONDS = 604_800;
const EMPTY_SHA256 = hash("sha256", "");
/**
 * Verifies the SigV4 signature of a request as received: signed in its headers or presigned in its query. What costs
 * nothing is checked first (form, scope, date, token), then one signature is calculated and compared in constant time.
 *
 * @param credentials those of the access key that {@link readClaim} found; `undefined` when nobody has that key
 * @returns who signed, or the refusal with the error that the service answers
 *
 * @example
 * const verdict = verifySignature(request, { secretAccessKey, sessionToken, expiresAt }, { now: new Date() });
 * if (!verdict.valid) return answer(verdict.error.status, verdict.error.code, verdict.error.message);
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export function verifySignature(
  request: SignedRequest,
  credentials: SigningCredentials | undefined,
  options: VerifyOptions,
): ValidSignature | SignatureRefusal {
  const claim = readClaim(request);
  if ("refused" in claim) return claim.refused;
  const refuse = (reason: SignatureRefusalReason, detail?: string): SignatureRefusal =>
    refuseSignature(reason, request.service, detail);
  const fault = faultOfScope(request.service, claim, options.scope);
  if (fault !== undefined) return refuse("SCOPE_INVALID", fault);
  return (
    checkDate(claim, options, refuse) ??
    checkCredentials(claim, credentials, options.now, refuse) ??
    checkSignedHeaders(request, claim, refuse) ??
    checkSignature(request, claim, credentials?.secretAccessKey ?? "", refuse) ?? { valid: true, claim }
  );
}

type Refuse = (reason: SignatureRefusalReason, detail?: string) => SignatureRefusal;

function checkDate(
  { amzDate, signedAt, scopeDate, service, presigned, expiresInSeconds }: SignatureClaim,
  { now, clockSkewSeconds = DEFAULT_SKEW_SECONDS }: VerifyOptions,
  refuse: Refuse,
): SignatureRefusal | undefined {
  if (signedAt === undefined) {
    const detail = "Date must be in ISO-8601 'basic format' (YYYYMMDDTHHMMSSZ), in one X-Amz-Date header.";
    return refuse("DATE_INVALID", detail);
  }
  if (!amzDate.startsWith(scopeDate)) {
    return refuse(
      "SCOPE_INVALID",
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scopeDate}' != '${amzDate.slice(0, 8)}', from '${amzDate}'.`,
    );
  }
  const [skew, minutes] = [clockSkewSeconds * 1000, clockSkewSeconds / 60];
  const latest = new Date(now.getTime() + skew);
  if (signedAt > latest) {
    return refuse(
      presigned ? "PRESIGNED_NOT_YET_VALID" : "DATE_SKEWED",
      `Signature not yet current: ${amzDate} is still later than ${toAmzDate(latest)} (${toAmzDate(now)} + ${minutes} min.)`,
    );
  }
  // Only S3 insists on X-Amz-Expires; other services then take the window of a request with signed headers.
  if (presigned && (expiresInSeconds !== undefined || S3_SIGNING_NAMES.has(service))) {
    if (
      expiresInSeconds === undefined ||
      !(expiresInSeconds >= 1 && expiresInSeconds <= MAX_EXPIRES_SECONDS)
    ) {
      const detail = `X-Amz-Expires must be a number of seconds from 1 to ${MAX_EXPIRES_SECONDS}.`;
      return refuse("PRESIGNED_QUERY_MALFORMED", detail);
    }
    const end = new Date(signedAt.getTime() + expiresInSeconds * 1000);
    if (now <= end) return undefined;
    return refuse(
      "PRESIGNED_EXPIRED",
      `Signature expired: ${toAmzDate(end)} is now earlier than ${toAmzDate(now)}`,
    );
  }
  const earliest = new Date(now.getTime() - skew);
  if (signedAt >= earliest) return undefined;
  const detail = `Signature expired: ${amzDate} is now earlier than ${toAmzDate(earliest)} (${toAmzDate(now)} - ${minutes} min.)`;
  return refuse("DATE_SKEWED", detail);
}

function checkCredentials(
  { sessionToken }: SignatureClaim,
  credentials: SigningCredentials | undefined,
  now: Date,
  refuse: Refuse,
): SignatureRefusal | undefined {
  if (credentials === undefined) return refuse("ACCESS_KEY_UNKNOWN");
  const expected = credentials.sessionToken;
  if (expected === undefined || sessionToken === undefined) {
    // Without its token, a temporary access key is one that nobody has.
    if (expected !== undefined) return refuse("ACCESS_KEY_UNKNOWN");
    if (sessionToken !== undefined) return refuse("TOKEN_INVALID");
  } else if (!isSameText(expected, sessionToken)) {
    return refuse("TOKEN_INVALID");
  }
  const { expiresAt } = credentials;
  return expiresAt !== undefined && now >= expiresAt ? refuse("TOKEN_EXPIRED") : undefined;
}

function checkSignedHeaders(
  { headers }: SignedRequest,
  { signedHeaders }: SignatureClaim,
  refuse: Refuse,
): SignatureRefusal | undefined {
  const signed = new Set(signedHeaders);
  if (!signed.has("host")) return refuse("HOST_NOT_SIGNED");
  const unsigned = headers.some(([name]) => {
    const lower = name.toLowerCase();
    return lower.startsWith("x-amz-") && !signed.has(lower);
  });
  return unsigned ? refuse("HEADER_NOT_SIGNED") : undefined;
}

function checkSignature(
  request: SignedRequest,
  claim: SignatureClaim,
  secretAccessKey: string,
  refuse: Refuse,
): SignatureRefusal | undefined {
  const payload = payloadHashOf(request, claim);
  if (payload.fault !== undefined) return refuse(payload.fault);
  if (!/^[0-9a-f]{64}$/u.test(claim.signature)) return refuse("SIGNATURE_MISMATCH");
  const expected = calculateSignature(request, claim, secretAccessKey, payload.hash);
  if (expected === undefined) return refuse("SIGNATURE_MISMATCH");
  return timingSafeEqual(expected, Buffer.from(claim.signature, "hex"))
    ? undefined
    : refuse("SIGNATURE_MISMATCH");
}

/**
 * The hash of the payload that was signed. S3 signs what `x-amz-content-sha256` says: the hash of the body,
 * `UNSIGNED-PAYLOAD`, or `STREAMING-…` when each chunk of the body has a signature of its own. Other services sign the
 * hash of the body.
 */
function payloadHashOf(
  { headers, path, payloadSha256 }: SignedRequest,
  { service, presigned }: SignatureClaim,
): { readonly hash: string; readonly fault?: SignatureRefusalReason | undefined } {
  const header = indexHeaders(headers).get("x-amz-content-sha256")?.join(",");
  const isS3 = S3_SIGNING_NAMES.has(service);
  const announced = header ?? (presigned ? announcedInQuery(path) : undefined);
  if (announced === undefined) {
    if (!isS3) return { hash: payloadSha256 ?? EMPTY_SHA256 };
    return presigned ? { hash: "UNSIGNED-PAYLOAD" } : { hash: "", fault: "PAYLOAD_HASH_MISSING" };
  }
  const isHash = /^[0-9a-f]{64}$/u.test(announced);
  if (isHash) {
    const isWrong = payloadSha256 !== undefined && payloadSha256 !== announced;
    return { hash: announced, fault: isWrong ? "PAYLOAD_MISMATCH" : undefined };
  }
  const isToken = isS3 && /^(?:UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+)$/u.test(announced);
  return { hash: announced, fault: isToken ? undefined : "PAYLOAD_MISMATCH" };
}

function announcedInQuery(path: string): string | undefined {
  const query = parseQuery(splitTarget(path).query) ?? [];
  return query.find(([name]) => name.toLowerCase() === "x-amz-content-sha256")?.[1];
}

/** Compares in a time that does not depend on the secret, not even on its length. */
function isSameText(expected: string, received: string): boolean {
  return timingSafeEqual(hash("sha256", expected, "buffer"), hash("sha256", received, "buffer"));
}
