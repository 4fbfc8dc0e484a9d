import {
  bitString,
  booleanTrue,
  explicit,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
  toDer,
} from "../der/encode.ts";
import type { Asn1 } from "../der/encode.ts";
import type { CertificateExtensions, ExtendedKeyUsage, KeyUsage } from "./description.ts";
import type { NameConstraint } from "./name-constraints.ts";
import { constraintBase } from "./name-constraints.ts";
import { generalName } from "./subject-alternative-name.ts";
import type { SubjectAlternativeName } from "./subject-alternative-name.ts";

/** Object identifiers of the extensions in use (RFC 5280 §4.2.1). */
export const EXTENSION_OID = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
} as const;

/** Bits of keyUsage in its first octet; bit 0 of the standard is the highest (RFC 5280 §4.2.1.3). */
export const KEY_USAGE_BIT: Readonly<Record<KeyUsage, number>> = {
  digitalSignature: 0x80,
  keyCertSign: 0x04,
  cRLSign: 0x02,
};

/** All names of keyUsage in the order of their bits. Newer editions of X.509 call nonRepudiation contentCommitment. */
const KEY_USAGE_NAMES = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
  "encipherOnly",
  "decipherOnly",
] as const;

export type KeyUsageName = (typeof KEY_USAGE_NAMES)[number];

/** The names of the bits that a keyUsage has, without the octet that counts the unused ones. */
export function keyUsageNames(octets: Uint8Array): KeyUsageName[] {
  return KEY_USAGE_NAMES.filter((_, bit) => ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

export const EXTENDED_KEY_USAGE_OID: Readonly<Record<ExtendedKeyUsage, string>> = {
  clientAuth: "1.3.6.1.5.5.7.3.2",
  serverAuth: "1.3.6.1.5.5.7.3.1",
};

/** One Extension. FALSE is the default of `critical` and is not encoded. */
export function extension(id: string, critical: boolean, value: Asn1): Asn1 {
  return sequence(oid(id), ...(critical ? [booleanTrue()] : []), octetString(toDer(value)));
}

/** Encodes the extensions, in the order of {@link CertificateExtensions}. */
export function encodeExtensions(extensions: CertificateExtensions): Asn1[] {
  const { basicConstraints, keyUsage, extendedKeyUsage, subjectKeyIdentifier } = extensions;
  const { authorityKeyIdentifier, subjectAlternativeNames, nameConstraints } = extensions;
  const encoded = [
    extension(
      EXTENSION_OID.basicConstraints,
      basicConstraints.authority,
      // FALSE is the default of cA (RFC 5280 §4.2.1.9).
      sequence(
        ...(basicConstraints.authority ? [booleanTrue()] : []),
        ...(basicConstraints.pathLength === undefined ? [] : [smallInteger(basicConstraints.pathLength)]),
      ),
    ),
    encodeKeyUsage(keyUsage),
  ];
  if (extendedKeyUsage !== undefined) encoded.push(encodeExtendedKeyUsage(extendedKeyUsage));
  encoded.push(extension(EXTENSION_OID.subjectKeyIdentifier, false, octetString(subjectKeyIdentifier)));
  if (authorityKeyIdentifier !== undefined) {
    // The key identifier alone (RFC 5280 §4.2.1.1).
    const value = sequence(implicit(0, authorityKeyIdentifier));
    encoded.push(extension(EXTENSION_OID.authorityKeyIdentifier, false, value));
  }
  if (subjectAlternativeNames !== undefined && subjectAlternativeNames.length > 0) {
    encoded.push(encodeSubjectAlternativeNames(subjectAlternativeNames));
  }
  if (nameConstraints !== undefined) {
    const subtrees = (tag: number, constraints: readonly NameConstraint[] = []): Asn1[] =>
      constraints.length === 0
        ? []
        : [explicit(tag, ...constraints.map((constraint) => sequence(constraintBase(constraint))))];
    const value = sequence(
      ...subtrees(0, nameConstraints.permitted),
      ...subtrees(1, nameConstraints.excluded),
    );
    encoded.push(extension(EXTENSION_OID.nameConstraints, true, value));
  }
  return encoded;
}

export function encodeKeyUsage(usages: readonly KeyUsage[]): Asn1 {
  const octet = usages.reduce((sum, usage) => sum | KEY_USAGE_BIT[usage], 0);
  // DER: trailing zero bits of a named bit list are left out and counted as unused.
  const unusedBits = 31 - Math.clz32(octet & -octet);
  return extension(EXTENSION_OID.keyUsage, true, bitString(Buffer.of(octet), unusedBits));
}

export function encodeExtendedKeyUsage(purposes: readonly ExtendedKeyUsage[]): Asn1 {
  const identifiers = purposes.map((purpose) => oid(EXTENDED_KEY_USAGE_OID[purpose]));
  return extension(EXTENSION_OID.extendedKeyUsage, false, sequence(...identifiers));
}

export function encodeSubjectAlternativeNames(names: readonly SubjectAlternativeName[]): Asn1 {
  return extension(EXTENSION_OID.subjectAlternativeName, false, sequence(...names.map(generalName)));
}

/** An INTEGER from 0 to 127. */
function smallInteger(value: number): Asn1 {
  return integer(Buffer.of(value));
}
