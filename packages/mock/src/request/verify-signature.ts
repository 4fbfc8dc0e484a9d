import { type KeyObject, verify } from "node:crypto";
import { AWS_MESSAGE, denied } from "../errors/refusal.ts";
import type { Certificate } from "../trust/certificate.ts";
import type { Algorithm } from "./authorization.ts";

/** The curves whose keys may sign; AWS names none, these are the ones that its helper and CAs use. */
const CURVES: ReadonlySet<string> = new Set(["prime256v1", "secp384r1", "secp521r1"]);

/**
 * The certificate's key, when it is of a type that may sign and that the algorithm token belongs to.
 *
 * @throws {Refusal} KEY_TYPE_UNSUPPORTED, ALGORITHM_KEY_MISMATCH
 */
export function signingKey(certificate: Certificate, algorithm: Algorithm): KeyObject {
  const key = certificate.publicKey;
  const wanted = key === undefined ? undefined : algorithmOf(key);
  if (key === undefined || wanted === undefined) {
    const type =
      key?.asymmetricKeyDetails?.namedCurve ?? key?.asymmetricKeyType ?? certificate.publicKeyAlgorithm;
    throw denied("KEY_TYPE_UNSUPPORTED", AWS_MESSAGE.insufficient, {
      expected: "an RSA, EC (P-256, P-384, P-521) or ML-DSA-44/65/87 key",
      received: type,
      remedy:
        "issue the certificate for another key; ML-DSA needs a Node.js whose OpenSSL knows it (24 and later)",
    });
  }
  if (wanted !== algorithm) {
    throw denied("ALGORITHM_KEY_MISMATCH", AWS_MESSAGE.signature, {
      expected: `${wanted}, for the ${key.asymmetricKeyType} key of the certificate`,
      received: algorithm,
      remedy: "sign with the private key that belongs to the certificate in X-Amz-X509",
    });
  }
  return key;
}

/** Verifies the signature over the string to sign. False for whatever is not a signature. */
export function verifySignature(
  algorithm: Algorithm,
  key: KeyObject,
  stringToSign: string,
  signature: Uint8Array,
): boolean {
  // ML-DSA signs the string itself, the others its SHA-256 whatever the size of the key.
  const digest = algorithm === "AWS4-X509-MLDSA" ? null : "sha256";
  try {
    return verify(digest, Buffer.from(stringToSign), key, signature);
  } catch {
    return false;
  }
}

function algorithmOf(key: KeyObject): Algorithm | undefined {
  const type: string | undefined = key.asymmetricKeyType;
  if (type === "rsa") return "AWS4-X509-RSA-SHA256";
  if (type === "ec") {
    return CURVES.has(key.asymmetricKeyDetails?.namedCurve ?? "") ? "AWS4-X509-ECDSA-SHA256" : undefined;
  }
  return type?.startsWith("ml-dsa-") === true ? "AWS4-X509-MLDSA" : undefined;
}
