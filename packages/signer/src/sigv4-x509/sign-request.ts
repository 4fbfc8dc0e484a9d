import { messageOf, SignerError } from "../errors.ts";
import { canonicalRequest } from "./canonical-request.ts";
import type { RequestToSign } from "./canonical-request.ts";
import { HEADER_DATE, SCOPE_TERMINATOR } from "./constants.ts";
import type { X509Algorithm } from "./constants.ts";

/** Signs with the private key of the end-entity certificate: a file, or a KMS, HSM or smart card of yours. */
export interface RequestSigner {
  readonly algorithm: X509Algorithm;
  /**
   * Signs the bytes of the string to sign.
   *
   * RSA: PKCS#1 v1.5 over SHA-256. EC: DER `SEQUENCE{r,s}` over SHA-256, whatever the curve. ML-DSA: pure, over the raw
   * bytes, with empty context.
   */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** Who signs, for which region, when. */
export interface SigningContext {
  readonly signer: RequestSigner;
  /** Serial number of the end-entity certificate in decimal. */
  readonly serialNumber: string;
  readonly region: string;
  readonly moment: Date;
}

/** A signature with everything that led to it. */
export interface RequestSignature {
  /** `YYYYMMDDTHHMMSSZ`; the X-Amz-Date header that was signed. */
  readonly amzDate: string;
  /** Value of the Authorization header. */
  readonly authorization: string;
  readonly canonicalRequest: string;
  readonly stringToSign: string;
}

/**
 * Signs a request with SigV4-X509.
 *
 * @param request The request without X-Amz-Date, which is added from `context.moment`.
 * @throws {SignerError} ERR_SIGNER_SIGN_FAILED when the signer throws or gives no bytes.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
 */
export async function signRequest(
  request: RequestToSign,
  { signer, serialNumber, region, moment }: SigningContext,
): Promise<RequestSignature> {
  const { algorithm } = signer;
  const amzDate = formatAmzDate(moment);
  const { text, sha256, signedHeaders } = canonicalRequest({
    ...request,
    headers: { ...request.headers, [HEADER_DATE]: amzDate },
  });
  const toSign = stringToSign({ algorithm, amzDate, region, canonicalRequestSha256: sha256 });
  const signature = await signatureBy(signer, Buffer.from(toSign, "utf8"));
  const credential = `${serialNumber}/${credentialScope(amzDate, region)}`;
  return {
    amzDate,
    // Task 4 of the AWS page.
    authorization: `${algorithm} Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${Buffer.from(signature).toString("hex")}`,
    canonicalRequest: text,
    stringToSign: toSign,
  };
}

async function signatureBy(signer: RequestSigner, message: Uint8Array): Promise<Uint8Array> {
  const fail = (what: string, cause?: unknown): SignerError =>
    new SignerError(
      "ERR_SIGNER_SIGN_FAILED",
      `the sign function ${what}; check the key behind it and that it signs what its algorithm says`,
      { cause },
    );
  let signature: unknown;
  try {
    signature = await signer.sign(message);
  } catch (cause) {
    // What signs on a token says more than this could.
    if (cause instanceof SignerError) throw cause;
    throw fail(`failed: ${messageOf(cause)}`, cause);
  }
  if (signature instanceof Uint8Array && signature.length > 0) return signature;
  throw fail("gave no signature");
}

/**
 * The four lines that the private key signs.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html (Task 2)
 */
export function stringToSign(parts: {
  readonly algorithm: X509Algorithm;
  /** `YYYYMMDDTHHMMSSZ`, UTC. */
  readonly amzDate: string;
  readonly region: string;
  readonly canonicalRequestSha256: string;
}): string {
  const { algorithm, amzDate, region, canonicalRequestSha256 } = parts;
  return [algorithm, amzDate, credentialScope(amzDate, region), canonicalRequestSha256].join("\n");
}

/** `<yyyymmdd>/<region>/rolesanywhere/aws4_request`. */
function credentialScope(amzDate: string, region: string): string {
  return `${amzDate.slice(0, 8)}/${region}/rolesanywhere/${SCOPE_TERMINATOR}`;
}

/**
 * A moment as `YYYYMMDDTHHMMSSZ` in UTC.
 *
 * Part by part, since toISOString reads the time zone first, which is felt in the start-up time of the command.
 */
export function formatAmzDate(moment: Date): string {
  const day = [moment.getUTCFullYear(), moment.getUTCMonth() + 1, moment.getUTCDate()];
  const time = [moment.getUTCHours(), moment.getUTCMinutes(), moment.getUTCSeconds()];
  return `${digits(day)}T${digits(time)}Z`;
}

function digits(numbers: readonly number[]): string {
  return numbers.map((number) => String(number).padStart(2, "0")).join("");
}
