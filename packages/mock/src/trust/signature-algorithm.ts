import { constants, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { valueOr } from "../errors/value-or.ts";
import { children, DerError, encoded, readOid, sequence, TAG } from "./der.ts";
import type { DerNode } from "./der.ts";

/** How a certificate or CRL is signed. */
export interface SignatureAlgorithm {
  readonly oid: string;
  readonly name: string;
  /** Whether the hash is SHA-256 or stronger, as AWS demands. False also for an unknown algorithm. */
  readonly strong: boolean;
  /** For node:crypto; `hash` is `null` where the algorithm has its own, `padding` RSA's. Absent when weak. */
  readonly verification?: { readonly hash: string | null; readonly padding?: number };
}

const RSA_PSS = "1.2.840.113549.1.1.10";

const STRONG: Readonly<Record<string, readonly [name: string, hash: string | null]>> = {
  "1.2.840.113549.1.1.11": ["sha256WithRSAEncryption", "sha256"],
  "1.2.840.113549.1.1.12": ["sha384WithRSAEncryption", "sha384"],
  "1.2.840.113549.1.1.13": ["sha512WithRSAEncryption", "sha512"],
  "1.2.840.10045.4.3.2": ["ecdsa-with-SHA256", "sha256"],
  "1.2.840.10045.4.3.3": ["ecdsa-with-SHA384", "sha384"],
  "1.2.840.10045.4.3.4": ["ecdsa-with-SHA512", "sha512"],
  "2.16.840.1.101.3.4.3.17": ["ML-DSA-44", null],
  "2.16.840.1.101.3.4.3.18": ["ML-DSA-65", null],
  "2.16.840.1.101.3.4.3.19": ["ML-DSA-87", null],
};

/** The names of weak algorithms, for the message that refuses them. */
const WEAK: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.2": "md2WithRSAEncryption",
  "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
  "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
  "1.2.840.113549.1.1.14": "sha224WithRSAEncryption",
  "1.2.840.10045.4.1": "ecdsa-with-SHA1",
  "1.2.840.10045.4.3.1": "ecdsa-with-SHA224",
};

const PSS_HASHES: Readonly<Record<string, string>> = {
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

/**
 * Reads the AlgorithmIdentifier of a signature (RFC 5280 §4.1.1.2).
 *
 * @param inner the one that is signed too
 * @param outer the one beside the signature, which must be the same (RFC 5280 §4.1.1.2, §5.1.1.2)
 */
export function readSignatureAlgorithm(inner: DerNode | undefined, outer: DerNode): SignatureAlgorithm {
  const [identifier, parameters, ...rest] = sequence(inner, "the inner signature algorithm");
  if (inner === undefined || Buffer.compare(encoded(inner), encoded(outer)) !== 0) {
    throw new DerError("the two signature algorithms differ");
  }
  if (rest.length > 0) throw new DerError("the signature algorithm has too many parts");
  const oid = readOid(identifier, "the signature algorithm");
  if (oid === RSA_PSS) return readPss(oid, parameters);
  const [name, hash] = STRONG[oid] ?? [];
  if (name === undefined || hash === undefined) return { oid, name: WEAK[oid] ?? oid, strong: false };
  return { oid, name, strong: true, verification: { hash } };
}

/** RSASSA-PSS carries its hash in the parameters; without one it is SHA-1 (RFC 4055 §3.1). */
function readPss(oid: string, parameters: DerNode | undefined): SignatureAlgorithm {
  const inside = (node: DerNode | undefined): DerNode[] => (node === undefined ? [] : children(node));
  const explicit = parameters?.tag === TAG.sequence ? inside(parameters) : [];
  const [algorithm] = inside(explicit.find(({ tag }) => tag === 0xa0));
  const [identifier] = inside(algorithm);
  const hash = identifier === undefined ? undefined : PSS_HASHES[readOid(identifier, "the hash")];
  if (hash === undefined) return { oid, name: "RSASSA-PSS with a weak hash", strong: false };
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return { oid, name: `RSASSA-PSS with ${hash}`, strong: true, verification: { hash, padding } };
}

/** Whether a key made the signature. A key that cannot have made one of this kind did not. */
export function isSigned(
  data: Uint8Array,
  hash: string | null,
  key: KeyObject,
  signature: Uint8Array,
  padding?: number,
): boolean {
  return valueOr(false, () => verify(hash, data, padding === undefined ? key : { key, padding }, signature));
}
