import { constants } from "node:crypto";
import { children, DerError, encoded, expectTag, readOid, TAG } from "./der.ts";
import type { DerNode } from "./der.ts";

/** How a certificate or CRL is signed. */
export interface SignatureAlgorithm {
  readonly oid: string;
  readonly name: string;
  /** Whether the hash is SHA-256 or stronger, as AWS demands. False also for an unknown algorithm. */
  readonly strong: boolean;
  /** The parameters for node:crypto; `hash` is `null` where the algorithm has its own. Absent when weak. */
  readonly verification?: Verification;
}

export interface Verification {
  readonly hash: string | null;
  /** RSA padding, when it is not PKCS #1 v1.5. */
  readonly padding?: number;
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

/** Reads an AlgorithmIdentifier (RFC 5280 §4.1.1.2) of a signature. */
export function readSignatureAlgorithm(node: DerNode): SignatureAlgorithm {
  const [identifier, parameters, ...rest] = children(node);
  if (rest.length > 0) throw new DerError("the signature algorithm has too many parts");
  const oid = readOid(expectTag(identifier, TAG.oid, "the signature algorithm"));
  if (oid === RSA_PSS) return readPss(oid, parameters);
  const strong = STRONG[oid];
  if (strong === undefined) return { oid, name: WEAK[oid] ?? oid, strong: false };
  const [name, hash] = strong;
  return { oid, name, strong: true, verification: { hash } };
}

/** The algorithm that is signed too. It must equal the one beside the signature (RFC 5280 §4.1.1.2, §5.1.1.2). */
export function sameAlgorithm(inner: DerNode | undefined, outer: DerNode): DerNode {
  const algorithm = expectTag(inner, TAG.sequence, "the inner signature algorithm");
  if (Buffer.compare(encoded(algorithm), encoded(outer)) === 0) return algorithm;
  throw new DerError("the two signature algorithms differ");
}

/** RSASSA-PSS carries its hash in the parameters; without one it is SHA-1 (RFC 4055 §3.1). */
function readPss(oid: string, parameters: DerNode | undefined): SignatureAlgorithm {
  const explicit =
    parameters?.tag === TAG.sequence ? children(parameters).find(({ tag }) => tag === 0xa0) : undefined;
  const [algorithm] = explicit === undefined ? [] : children(explicit);
  const [identifier] = algorithm === undefined ? [] : children(algorithm);
  const hash =
    identifier === undefined ? undefined : PSS_HASHES[readOid(expectTag(identifier, TAG.oid, "the hash"))];
  if (hash === undefined) return { oid, name: "RSASSA-PSS with a weak hash", strong: false };
  return {
    oid,
    name: `RSASSA-PSS with ${hash}`,
    strong: true,
    verification: { hash, padding: constants.RSA_PKCS1_PSS_PADDING },
  };
}
