import type { X509Certificate } from "node:crypto";

import { isTagged, items, octets, oid, readBer, tagged } from "../keys/pkcs12/asn1.ts";
import type { Ber } from "../keys/pkcs12/asn1.ts";

/** A relative name of a distinguished name, such as `CN` with the value `web-1`. */
export interface NameValue {
  readonly type: string;
  readonly value: string;
}

/** Facts about a certificate that node:crypto does not offer. */
export interface CertificateFacts {
  readonly version: number;
  /** Hash of the issuer's signature: `SHA-256`; `none` for algorithms without a separate one, else the algorithm's OID. */
  readonly signatureHash: string;
  /** The CA flag of basicConstraints. (X509Certificate.ca is false for a CA whose keyUsage lacks keyCertSign.) */
  readonly isCa: boolean;
  /** Undefined when there is no keyUsage extension. */
  readonly keyUsage: { readonly digitalSignature: boolean; readonly keyCertSign: boolean } | undefined;
  /** The names that Roles Anywhere maps to session tags, in the order of the certificate. */
  readonly subject: readonly NameValue[];
  readonly issuer: readonly NameValue[];
  readonly dns: readonly string[];
  readonly uri: readonly string[];
  /** The first directory name of the alternative names. */
  readonly directory: readonly NameValue[];
}

const BASIC_CONSTRAINTS = "2.5.29.19";
const KEY_USAGE = "2.5.29.15";
const SUBJECT_ALT_NAME = "2.5.29.17";
const PSS = "1.2.840.113549.1.1.10";

/** Numbers of context-specific tags: of a certificate, of the parameters of RSASSA-PSS, of alternative names. */
const TAG_VERSION = 0;
const TAG_EXTENSIONS = 3;
const TAG_PSS_HASH = 0;
const TAG_DNS_NAME = 2;
const TAG_DIRECTORY_NAME = 4;
const TAG_URI = 6;

/** Numbers of universal tags. */
const TAG_BOOLEAN = 1;
const TAG_UTF8_STRING = 12;

/** The algorithms of each hash: with RSA, with ECDSA, and the hash itself, which RSASSA-PSS names in its parameters. */
const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  MD5: ["1.2.840.113549.1.1.4"],
  "SHA-1": ["1.2.840.113549.1.1.5", "1.2.840.10045.4.1", "1.3.14.3.2.26"],
  "SHA-224": ["1.2.840.113549.1.1.14", "1.2.840.10045.4.3.1", "2.16.840.1.101.3.4.2.4"],
  "SHA-256": ["1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2", "2.16.840.1.101.3.4.2.1"],
  "SHA-384": ["1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3", "2.16.840.1.101.3.4.2.2"],
  "SHA-512": ["1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4", "2.16.840.1.101.3.4.2.3"],
  // ML-DSA-44, -65, -87
  none: ["2.16.840.1.101.3.4.3.17", "2.16.840.1.101.3.4.3.18", "2.16.840.1.101.3.4.3.19"],
};

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
 * Reads what a certificate that OpenSSL has parsed already says. (node:crypto joins the names into one text.)
 *
 * @see RFC 5280 §4.1, §4.2.1.3, §4.2.1.6, §4.2.1.9; RFC 4055 §3.1
 */
export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  const [tbs, algorithm] = children(readBer(certificate.raw));
  const fields = children(tbs);
  const version = fields.find((field) => isTagged(field, TAG_VERSION));
  const [, , issuer, , subject] = fields.filter((field) => field !== version);
  const extensions = children(children(fields.find((field) => isTagged(field, TAG_EXTENSIONS)))[0]);
  const extension = (wanted: string): Ber | undefined => {
    const found = extensions.map(children).find(([name]) => name !== undefined && oid(name) === wanted);
    const value = found?.at(-1);
    return value === undefined ? undefined : readBer(octets(value));
  };
  const [ca] = children(extension(BASIC_CONSTRAINTS));
  const usage = extension(KEY_USAGE);
  // The first byte of a BIT STRING counts its unused bits.
  const bits = usage === undefined ? 0 : (octets(usage)[1] ?? 0);
  const alternatives = children(extension(SUBJECT_ALT_NAME));
  const textsOf = (tag: number): readonly string[] =>
    alternatives.filter((name) => isTagged(name, tag)).map((name) => octets(name).toString("latin1"));
  const directory = alternatives.find((name) => isTagged(name, TAG_DIRECTORY_NAME));
  return {
    version: version === undefined ? 1 : (octets(tagged(version, TAG_VERSION))[0] ?? 0) + 1,
    signatureHash: hashOf(algorithm),
    isCa: ca !== undefined && Number(ca.type) === TAG_BOOLEAN && octets(ca)[0] !== 0,
    keyUsage:
      usage === undefined
        ? undefined
        : { digitalSignature: (bits & 0x80) !== 0, keyCertSign: (bits & 0x04) !== 0 },
    subject: nameValues(subject),
    issuer: nameValues(issuer),
    dns: textsOf(TAG_DNS_NAME),
    uri: textsOf(TAG_URI),
    directory: nameValues(children(directory)[0]),
  };
}

function nameValues(name: Ber | undefined): readonly NameValue[] {
  const pairs = children(name).flatMap(children).map(children);
  return pairs.flatMap(([key, value]) => {
    const type = key === undefined ? undefined : NAME_TYPES[oid(key)];
    if (type === undefined || value === undefined) return [];
    // node-forge has decoded a BMPString; every other string but this has one byte for each character.
    const text = String(value.value);
    const isUtf8 = value.type === TAG_UTF8_STRING;
    return [{ type, value: isUtf8 ? Buffer.from(text, "latin1").toString("utf8") : text }];
  });
}

function hashOf(algorithm: Ber | undefined): string {
  const [key, parameters] = children(algorithm);
  const name = key === undefined ? "" : oid(key);
  const hash = children(name === PSS ? parameters : undefined).find((field) => isTagged(field, TAG_PSS_HASH));
  if (hash !== undefined) return hashOf(tagged(hash, TAG_PSS_HASH));
  if (name === PSS) return "SHA-1";
  return Object.keys(ALGORITHMS).find((each) => ALGORITHMS[each]?.includes(name)) ?? name;
}

function children(value: Ber | undefined): readonly Ber[] {
  return value === undefined ? [] : items(value);
}
