import { constants } from "node:crypto";
import { dottedOid, isExplicitTag, items } from "../der/decode.ts";
import type { Asn1 } from "../der/encode.ts";

/** How a certificate or a revocation list was signed. */
export interface CertificateSignature {
  readonly name: string;
  /** Whether its hash is SHA-256 or stronger, which AWS demands. `false` for an algorithm that is not known. */
  readonly isStrong: boolean;
  /** The hash for `node:crypto`; `null` when the algorithm has its own. */
  readonly hash: string | null;
  /** Absent for the padding of PKCS #1 v1.5, and for keys other than RSA. */
  readonly padding?: number | undefined;
}

// RFC 8017 appendix A.2.4, RFC 5758 §3.2, and NIST's register for ML-DSA (RFC 9881 §2).
const ALGORITHMS: Readonly<Record<string, readonly [name: string, hash: string | null]>> = {
  "1.2.840.113549.1.1.4": ["RSA with MD5", "md5"],
  "1.2.840.113549.1.1.5": ["RSA with SHA-1", "sha1"],
  "1.2.840.113549.1.1.14": ["RSA with SHA-224", "sha224"],
  "1.2.840.113549.1.1.11": ["RSA with SHA-256", "sha256"],
  "1.2.840.113549.1.1.12": ["RSA with SHA-384", "sha384"],
  "1.2.840.113549.1.1.13": ["RSA with SHA-512", "sha512"],
  "1.2.840.10045.4.1": ["ECDSA with SHA-1", "sha1"],
  "1.2.840.10045.4.3.1": ["ECDSA with SHA-224", "sha224"],
  "1.2.840.10045.4.3.2": ["ECDSA with SHA-256", "sha256"],
  "1.2.840.10045.4.3.3": ["ECDSA with SHA-384", "sha384"],
  "1.2.840.10045.4.3.4": ["ECDSA with SHA-512", "sha512"],
  "2.16.840.1.101.3.4.3.17": ["ML-DSA-44", null],
  "2.16.840.1.101.3.4.3.18": ["ML-DSA-65", null],
  "2.16.840.1.101.3.4.3.19": ["ML-DSA-87", null],
};

const WEAK = new Set(["md5", "sha1", "sha224"]);

const RSASSA_PSS = "1.2.840.113549.1.1.10";

const PSS_HASHES: Readonly<Record<string, readonly [name: string, hash: string]>> = {
  "1.3.14.3.2.26": ["SHA-1", "sha1"],
  "2.16.840.1.101.3.4.2.4": ["SHA-224", "sha224"],
  "2.16.840.1.101.3.4.2.1": ["SHA-256", "sha256"],
  "2.16.840.1.101.3.4.2.2": ["SHA-384", "sha384"],
  "2.16.840.1.101.3.4.2.3": ["SHA-512", "sha512"],
};

/** Reads an AlgorithmIdentifier (RFC 5280 §4.1.1.2). */
export function readCertificateSignature(algorithm: Asn1 | undefined): CertificateSignature {
  const [identifier, parameters] = items(algorithm);
  const oid = dottedOid(identifier);
  if (oid === RSASSA_PSS) return readPss(parameters);
  const known = ALGORITHMS[oid];
  if (known === undefined) return { name: oid, isStrong: false, hash: null };
  const [name, hash] = known;
  return { name, hash, isStrong: hash === null || !WEAK.has(hash) };
}

/** RSASSA-PSS names its hash in the parameters: SHA-1 when it names none (RFC 4055 §3.1). */
function readPss(parameters: Asn1 | undefined): CertificateSignature {
  const named = items(parameters).find((parameter) => isExplicitTag(parameter, 0));
  const oid = named === undefined ? "1.3.14.3.2.26" : dottedOid(items(items(named)[0])[0]);
  const [name, hash] = PSS_HASHES[oid] ?? [oid, null];
  return {
    name: `RSASSA-PSS with ${name}`,
    isStrong: hash !== null && !WEAK.has(hash),
    hash,
    padding: constants.RSA_PKCS1_PSS_PADDING,
  };
}
