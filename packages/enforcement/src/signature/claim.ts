import { indexHeaders, parseQuery, splitTarget } from "./received.ts";
import type { SignedRequest } from "./received.ts";
import { refuseSignature } from "./refusal.ts";
import type { SignatureRefusal } from "./refusal.ts";
import { faultOfScope, readCredential } from "./scope.ts";
import type { AuthorizationClaim, ExpectedScope, SignatureClaim } from "./scope.ts";

const ALGORITHM = "AWS4-HMAC-SHA256";
const REQUIRED_FIELDS = ["Credential", "Signature", "SignedHeaders"] as const;
const QUERY_NAMES = ["X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature"] as const;

/**
 * Reads who signed a request, from its `Authorization` header or its query. Use it to find the secret of the access key
 * before {@link verifySignature}; it costs no cryptography.
 *
 * @returns the claim, or the refusal of a request without a signature or with one that is malformed
 *
 * @example
 * const claim = readClaim(request);
 * const session = "refused" in claim ? undefined : sessions.get(claim.accessKeyId);
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html
 */
export function readClaim(request: SignedRequest): SignatureClaim | { readonly refused: SignatureRefusal } {
  const headers = indexHeaders(request.headers);
  const query = parseQuery(splitTarget(request.path).query) ?? [];
  const inQuery = new Map(query.map(([name, value]) => [name.toLowerCase(), value]));
  const authorization = headers.get("authorization")?.join(",");
  const isPresigned = inQuery.has("x-amz-algorithm") || inQuery.has("x-amz-signature");
  if (authorization !== undefined && isPresigned) {
    const detail =
      "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization header should be specified";
    return { refused: refuseSignature("SIGNED_TWICE", request.service, detail) };
  }
  if (isPresigned) return readPresigned(request.service, query);
  if (inQuery.has("awsaccesskeyid") && inQuery.has("signature")) return unsupported(request.service, "AWS");
  const sent = headers.get("x-amz-date")?.join(",") ?? "";
  const hasDate = headers.has("x-amz-date") || headers.has("date");
  const claim = readAuthorization(authorization, { service: request.service, hasDate });
  if ("refused" in claim) return claim;
  return {
    ...claim,
    presigned: false,
    amzDate: sent,
    signedAt: parseAmzDate(sent),
    sessionToken: headers.get("x-amz-security-token")?.join(","),
  };
}

/** How {@link readAuthorization} reads a header. */
export interface AuthorizationOptions {
  /** Name of the service as botocore writes it, for the error. */
  readonly service: string;
  /** Whether `X-Amz-Date` or `Date` is present. */
  readonly hasDate: boolean;
  /** What the credential scope must say. @default the scope is not looked at */
  readonly scope?: ExpectedScope | undefined;
}

/** Reads an `Authorization` header by itself. {@link readClaim} also reads presigned requests. */
export function readAuthorization(
  authorization: string | undefined,
  { service, hasDate, scope: expected }: AuthorizationOptions,
): AuthorizationClaim | { readonly refused: SignatureRefusal } {
  if (authorization === undefined || authorization.trim() === "") {
    return { refused: refuseSignature("SIGNATURE_MISSING", service) };
  }
  const [algorithm = "", ...rest] = authorization.trim().split(" ");
  if (algorithm !== ALGORITHM) return unsupported(service, algorithm);
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
  const malformed = (detail: string): { refused: SignatureRefusal } => ({
    refused: refuseSignature("SIGNATURE_MALFORMED", service, detail),
  });
  if (complaints.length > 0) return malformed(complaints.join(" "));
  const scope = readCredential(fields.get("Credential") ?? "");
  if (scope === undefined) return malformed(CREDENTIAL_TEXT);
  const fault = expected === undefined ? undefined : faultOfScope(service, scope, expected);
  if (fault !== undefined) return { refused: refuseSignature("SCOPE_INVALID", service, fault) };
  return {
    ...scope,
    signedHeaders: (fields.get("SignedHeaders") ?? "").split(";"),
    signature: fields.get("Signature") ?? "",
  };
}

function readPresigned(
  service: string,
  query: readonly (readonly [string, string])[],
): SignatureClaim | { readonly refused: SignatureRefusal } {
  const malformed = (detail: string): { refused: SignatureRefusal } => ({
    refused: refuseSignature("PRESIGNED_QUERY_MALFORMED", service, detail),
  });
  const values = new Map<string, string>();
  for (const [name, value] of query) {
    if (values.has(name) && name.startsWith("X-Amz-"))
      return malformed(`${name} must occur once in the query.`);
    values.set(name, value);
  }
  const algorithm = values.get("X-Amz-Algorithm") ?? "";
  if (algorithm !== ALGORITHM) return unsupported(service, algorithm);
  const missing = QUERY_NAMES.filter((name) => !values.has(name));
  if (missing.length > 0) return malformed(`The query requires ${missing.join(", ")}.`);
  const scope = readCredential(values.get("X-Amz-Credential") ?? "");
  if (scope === undefined) return malformed(CREDENTIAL_TEXT);
  const amzDate = values.get("X-Amz-Date") ?? "";
  const expires = values.get("X-Amz-Expires");
  return {
    ...scope,
    signedHeaders: (values.get("X-Amz-SignedHeaders") ?? "").split(";"),
    signature: values.get("X-Amz-Signature") ?? "",
    presigned: true,
    amzDate,
    signedAt: parseAmzDate(amzDate),
    expiresInSeconds: expires === undefined ? undefined : /^\d{1,9}$/u.test(expires) ? Number(expires) : NaN,
    sessionToken: values.get("X-Amz-Security-Token"),
  };
}

const CREDENTIAL_TEXT =
  "Credential must have at least 5 slash-delimited elements: access key id, date, region, service, aws4_request.";

function unsupported(service: string, algorithm: string): { refused: SignatureRefusal } {
  return {
    refused: refuseSignature("SIGNATURE_VERSION", service, `Unsupported AWS 'algorithm': '${algorithm}'.`),
  };
}

/** Reads a time of the form `YYYYMMDDTHHMMSSZ`; `undefined` for another form or a time that does not exist. */
export function parseAmzDate(text: string): Date | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/u.exec(text);
  if (parts === null) return undefined;
  const date = new Date(`${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}Z`);
  // Date takes 30 February for 2 March, and 24:00:00 for the next day.
  return date.getUTCDate() === Number(parts[3]) ? date : undefined;
}

/** A time as `X-Amz-Date` writes it. */
export function toAmzDate(date: Date): string {
  return `${date.toISOString().replaceAll(/[-:]/gu, "").slice(0, 15)}Z`;
}
