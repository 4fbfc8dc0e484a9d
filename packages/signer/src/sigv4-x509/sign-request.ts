import { messageOf, SignerError } from "../errors.ts";
import { authorizationHeader } from "./authorization-header.ts";
import { canonicalRequest } from "./canonical-request.ts";
import type { RequestToSign } from "./canonical-request.ts";
import { HEADER_DATE } from "./constants.ts";
import type { X509Algorithm } from "./constants.ts";
import { formatAmzDate, stringToSign } from "./string-to-sign.ts";

/**
 * Signs with the private key of the end-entity certificate: a file, or a KMS, HSM or smart card of yours.
 */
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
 * @param context Key, serial number, region and moment.
 * @throws {SignerError} ERR_SIGNER_SIGN_FAILED when the signer throws or gives no bytes.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
 */
export async function signRequest(
  request: RequestToSign,
  context: SigningContext,
): Promise<RequestSignature> {
  const amzDate = formatAmzDate(context.moment);
  const canonical = canonicalRequest({ ...request, headers: { ...request.headers, [HEADER_DATE]: amzDate } });
  const text = stringToSign({
    algorithm: context.signer.algorithm,
    amzDate,
    region: context.region,
    canonicalRequestSha256: canonical.sha256,
  });
  const signature = await signatureBy(context.signer, Buffer.from(text, "utf8"));
  const authorization = authorizationHeader({
    algorithm: context.signer.algorithm,
    serialNumber: context.serialNumber,
    amzDate,
    region: context.region,
    signedHeaders: canonical.signedHeaders,
    signature,
  });
  return { amzDate, authorization, canonicalRequest: canonical.text, stringToSign: text };
}

async function signatureBy(signer: RequestSigner, message: Uint8Array): Promise<Uint8Array> {
  const advice = "check the key behind it and that it signs what its algorithm says";
  let signature: unknown;
  try {
    signature = await signer.sign(message);
  } catch (cause) {
    throw new SignerError(
      "ERR_SIGNER_SIGN_FAILED",
      `the sign function failed: ${messageOf(cause)}; ${advice}`,
      {
        cause,
      },
    );
  }
  if (signature instanceof Uint8Array && signature.length > 0) return signature;
  throw new SignerError("ERR_SIGNER_SIGN_FAILED", `the sign function gave no signature; ${advice}`);
}
