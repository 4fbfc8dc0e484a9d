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

/** A value of a distinguished name: `CN` and `web-1`. */
export interface NameValue {
  readonly type: string;
  readonly value: string;
}

/** The names that Roles Anywhere maps to session tags, in the order of the certificate. */
export interface CertificateNames {
  readonly subject: readonly NameValue[];
  readonly issuer: readonly NameValue[];
  /** DNS names and URIs of the subject's alternative names. */
  readonly dns: readonly string[];
  readonly uri: readonly string[];
  /** The first directory name of the alternative names. */
  readonly directory: readonly NameValue[];
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
const OID_SUBJECT_ALT_NAME = "2.5.29.17";
const TAG_DNS_NAME = 0x82;
const TAG_URI = 0x86;
const TAG_DIRECTORY_NAME = 0xa4;
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

/** Types of relative names that AWS maps. */
const NAME_TYPES: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "0.9.2342.19200300.100.1.1": "UID",
};

/**
 * Reads the names of a certificate that OpenSSL has parsed already. (Those of node:crypto are joined into one text.)
 *
 * @see RFC 5280 §4.1.2.4, §4.1.2.6, §4.2.1.6
 */
export function certificateNames(certificate: X509Certificate): CertificateNames {
  const fields = children(children(nodes(certificate.raw)[0])[0]);
  const [, , issuer, , subject] = fields.filter(({ tag }) => tag !== TAG_VERSION);
  const alternatives = children(extension(fields, OID_SUBJECT_ALT_NAME));
  const texts = (wanted: number): readonly string[] =>
    alternatives
      .filter(({ tag }) => tag === wanted)
      .map(({ contents }) => Buffer.from(contents).toString("latin1"));
  const directory = alternatives.find(({ tag }) => tag === TAG_DIRECTORY_NAME);
  return {
    subject: nameValues(subject),
    issuer: nameValues(issuer),
    dns: texts(TAG_DNS_NAME),
    uri: texts(TAG_URI),
    directory: nameValues(children(directory)[0]),
  };
}

function nameValues(name: Node | undefined): readonly NameValue[] {
  return children(name)
    .flatMap(children)
    .flatMap((pair) => {
      const [oid, value] = children(pair);
      const type = NAME_TYPES[oidOf(oid)];
      return type === undefined || value === undefined ? [] : [{ type, value: stringOf(value) }];
    });
}

/** A string of ASN.1 (ITU-T X.690 §8.23): UTF8String, BMPString, or one with a byte for each character. */
function stringOf({ tag, contents }: Node): string {
  const bytes = Buffer.from(contents);
  if (tag === 0x0c) return bytes.toString("utf8");
  if (tag === 0x1e && bytes.length % 2 === 0) return bytes.swap16().toString("utf16le");
  return bytes.toString("latin1");
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
