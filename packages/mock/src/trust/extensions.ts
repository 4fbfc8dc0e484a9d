import * as der from "./der.ts";
import type { DerNode } from "./der.ts";
import { readName } from "./distinguished-name.ts";
import type { DistinguishedName } from "./distinguished-name.ts";

/** The bits of a keyUsage extension by their names (RFC 5280 §4.2.1.3), in bit order. */
const KEY_USAGES = [
  "digitalSignature",
  "contentCommitment",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
  "encipherOnly",
  "decipherOnly",
] as const;

export type KeyUsage = (typeof KEY_USAGES)[number];

/** One name of a SubjectAltName or of a name constraint (RFC 5280 §4.2.1.6). */
export type GeneralName =
  | { readonly kind: "directory"; readonly value: DistinguishedName }
  /** `dns`, `uri`, `email`, `ip` with its octets in lower-case hex, or `0x88`, the tag of a kind that nothing needs. */
  | { readonly kind: TextKind; readonly value: string };

type TextKind = "dns" | "uri" | "email" | "ip" | `0x${string}`;

/** A subtree of permitted or excluded names (RFC 5280 §4.2.1.10). */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** The extensions of a certificate that path validation and session tags need. */
export interface Extensions {
  basicConstraints?: { readonly ca: boolean; readonly pathLength?: number };
  keyUsage?: ReadonlySet<KeyUsage>;
  extendedKeyUsage?: readonly string[];
  subjectKeyIdentifier?: string;
  authorityKeyIdentifier?: string | undefined;
  subjectAltNames: readonly GeneralName[];
  nameConstraints?: NameConstraints;
  /** Object identifiers of critical extensions that the mock does not know. */
  unknownCritical: string[];
  /** Object identifiers that occur more than once, which RFC 5280 §4.2 forbids. */
  duplicated: string[];
}

/** Reads the `extensions` field (RFC 5280 §4.2). */
export function readExtensions(node: DerNode | undefined): Extensions {
  const found: Extensions = { subjectAltNames: [], unknownCritical: [], duplicated: [] };
  if (node === undefined) return found;
  const seen = new Set<string>();
  for (const extension of der.nonEmpty(node, "the extensions")) {
    const { oid, critical, value } = readExtension(extension);
    if (seen.has(oid)) found.duplicated.push(oid);
    seen.add(oid);
    const part = READERS[oid]?.(der.readDer(value));
    if (part !== undefined) Object.assign(found, part);
    else if (critical) found.unknownCritical.push(oid);
  }
  return found;
}

/** Splits one Extension into identifier, criticality and the DER inside its OCTET STRING. */
export function readExtension(node: DerNode): { oid: string; critical: boolean; value: Uint8Array } {
  const [identifier, ...parts] = der.sequence(node, "an extension");
  const oid = der.readOid(identifier, "an extension's identifier");
  const criticality = parts[0]?.tag === der.TAG.boolean ? parts.shift() : undefined;
  if (criticality !== undefined && !der.readBoolean(criticality)) {
    throw new der.DerError("an extension's criticality is the default, which DER leaves out");
  }
  const [value, ...rest] = parts;
  if (rest.length > 0) throw new der.DerError("an extension has too many parts");
  const bytes = der.content(der.expectTag(value, der.TAG.octetString, "an extension's value"));
  return { oid, critical: criticality !== undefined, value: bytes };
}

export const AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";

/** The key identifier in an authority key identifier (RFC 5280 §4.2.1.1), in lower-case hex, when there is one. */
export function readAuthorityKeyIdentifier(value: DerNode): string | undefined {
  const parts = der.sequence(value, "the authority key identifier");
  const identifier = parts.find(({ tag }) => tag === 0x80);
  return identifier === undefined ? undefined : hex(identifier);
}

/** The extensions that path validation honours, by identifier. A reader returns nothing for one that it does not know. */
const READERS: Readonly<Record<string, (value: DerNode) => Partial<Extensions> | undefined>> = {
  "2.5.29.14": (value) => ({
    subjectKeyIdentifier: hex(der.expectTag(value, der.TAG.octetString, "the key identifier")),
  }),
  "2.5.29.15": (value) => ({ keyUsage: readKeyUsage(value) }),
  "2.5.29.17": (value) => ({
    subjectAltNames: der.nonEmpty(value, "the alternative names").map(readGeneralName),
  }),
  "2.5.29.19": (value) => ({ basicConstraints: readBasicConstraints(value) }),
  "2.5.29.30": (value) => ({ nameConstraints: readNameConstraints(value) }),
  "2.5.29.32": (value) => (hasKnownPolicies(value) ? {} : undefined),
  [AUTHORITY_KEY_IDENTIFIER]: (value) => ({ authorityKeyIdentifier: readAuthorityKeyIdentifier(value) }),
  "2.5.29.37": (value) => ({
    extendedKeyUsage: der
      .nonEmpty(value, "the extended key usage")
      .map((purpose) => der.readOid(purpose, "a key purpose")),
  }),
};

/** The qualifiers that RFC 5280 §4.2.1.4 defines: a pointer to a practice statement, and a notice to users. */
const POLICY_QUALIFIERS = new Set(["1.3.6.1.5.5.7.2.1", "1.3.6.1.5.5.7.2.2"]);

/**
 * Checks the form of certificate policies. Any policy is acceptable here (RFC 5280 §6.1.1, user-initial-policy-set =
 * any-policy), as long as its qualifiers are known.
 */
function hasKnownPolicies(value: DerNode): boolean {
  let known = true;
  const seen = new Set<string>();
  for (const policy of der.nonEmpty(value, "the certificate policies")) {
    const [identifier, qualifiers, ...rest] = der.sequence(policy, "a policy");
    const oid = der.readOid(identifier, "a policy's identifier");
    if (rest.length > 0 || seen.has(oid)) {
      throw new der.DerError("a certificate policy is malformed or repeated");
    }
    seen.add(oid);
    if (qualifiers === undefined) continue;
    for (const qualifier of der.nonEmpty(qualifiers, "the policy qualifiers")) {
      const [kind, ...parts] = der.sequence(qualifier, "a policy qualifier");
      if (parts.length !== 1) throw new der.DerError("a policy qualifier has not two parts");
      const isKnown = POLICY_QUALIFIERS.has(der.readOid(kind, "a policy qualifier's identifier"));
      known = known && isKnown;
    }
  }
  return known;
}

function readBasicConstraints(value: DerNode): { ca: boolean; pathLength?: number } {
  const [first, second, ...rest] = der.sequence(value, "the basic constraints");
  if (rest.length > 0) throw new der.DerError("the basic constraints have too many parts");
  if (first === undefined) return { ca: false };
  if (first.tag !== der.TAG.boolean) {
    throw new der.DerError("the basic constraints have a path length without CA:true");
  }
  const ca = der.readBoolean(first);
  if (!ca) throw new der.DerError("the basic constraints have CA:false, the default, which DER leaves out");
  if (second === undefined) return { ca };
  return { ca, pathLength: der.readSmallInteger(der.expectTag(second, der.TAG.integer, "the path length")) };
}

function readKeyUsage(value: DerNode): Set<KeyUsage> {
  const { bytes, unusedBits } = der.readBitString(der.expectTag(value, der.TAG.bitString, "the key usage"));
  // X.690 §11.2.2: a list of named bits ends with one that is set.
  if (((bytes.at(-1) ?? 0) & (1 << unusedBits)) === 0) {
    throw new der.DerError("the key usage ends with a zero bit");
  }
  return new Set(KEY_USAGES.filter((_, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0));
}

function readNameConstraints(value: DerNode): NameConstraints {
  const parts = der.nonEmpty(value, "the name constraints");
  const tags = parts.map(({ tag }) => tag).join();
  if (!["160", "161", "160,161"].includes(tags)) {
    throw new der.DerError("the name constraints are malformed");
  }
  const subtrees = (wanted: number): GeneralName[] =>
    parts.filter(({ tag }) => tag === wanted).flatMap((part) => der.children(part).map(readSubtree));
  return { permitted: subtrees(0xa0), excluded: subtrees(0xa1) };
}

function readSubtree(node: DerNode): GeneralName {
  const [base, ...bounds] = der.sequence(node, "a name constraint");
  // RFC 5280 §4.2.1.10: minimum must be zero and maximum absent, and DER omits the default.
  if (base === undefined || bounds.length > 0) throw new der.DerError("a name constraint has bounds");
  return readGeneralName(base);
}

function readGeneralName(node: DerNode): GeneralName {
  switch (node.tag) {
    case 0x81:
      return { kind: "email", value: readIa5(node) };
    case 0x82:
      return { kind: "dns", value: readIa5(node) };
    case 0x86:
      return { kind: "uri", value: readIa5(node) };
    case 0x87:
      return { kind: "ip", value: hex(node) };
    case 0xa4:
      return { kind: "directory", value: readName(der.onlyChild(node, "a directory name"), "a name") };
    default:
      if (node.tag < 0x80) throw new der.DerError("a general name has no known tag");
      return { kind: `0x${node.tag.toString(16)}`, value: "" };
  }
}

function readIa5(node: DerNode): string {
  const bytes = der.content(node);
  if (bytes.some((byte) => byte >= 0x80)) throw new der.DerError("a general name has bytes outside ASCII");
  return Buffer.from(bytes).toString("latin1");
}

function hex(node: DerNode): string {
  return Buffer.from(der.content(node)).toString("hex");
}
