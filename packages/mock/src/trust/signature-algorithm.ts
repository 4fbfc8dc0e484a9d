import { children, type DerNode, expectTag, readOid, TAG } from "./der.ts";

/** How a certificate or CRL is signed. */
export interface SignatureAlgorithm {
  readonly oid: string;
  readonly name: string;
  /** SHA-256 or better, as AWS demands; false for MD5, SHA-1, SHA-224 and for what is not known. */
  readonly strong: boolean;
}

const RSA_PSS = "1.2.840.113549.1.1.10";

const ALGORITHMS: Readonly<Record<string, { name: string; strong: boolean }>> = {
  "1.2.840.113549.1.1.2": { name: "md2WithRSAEncryption", strong: false },
  "1.2.840.113549.1.1.4": { name: "md5WithRSAEncryption", strong: false },
  "1.2.840.113549.1.1.5": { name: "sha1WithRSAEncryption", strong: false },
  "1.2.840.113549.1.1.14": { name: "sha224WithRSAEncryption", strong: false },
  "1.2.840.113549.1.1.11": { name: "sha256WithRSAEncryption", strong: true },
  "1.2.840.113549.1.1.12": { name: "sha384WithRSAEncryption", strong: true },
  "1.2.840.113549.1.1.13": { name: "sha512WithRSAEncryption", strong: true },
  "1.2.840.10045.4.1": { name: "ecdsa-with-SHA1", strong: false },
  "1.2.840.10045.4.3.1": { name: "ecdsa-with-SHA224", strong: false },
  "1.2.840.10045.4.3.2": { name: "ecdsa-with-SHA256", strong: true },
  "1.2.840.10045.4.3.3": { name: "ecdsa-with-SHA384", strong: true },
  "1.2.840.10045.4.3.4": { name: "ecdsa-with-SHA512", strong: true },
  "2.16.840.1.101.3.4.3.17": { name: "ML-DSA-44", strong: true },
  "2.16.840.1.101.3.4.3.18": { name: "ML-DSA-65", strong: true },
  "2.16.840.1.101.3.4.3.19": { name: "ML-DSA-87", strong: true },
};

const PSS_HASHES: Readonly<Record<string, { name: string; strong: boolean }>> = {
  "1.3.14.3.2.26": { name: "SHA-1", strong: false },
  "2.16.840.1.101.3.4.2.4": { name: "SHA-224", strong: false },
  "2.16.840.1.101.3.4.2.1": { name: "SHA-256", strong: true },
  "2.16.840.1.101.3.4.2.2": { name: "SHA-384", strong: true },
  "2.16.840.1.101.3.4.2.3": { name: "SHA-512", strong: true },
};

/** Reads an AlgorithmIdentifier (RFC 5280 §4.1.1.2) of a signature. */
export function readSignatureAlgorithm(node: DerNode): SignatureAlgorithm {
  const [identifier, parameters] = children(node);
  const oid = readOid(expectTag(identifier, TAG.oid, "the signature algorithm"));
  if (oid === RSA_PSS) return { oid, ...readPss(parameters) };
  return { oid, ...(ALGORITHMS[oid] ?? { name: oid, strong: false }) };
}

/** RSASSA-PSS carries its hash in the parameters; without one it is SHA-1 (RFC 4055 §3.1). */
function readPss(parameters: DerNode | undefined): { name: string; strong: boolean } {
  const weak = { name: "RSASSA-PSS with SHA-1", strong: false };
  if (parameters === undefined || parameters.tag !== TAG.sequence) return weak;
  const explicit = children(parameters).find(({ tag }) => tag === 0xa0);
  if (explicit === undefined) return weak;
  const [algorithm] = children(explicit);
  const [hash] = children(expectTag(algorithm, TAG.sequence, "the PSS hash"));
  const oid = readOid(expectTag(hash, TAG.oid, "the PSS hash"));
  const known = PSS_HASHES[oid] ?? { name: oid, strong: false };
  return { name: `RSASSA-PSS with ${known.name}`, strong: known.strong };
}
