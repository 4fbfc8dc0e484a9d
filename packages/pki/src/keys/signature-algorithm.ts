import { sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { nullValue, oid, sequence } from "../der/encode.ts";
import type { Asn1 } from "../der/encode.ts";

/**
 * How a CA signs, by the names of RFC 4055, RFC 5758 and RFC 9881. AWS KMS calls them `RSASSA_PKCS1_V1_5_SHA_256`,
 * `ECDSA_SHA_256`, `ECDSA_SHA_384`, `ECDSA_SHA_512` and `ML_DSA_SHAKE_256`.
 */
export type SignatureAlgorithm =
  | "sha256WithRSAEncryption"
  | "ecdsa-with-SHA256"
  | "ecdsa-with-SHA384"
  | "ecdsa-with-SHA512"
  | "id-ml-dsa-44"
  | "id-ml-dsa-65"
  | "id-ml-dsa-87";

interface AlgorithmRule {
  readonly oid: string;
  /** The digest that is signed; null for ML-DSA, which signs the message itself. */
  readonly digest: string | null;
}

const RULES: Readonly<Record<SignatureAlgorithm, AlgorithmRule>> = {
  sha256WithRSAEncryption: { oid: "1.2.840.113549.1.1.11", digest: "sha256" },
  "ecdsa-with-SHA256": { oid: "1.2.840.10045.4.3.2", digest: "sha256" },
  "ecdsa-with-SHA384": { oid: "1.2.840.10045.4.3.3", digest: "sha384" },
  "ecdsa-with-SHA512": { oid: "1.2.840.10045.4.3.4", digest: "sha512" },
  "id-ml-dsa-44": { oid: "2.16.840.1.101.3.4.3.17", digest: null },
  "id-ml-dsa-65": { oid: "2.16.840.1.101.3.4.3.18", digest: null },
  "id-ml-dsa-87": { oid: "2.16.840.1.101.3.4.3.19", digest: null },
};

const ECDSA_BY_CURVE: ReadonlyMap<string | undefined, SignatureAlgorithm> = new Map([
  ["prime256v1", "ecdsa-with-SHA256"],
  ["secp384r1", "ecdsa-with-SHA384"],
  ["secp521r1", "ecdsa-with-SHA512"],
]);

/**
 * The algorithm that a key signs with: RSA with SHA-256, ECDSA with the digest of the curve's strength, or ML-DSA.
 *
 * @returns undefined for keys that Roles Anywhere does not accept
 */
export function signatureAlgorithmOf(key: KeyObject): SignatureAlgorithm | undefined {
  switch (key.asymmetricKeyType) {
    case "rsa":
      return "sha256WithRSAEncryption";
    case "ec":
      return ECDSA_BY_CURVE.get(key.asymmetricKeyDetails?.namedCurve);
    case "ml-dsa-44":
    case "ml-dsa-65":
    case "ml-dsa-87":
      return `id-${key.asymmetricKeyType}`;
    default:
      return undefined;
  }
}

/**
 * The AlgorithmIdentifier in a certificate, a request or a CRL.
 *
 * @see RFC 4055 §5 (NULL as the parameters), RFC 5758 §3.2 and RFC 9881 §2 (no parameters)
 */
export function algorithmIdentifier(algorithm: SignatureAlgorithm): Asn1 {
  const identifier = oid(RULES[algorithm].oid);
  return algorithm === "sha256WithRSAEncryption" ? sequence(identifier, nullValue()) : sequence(identifier);
}

/** The algorithm of an object identifier in dotted form; undefined for others. */
export function signatureAlgorithmNamed(dotted: string): SignatureAlgorithm | undefined {
  return ALGORITHMS.find((algorithm) => RULES[algorithm].oid === dotted);
}

const ALGORITHMS: readonly SignatureAlgorithm[] = [
  "sha256WithRSAEncryption",
  "ecdsa-with-SHA256",
  "ecdsa-with-SHA384",
  "ecdsa-with-SHA512",
  "id-ml-dsa-44",
  "id-ml-dsa-65",
  "id-ml-dsa-87",
];

/** Signs octets. An ECDSA signature is the DER of Ecdsa-Sig-Value. */
export function signOctets(algorithm: SignatureAlgorithm, octets: Uint8Array, key: KeyObject): Buffer {
  return sign(RULES[algorithm].digest, octets, key);
}

/** Whether a signature is that of these octets by the private key of `publicKey`. */
export function isSignatureOf(
  algorithm: SignatureAlgorithm,
  octets: Uint8Array,
  publicKey: KeyObject,
  signature: Uint8Array,
): boolean {
  try {
    return verify(RULES[algorithm].digest, octets, publicKey, signature);
  } catch {
    // A signature or key that the algorithm does not know at all.
    return false;
  }
}
