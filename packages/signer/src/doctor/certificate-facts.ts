import type { X509Certificate } from "node:crypto";

/** What a certificate says that node:crypto does not tell. */
export interface CertificateFacts {
  /** 1 to 3. */
  readonly version: number;
  /** Hash of the issuer's signature: `SHA-256`; `none` for algorithms without a separate one, else the algorithm's OID. */
  readonly signatureHash: string;
  /** CA of basicConstraints. (X509Certificate.ca is false for a CA whose keyUsage lacks keyCertSign.) */
  readonly isCa: boolean;
  /** Undefined when there is no keyUsage extension. */
  readonly keyUsage: { readonly digitalSignature: boolean; readonly keyCertSign: boolean } | undefined;
}

interface Node {
  readonly tag: number;
  readonly contents: Uint8Array;
}

const TAG_OID = 0x06;
const TAG_VERSION = 0xa0;
const TAG_EXTENSIONS = 0xa3;
const TAG_PSS_HASH = 0xa0;

const TAG_BOOLEAN = 0x01;
const OID_BASIC_CONSTRAINTS = "2.5.29.19";
const OID_KEY_USAGE = "2.5.29.15";
const OID_PSS = "1.2.840.113549.1.1.10";

const HASHES: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.4": "MD5",
  "1.2.840.113549.1.1.5": "SHA-1",
  "1.2.840.113549.1.1.11": "SHA-256",
  "1.2.840.113549.1.1.12": "SHA-384",
  "1.2.840.113549.1.1.13": "SHA-512",
  "1.2.840.113549.1.1.14": "SHA-224",
  "1.2.840.10045.4.1": "SHA-1",
  "1.2.840.10045.4.3.1": "SHA-224",
  "1.2.840.10045.4.3.2": "SHA-256",
  "1.2.840.10045.4.3.3": "SHA-384",
  "1.2.840.10045.4.3.4": "SHA-512",
  // The hash of RSASSA-PSS stands in its parameters.
  "1.3.14.3.2.26": "SHA-1",
  "2.16.840.1.101.3.4.2.1": "SHA-256",
  "2.16.840.1.101.3.4.2.2": "SHA-384",
  "2.16.840.1.101.3.4.2.3": "SHA-512",
  "2.16.840.1.101.3.4.2.4": "SHA-224",
  // ML-DSA-44, -65, -87
  "2.16.840.1.101.3.4.3.17": "none",
  "2.16.840.1.101.3.4.3.18": "none",
  "2.16.840.1.101.3.4.3.19": "none",
};

/**
 * Reads version, signature hash, CA and key usage from a certificate that OpenSSL has parsed already.
 *
 * @see RFC 5280 §4.1, §4.2.1.3, §4.2.1.9; RFC 4055 §3.1
 */
export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  const [outer] = nodes(certificate.raw);
  const [tbs, algorithm] = children(outer);
  const fields = children(tbs);
  const version = fields.find(({ tag }) => tag === TAG_VERSION);
  return {
    version: version === undefined ? 1 : (children(version)[0]?.contents[0] ?? 0) + 1,
    signatureHash: hashOf(algorithm),
    isCa: isCa(extension(fields, OID_BASIC_CONSTRAINTS)),
    keyUsage: keyUsageOf(extension(fields, OID_KEY_USAGE)),
  };
}

function hashOf(algorithm: Node | undefined): string {
  const [oid, parameters] = children(algorithm);
  const name = oidOf(oid);
  if (name !== OID_PSS) return HASHES[name] ?? name;
  const hash = children(parameters).find(({ tag }) => tag === TAG_PSS_HASH);
  if (hash === undefined) return "SHA-1";
  const chosen = oidOf(children(children(hash)[0])[0]);
  return HASHES[chosen] ?? chosen;
}

/** The value inside an extension; undefined when the certificate does not have it. */
function extension(fields: readonly Node[], oid: string): Node | undefined {
  const extensions = fields.find(({ tag }) => tag === TAG_EXTENSIONS);
  const found = children(children(extensions)[0])
    .map(children)
    .find(([name]) => oidOf(name) === oid);
  return nodes(found?.at(-1)?.contents ?? new Uint8Array())[0];
}

function isCa(basicConstraints: Node | undefined): boolean {
  const [first] = children(basicConstraints);
  return first?.tag === TAG_BOOLEAN && first.contents[0] !== 0;
}

function keyUsageOf(bits: Node | undefined): CertificateFacts["keyUsage"] {
  if (bits === undefined) return undefined;
  // The first byte of a BIT STRING counts its unused bits.
  const first = bits.contents[1] ?? 0;
  return { digitalSignature: (first & 0x80) !== 0, keyCertSign: (first & 0x04) !== 0 };
}

function children(node: Node | undefined): readonly Node[] {
  return node === undefined ? [] : nodes(node.contents);
}

/** The DER values in a row of bytes (ITU-T X.690 §8.1). */
function nodes(bytes: Uint8Array): readonly Node[] {
  const found: Node[] = [];
  for (let at = 0; at + 1 < bytes.length;) {
    const tag = bytes[at] ?? 0;
    let length = bytes[at + 1] ?? 0;
    at += 2;
    if (length > 0x7f) {
      const size = length & 0x7f;
      length = bytes.subarray(at, at + size).reduce((sum, byte) => sum * 256 + byte, 0);
      at += size;
    }
    found.push({ tag, contents: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}

function oidOf(node: Node | undefined): string {
  if (node?.tag !== TAG_OID) return "";
  const parts: number[] = [];
  let part = 0;
  for (const byte of node.contents) {
    part = part * 128 + (byte & 0x7f);
    if (byte > 0x7f) continue;
    if (parts.length === 0) {
      const first = Math.min(2, Math.floor(part / 40));
      parts.push(first, part - first * 40);
    } else parts.push(part);
    part = 0;
  }
  return parts.join(".");
}
