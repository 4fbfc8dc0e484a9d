import { ServiceError } from "../../errors/service-error.ts";

const SIGNING_SERVICE = "rolesanywhere";
const REQUIRED_FIELDS = ["Credential", "Signature", "SignedHeaders"] as const;

/** What an `Authorization` header claims; whether it is true is for the verifier of signatures to say. */
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
 * is not verified here: that takes secret keys. An access key id of twelve digits names the caller's account,
 * as it does for LocalStack; any other stands for the emulated account.
 *
 * @param authorization value of the `Authorization` header
 * @param hasDate whether `X-Amz-Date` or `Date` is present
 * @param account the emulated account and region
 * @throws {ServiceError} 403, with the type and text that AWS's front end gives for the same defect
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function requireSignature(
  authorization: string | undefined,
  hasDate: boolean,
  account: { readonly accountId: string; readonly region: string },
): ClaimedSignature {
  if (authorization === undefined || authorization.trim() === "") {
    throw new ServiceError(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
  }
  const [algorithm, ...rest] = authorization.trim().split(" ");
  const fields = parseFields(rest.join(" "));
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

function parseFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const part of text.split(",")) {
    const separator = part.indexOf("=");
    if (separator > 0) fields.set(part.slice(0, separator).trim(), part.slice(separator + 1).trim());
  }
  return fields;
}

/** `<access key id>/<yyyymmdd>/<region>/rolesanywhere/aws4_request`; an access key id holds no slash. */
function requireScope(
  credential: string,
  account: { accountId: string; region: string },
): Omit<ClaimedSignature, "signedHeaders" | "signature"> {
  const [accessKeyId, date, scopeRegion, service, terminator, ...more] = credential.split("/");
  if (!accessKeyId || !date || !scopeRegion || !service || !terminator || more.length > 0) {
    throw incomplete(
      "Credential must have at least 5 slash-delimited elements: access key id, date, region, service, aws4_request.",
    );
  }
  if (!/^\d{8}$/.test(date)) throw invalid("Date in Credential scope does not have the form yyyymmdd.");
  if (scopeRegion !== account.region)
    throw invalid(`Credential should be scoped to a valid region, not '${scopeRegion}'.`);
  if (service !== SIGNING_SERVICE) {
    throw invalid(`Credential should be scoped to correct service: '${SIGNING_SERVICE}'.`);
  }
  if (terminator !== "aws4_request") {
    throw invalid("Credential should be scoped with a valid terminator: 'aws4_request'.");
  }
  if (/^\d{12}$/.test(accessKeyId) && accessKeyId !== account.accountId) {
    throw new ServiceError(
      403,
      "AccessDeniedException",
      `Access key id ${accessKeyId} names another account than ${account.accountId}, the one emulated here`,
    );
  }
  return { accessKeyId, scopeDate: date, region: scopeRegion, service };
}

function incomplete(message: string): ServiceError {
  return new ServiceError(403, "IncompleteSignatureException", message);
}

function invalid(message: string): ServiceError {
  return new ServiceError(403, "InvalidSignatureException", message);
}
