import asn1 from "node-forge/lib/asn1.js";
import { EXTENSION_OID, keyUsageNames } from "../certificate/extensions.ts";
import type { KeyUsageName } from "../certificate/extensions.ts";
import { bits, content, dottedOid, fromDer, isExplicitTag, items } from "../der/decode.ts";
import type { Asn1 } from "../der/encode.ts";
import { readDistinguishedName } from "./distinguished-name.ts";
import type { DistinguishedName } from "./distinguished-name.ts";

/** A name of an alternative name or of a name constraint (RFC 5280 §4.2.1.6). */
export type GeneralName =
  | { readonly kind: "email" | "dns" | "uri"; readonly text: string }
  | { readonly kind: "directory"; readonly name: DistinguishedName }
  | { readonly kind: "ip"; readonly octets: Buffer }
  /** A form that becomes no session tag: another name, a registered identifier and so on, by its tag. */
  | { readonly kind: "other"; readonly tag: number };

/** The names below an issuer that are allowed and forbidden (RFC 5280 §4.2.1.10). */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** The extensions that decide on a session. */
export interface ReadExtensions {
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength?: number | undefined } | undefined;
  readonly keyUsage: readonly KeyUsageName[] | undefined;
  /** Object identifiers. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly alternativeNames: readonly GeneralName[];
  readonly nameConstraints: NameConstraints | undefined;
  /** Hexadecimal. */
  readonly subjectKeyIdentifier: string | undefined;
  /** Hexadecimal. */
  readonly authorityKeyIdentifier: string | undefined;
  /** Object identifiers of critical extensions that the validation of a path does not know. */
  readonly unknownCritical: readonly string[];
  /** Object identifiers of extensions that come twice (RFC 5280 §4.2 forbids it). */
  readonly repeated: readonly string[];
}

const CERTIFICATE_POLICIES = "2.5.29.32";
const KNOWN: ReadonlySet<string> = new Set(Object.values(EXTENSION_OID));

/** Splits a list of extensions, of a certificate or a revocation list, into identifier, criticality and value. */
export function splitExtensions(list: Asn1 | undefined): { oid: string; critical: boolean; value: Asn1 }[] {
  return items(list).map((extension) => {
    const parts = items(extension);
    return {
      oid: dottedOid(parts[0]),
      // DER leaves the default, FALSE, out (RFC 5280 §4.2).
      critical: parts.length > 2,
      value: fromDer(content(parts.at(-1))),
    };
  });
}

/** @throws {Error} when an extension is not what its identifier says */
export function readExtensions(list: Asn1 | undefined): ReadExtensions {
  const found = splitExtensions(list);
  const values = new Map(found.map(({ oid, value }) => [oid, value]));
  const read = <Value>(oid: string, reader: (value: Asn1) => Value): Value | undefined => {
    const value = values.get(oid);
    return value === undefined ? undefined : reader(value);
  };
  return {
    basicConstraints: read(EXTENSION_OID.basicConstraints, readBasicConstraints),
    keyUsage: read(EXTENSION_OID.keyUsage, (value) => keyUsageNames(bits(value))),
    extendedKeyUsage: read(EXTENSION_OID.extendedKeyUsage, (value) => items(value).map(dottedOid)),
    alternativeNames:
      read(EXTENSION_OID.subjectAlternativeName, (value) => items(value).map(readGeneralName)) ?? [],
    nameConstraints: read(EXTENSION_OID.nameConstraints, readNameConstraints),
    subjectKeyIdentifier: read(EXTENSION_OID.subjectKeyIdentifier, (value) => content(value).toString("hex")),
    authorityKeyIdentifier: read(EXTENSION_OID.authorityKeyIdentifier, readAuthorityKeyIdentifier),
    unknownCritical: found
      .filter(({ critical, oid, value }) => critical && !KNOWN.has(oid) && !isKnownPolicy(oid, value))
      .map(({ oid }) => oid),
    repeated: found.map(({ oid }) => oid).filter((oid, index, all) => all.indexOf(oid) < index),
  };
}

/** The key identifier alone; that of the issuer's issuer and serial number is not used to find an issuer. */
export function readAuthorityKeyIdentifier(value: Asn1): string | undefined {
  const identifier = items(value).find((part) => isExplicitTag(part, 0));
  return identifier === undefined ? undefined : content(identifier).toString("hex");
}

function readBasicConstraints(value: Asn1): { ca: boolean; pathLength: number | undefined } {
  const [ca, pathLength] = items(value);
  return {
    ca: ca?.type === asn1.Type.BOOLEAN && content(ca).at(0) !== 0,
    pathLength: pathLength === undefined ? undefined : Number(`0x${content(pathLength).toString("hex")}`),
  };
}

/**
 * Reads the value of nameConstraints.
 *
 * @throws {Error} for a constraint with a minimum or maximum, which RFC 5280 §4.2.1.10 forbids
 */
export function readNameConstraints(value: Asn1): NameConstraints {
  const subtrees = (tag: number): GeneralName[] =>
    items(items(value).find((part) => isExplicitTag(part, tag))).map((subtree) => {
      const [base, ...bounds] = items(subtree);
      if (base === undefined || bounds.length > 0)
        throw new Error("a name constraint has a minimum or maximum");
      return readGeneralName(base);
    });
  return { permitted: subtrees(0), excluded: subtrees(1) };
}

export function readGeneralName(value: Asn1): GeneralName {
  const tag = Number(value.type);
  switch (tag) {
    case 1:
      return { kind: "email", text: readAscii(value) };
    case 2:
      return { kind: "dns", text: readAscii(value) };
    case 4:
      return { kind: "directory", name: readDistinguishedName(items(value)[0]) };
    case 6:
      return { kind: "uri", text: readAscii(value) };
    case 7:
      return { kind: "ip", octets: content(value) };
    default:
      return { kind: "other", tag };
  }
}

/** The characters of an IA5String. */
function readAscii(value: Asn1): string {
  const octets = content(value);
  if (octets.some((octet) => octet > 0x7f)) throw new Error("an alternative name has octets outside ASCII");
  return octets.toString("latin1");
}

/** The qualifiers of RFC 5280 §4.2.1.4: a practice statement and a notice. Any policy itself is acceptable. */
const POLICY_QUALIFIERS: ReadonlySet<string> = new Set(["1.3.6.1.5.5.7.2.1", "1.3.6.1.5.5.7.2.2"]);

function isKnownPolicy(oid: string, value: Asn1): boolean {
  const qualifiers = items(value).flatMap((policy) => items(items(policy)[1]));
  return (
    oid === CERTIFICATE_POLICIES &&
    qualifiers.every((qualifier) => POLICY_QUALIFIERS.has(dottedOid(items(qualifier)[0])))
  );
}
