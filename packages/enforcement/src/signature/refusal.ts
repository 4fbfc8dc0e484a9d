import { protocolOf } from "./protocol.ts";
import type { ErrorProtocol } from "./protocol.ts";

/** Why a signature is refused. */
export type SignatureRefusalReason = keyof typeof ERRORS;

/** The error that the service answers a client with. */
export interface ServiceErrorFacts {
  /** @example "SignatureDoesNotMatch" */
  readonly code: string;
  /** HTTP status. */
  readonly status: number;
  readonly message: string;
}

/** A signature that is not accepted. */
export interface SignatureRefusal {
  readonly valid: false;
  readonly reason: SignatureRefusalReason;
  readonly error: ServiceErrorFacts;
}

type Codes = Readonly<
  Record<"s3", readonly [code: string, status: number, message?: string]> &
    Record<"query", readonly [code: string, status: number]> &
    Record<"json", string>
>;

const MALFORMED = {
  s3: ["AuthorizationHeaderMalformed", 400],
  query: ["IncompleteSignature", 403],
  json: "IncompleteSignatureException",
} satisfies Codes;

const SCOPE = {
  ...MALFORMED,
  query: ["SignatureDoesNotMatch", 403],
  json: "InvalidSignatureException",
} satisfies Codes;

const MISMATCH = {
  s3: [
    "SignatureDoesNotMatch",
    403,
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
  ],
  query: ["SignatureDoesNotMatch", 403],
  json: "InvalidSignatureException",
} satisfies Codes;

const UNKNOWN = "The security token included in the request is invalid.";

/**
 * The error of each reason: for S3, for services with XML errors, and the code for services with JSON errors. The text
 * comes with the reason, except where S3 has one of its own.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
 */
export const ERRORS = {
  SIGNATURE_MISSING: {
    s3: ["AccessDenied", 403, "Access Denied"],
    query: ["MissingAuthenticationToken", 403],
    json: "MissingAuthenticationTokenException",
  },
  /** Part of the authentication information is missing or malformed. */
  SIGNATURE_MALFORMED: MALFORMED,
  /** The same in the query of a presigned request. */
  PRESIGNED_QUERY_MALFORMED: { ...MALFORMED, s3: ["AuthorizationQueryParametersError", 400] },
  /** Signature version 2, or an algorithm other than AWS4-HMAC-SHA256. */
  SIGNATURE_VERSION: {
    ...MALFORMED,
    s3: [
      "InvalidRequest",
      400,
      "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    ],
  },
  SIGNED_TWICE: { ...MALFORMED, s3: ["InvalidArgument", 400] },
  SCOPE_INVALID: SCOPE,
  DATE_INVALID: {
    ...SCOPE,
    s3: ["AccessDenied", 403, "AWS authentication requires a valid Date or x-amz-date header"],
  },
  DATE_SKEWED: {
    ...MISMATCH,
    s3: [
      "RequestTimeTooSkewed",
      403,
      "The difference between the request time and the current time is too large.",
    ],
  },
  PRESIGNED_NOT_YET_VALID: { ...MISMATCH, s3: ["AccessDenied", 403, "Request is not yet valid"] },
  PRESIGNED_EXPIRED: { ...MISMATCH, s3: ["AccessDenied", 403, "Request has expired"] },
  ACCESS_KEY_UNKNOWN: {
    s3: ["InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."],
    query: ["InvalidClientTokenId", 403],
    json: "UnrecognizedClientException",
  },
  TOKEN_INVALID: {
    s3: ["InvalidToken", 400, "The provided token is malformed or otherwise invalid."],
    query: ["InvalidClientTokenId", 403],
    json: "UnrecognizedClientException",
  },
  TOKEN_EXPIRED: {
    s3: ["ExpiredToken", 400, "The provided token has expired."],
    query: ["ExpiredToken", 403],
    json: "ExpiredTokenException",
  },
  HOST_NOT_SIGNED: {
    ...MISMATCH,
    s3: ["AccessDenied", 403, "There were headers present in the request which were not signed"],
  },
  HEADER_NOT_SIGNED: {
    ...MISMATCH,
    s3: ["AccessDenied", 403, "There were headers present in the request which were not signed"],
  },
  PAYLOAD_HASH_MISSING: {
    ...MISMATCH,
    s3: ["InvalidRequest", 400, "Missing required header for this request: x-amz-content-sha256"],
  },
  PAYLOAD_MISMATCH: {
    ...MISMATCH,
    s3: [
      "XAmzContentSHA256Mismatch",
      400,
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ],
  },
  SIGNATURE_MISMATCH: MISMATCH,
} as const satisfies Record<string, Codes>;

/** The text of a reason that has the same one in every request. */
const TEXTS: Partial<Record<SignatureRefusalReason, string>> = {
  SIGNATURE_MISSING: "Missing Authentication Token",
  ACCESS_KEY_UNKNOWN: UNKNOWN,
  TOKEN_INVALID: UNKNOWN,
  TOKEN_EXPIRED: "The security token included in the request is expired",
  HOST_NOT_SIGNED: "'Host' must be a 'SignedHeader' in the AWS Authorization header.",
};

const MISMATCH_TEXT =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/**
 * The refusal that a service answers with. {@link verifySignature} returns it; make one yourself for a session that was
 * revoked, for example.
 *
 * @param service name of the service as botocore writes it; decides codes and HTTP status
 * @param detail what is wrong with this request, for the reasons whose text says it
 *
 * @example
 * refuseSignature("TOKEN_EXPIRED", "s3").error; // { code: "ExpiredToken", status: 400, message: … }
 */
export function refuseSignature(
  reason: SignatureRefusalReason,
  service: string,
  detail?: string,
): SignatureRefusal {
  const { protocol, jsonStatus } = protocolOf(service);
  const message = detail ?? TEXTS[reason] ?? MISMATCH_TEXT;
  return { valid: false, reason, error: errorOf(ERRORS[reason], protocol, jsonStatus, message) };
}

function errorOf(
  codes: Codes,
  protocol: ErrorProtocol,
  jsonStatus: number,
  message: string,
): ServiceErrorFacts {
  if (protocol === "json") return { code: codes.json, status: jsonStatus, message };
  if (protocol === "query") return { code: codes.query[0], status: codes.query[1], message };
  const [code, status, ownMessage] = codes.s3;
  return { code, status, message: ownMessage ?? message };
}
