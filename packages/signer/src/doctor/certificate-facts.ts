import type { X509Certificate } from "node:crypto";

import { isTagged, items, octets, oid, readBer, tagged } from "../keys/pkcs12/asn1.ts";
import type { Ber } from "../keys/pkcs12/asn1.ts";

/** Facts about a certificate that node:crypto does not offer. */
export interface CertificateFacts {
  /** 1 to 3. */
  readonly version: number;
  /** Hash of the issuer's signature: `SHA-256`; `none` for algorithms without a separate one, else the algorithm's OID. */
  readonly signatureHash: string;
  /** The CA flag of basicConstraints. (X509Certificate.ca is false for a CA whose keyUsage lacks keyCertSign.) */
  readonly isCa: boolean;
  /** Undefined when there is no keyUsage extension. */
  readonly keyUsage: { readonly digitalSignature: boolean; readonly keyCertSign: boolean } | undefined;
}

/** A relative name of a distinguished name, such as `CN` with the value `web-1`. */
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

const OID_BASIC_CONSTRAINTS = "2.5.29.19";
const OID_KEY_USAGE = "2.5.29.15";
const OID_PSS = "1.2.840.113549.1.1.10";
const OID_SUBJECT_ALT_NAME = "2.5.29.17";

/** Numbers of the context-specific tags. */
const TAG_VERSION = 0;
const TAG_EXTENSIONS = 3;
const TAG_PSS_HASH = 0;
const TAG_DNS_NAME = 2;
const TAG_DIRECTORY_NAME = 4;
const TAG_URI = 6;

/** Numbers of the universal tags. */
const TAG_BOOLEAN = 1;
const TAG_UTF8_STRING = 12;

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
  // RSASSA-PSS names its hash in the parameters.
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
  const [tbs, algorithm] = children(readBer(certificate.raw));
  const fields = children(tbs);
  const version = fields.find((field) => isTagged(field, TAG_VERSION));
  return {
    version: version === undefined ? 1 : (octets(tagged(version, TAG_VERSION))[0] ?? 0) + 1,
    signatureHash: hashOf(algorithm),
    isCa: isCa(extension(fields, OID_BASIC_CONSTRAINTS)),
    keyUsage: keyUsageOf(extension(fields, OID_KEY_USAGE)),
  };
}

/** The types of relative names that AWS maps to session tags. */
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
  const fields = children(children(readBer(certificate.raw))[0]);
  const [, , issuer, , subject] = fields.filter((field) => !isTagged(field, TAG_VERSION));
  const alternatives = children(extension(fields, OID_SUBJECT_ALT_NAME));
  const texts = (tag: number): readonly string[] =>
    alternatives.filter((name) => isTagged(name, tag)).map((name) => octets(name).toString("latin1"));
  const directory = alternatives.find((name) => isTagged(name, TAG_DIRECTORY_NAME));
  return {
    subject: nameValues(subject),
    issuer: nameValues(issuer),
    dns: texts(TAG_DNS_NAME),
    uri: texts(TAG_URI),
    directory: nameValues(children(directory)[0]),
  };
}

function nameValues(name: Ber | undefined): readonly NameValue[] {
  return children(name)
    .flatMap(children)
    .flatMap((pair) => {
      const [key, value] = children(pair);
      const type = key === undefined ? undefined : NAME_TYPES[oid(key)];
      return type === undefined || value === undefined ? [] : [{ type, value: textOf(value) }];
    });
}

/** The text of a UTF8String, a BMPString (which node-forge has decoded), or a string with one byte for each character. */
function textOf({ type, value }: Ber): string {
  const text = String(value);
  return type === TAG_UTF8_STRING ? Buffer.from(text, "latin1").toString("utf8") : text;
}

function hashOf(algorithm: Ber | undefined): string {
  const [key, parameters] = children(algorithm);
  const name = key === undefined ? "" : oid(key);
  if (name !== OID_PSS) return HASHES[name] ?? name;
  const hash = children(parameters).find((parameter) => isTagged(parameter, TAG_PSS_HASH));
  return hash === undefined ? "SHA-1" : hashOf(tagged(hash, TAG_PSS_HASH));
}

/** The value inside an extension; undefined when the certificate does not have it. */
function extension(fields: readonly Ber[], wanted: string): Ber | undefined {
  const extensions = fields.find((field) => isTagged(field, TAG_EXTENSIONS));
  const found = children(children(extensions)[0])
    .map(children)
    .find(([name]) => name !== undefined && oid(name) === wanted);
  const value = found?.at(-1);
  return value === undefined ? undefined : readBer(octets(value));
}

function isCa(basicConstraints: Ber | undefined): boolean {
  const [first] = children(basicConstraints);
  return first !== undefined && Number(first.type) === TAG_BOOLEAN && octets(first)[0] !== 0;
}

function keyUsageOf(bits: Ber | undefined): CertificateFacts["keyUsage"] {
  if (bits === undefined) return undefined;
  // The first byte of a BIT STRING counts its unused bits.
  const first = octets(bits)[1] ?? 0;
  return { digitalSignature: (first & 0x80) !== 0, keyCertSign: (first & 0x04) !== 0 };
}

/** The values inside a value; none for a missing one. */
function children(value: Ber | undefined): readonly Ber[] {
  return value === undefined ? [] : items(value);
}
