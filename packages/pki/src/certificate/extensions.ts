import { bitString, booleanTrue, implicit, octetString, oid, sequence, toDer } from "../der/encode.ts";
import type { Asn1 } from "../der/encode.ts";
import { generalName } from "./subject-alternative-name.ts";
import type { SubjectAlternativeName } from "./subject-alternative-name.ts";

/** Object identifiers of the extensions in use (RFC 5280 §4.2.1). */
export const EXTENSION_OID = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
} as const;

/** Bits of keyUsage in its first octet; bit 0 of the standard is the highest (RFC 5280 §4.2.1.3). */
export const KEY_USAGE_BIT = { digitalSignature: 0x80, keyCertSign: 0x04, cRLSign: 0x02 } as const;

const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

function extension(id: string, critical: boolean, value: Asn1): Asn1 {
  return sequence(oid(id), ...(critical ? [booleanTrue()] : []), octetString(toDer(value)));
}

/** Critical, `CA:TRUE`, without a path length (RFC 5280 §4.2.1.9). */
export function authorityBasicConstraints(): Asn1 {
  return extension(EXTENSION_OID.basicConstraints, true, sequence(booleanTrue()));
}

/** `CA:FALSE`, which DER writes as an empty sequence because FALSE is the default. */
export function endEntityBasicConstraints(): Asn1 {
  return extension(EXTENSION_OID.basicConstraints, false, sequence());
}

/** Critical keyUsage with the given bits (RFC 5280 §4.2.1.3). */
export function keyUsage(...usages: readonly (keyof typeof KEY_USAGE_BIT)[]): Asn1 {
  const octet = usages.reduce((sum, usage) => sum | KEY_USAGE_BIT[usage], 0);
  // DER: trailing zero bits of a named bit list are left out and counted as unused.
  const unusedBits = 31 - Math.clz32(octet & -octet);
  return extension(EXTENSION_OID.keyUsage, true, bitString(Buffer.of(octet), unusedBits));
}

/** extendedKeyUsage with clientAuth alone (RFC 5280 §4.2.1.12). */
export function clientAuthentication(): Asn1 {
  return extension(EXTENSION_OID.extendedKeyUsage, false, sequence(oid(CLIENT_AUTH)));
}

export function subjectKeyIdentifier(keyIdentifier: Uint8Array): Asn1 {
  return extension(EXTENSION_OID.subjectKeyIdentifier, false, octetString(keyIdentifier));
}

/** authorityKeyIdentifier with the key identifier alone (RFC 5280 §4.2.1.1). */
export function authorityKeyIdentifier(keyIdentifier: Uint8Array): Asn1 {
  return extension(EXTENSION_OID.authorityKeyIdentifier, false, sequence(implicit(0, keyIdentifier)));
}

export function subjectAlternativeNames(names: readonly SubjectAlternativeName[]): Asn1 {
  return extension(EXTENSION_OID.subjectAlternativeName, false, sequence(...names.map(generalName)));
}
