import {
  children,
  content,
  DerError,
  expectTag,
  nonEmpty,
  onlyChild,
  readBitString,
  readBoolean,
  readDer,
  readOid,
  readSmallInteger,
  TAG,
} from "./der.ts";
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
  | { readonly kind: "dns" | "uri" | "email"; readonly value: string }
  | { readonly kind: "directory"; readonly value: DistinguishedName }
  | { readonly kind: "ip"; readonly value: Uint8Array }
  | { readonly kind: "other"; readonly tag: number };

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

/**
 * Reads the `extensions` field (RFC 5280 §4.2).
 *
 * @param node the SEQUENCE OF Extension, or `undefined` when the certificate has none
 */
export function readExtensions(node: DerNode | undefined): Extensions {
  const found: Extensions = { subjectAltNames: [], unknownCritical: [], duplicated: [] };
  if (node === undefined) return found;
  const seen = new Set<string>();
  for (const extension of nonEmpty(node, "the extensions")) {
    const { oid, critical, value } = readExtension(extension);
    if (seen.has(oid)) found.duplicated.push(oid);
    seen.add(oid);
    if (!applyExtension(found, oid, value) && critical) found.unknownCritical.push(oid);
  }
  return found;
}

/** Splits one Extension into identifier, criticality and the DER inside its OCTET STRING. */
export function readExtension(node: DerNode): { oid: string; critical: boolean; value: Uint8Array } {
  const [identifier, ...parts] = children(expectTag(node, TAG.sequence, "an extension"));
  const oid = readOid(expectTag(identifier, TAG.oid, "an extension's identifier"));
  const criticality = parts[0]?.tag === TAG.boolean ? parts.shift() : undefined;
  if (criticality !== undefined && !readBoolean(criticality)) {
    throw new DerError("an extension's criticality is the default, which DER leaves out");
  }
  const [value, ...rest] = parts;
  if (rest.length > 0) throw new DerError("an extension has too many parts");
  const bytes = content(expectTag(value, TAG.octetString, "an extension's value"));
  return { oid, critical: criticality !== undefined, value: bytes };
}

export const AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";

/** The key identifier in an authority key identifier (RFC 5280 §4.2.1.1), in lower-case hex, when there is one. */
export function readAuthorityKeyIdentifier(value: Uint8Array): string | undefined {
  const parts = children(expectTag(readDer(value), TAG.sequence, "the authority key identifier"));
  const identifier = parts.find(({ tag }) => tag === 0x80);
  return identifier === undefined ? undefined : hex(content(identifier));
}

/** Reads an extension that path validation honours. Returns false for any other. */
function applyExtension(found: Extensions, oid: string, value: Uint8Array): boolean {
  switch (oid) {
    case "2.5.29.14":
      found.subjectKeyIdentifier = hex(
        content(expectTag(readDer(value), TAG.octetString, "the key identifier")),
      );
      return true;
    case "2.5.29.15":
      found.keyUsage = readKeyUsage(readDer(value));
      return true;
    case "2.5.29.17":
      found.subjectAltNames = nonEmpty(readDer(value), "the alternative names").map(readGeneralName);
      return true;
    case "2.5.29.19":
      found.basicConstraints = readBasicConstraints(readDer(value));
      return true;
    case "2.5.29.30":
      found.nameConstraints = readNameConstraints(readDer(value));
      return true;
    case AUTHORITY_KEY_IDENTIFIER:
      found.authorityKeyIdentifier = readAuthorityKeyIdentifier(value);
      return true;
    case "2.5.29.37":
      found.extendedKeyUsage = nonEmpty(readDer(value), "the extended key usage").map((purpose) =>
        readOid(expectTag(purpose, TAG.oid, "a key purpose")),
      );
      return true;
    case "2.5.29.32":
      return checkPolicies(readDer(value));
    default:
      return false;
  }
}

/** The qualifiers that RFC 5280 §4.2.1.4 defines: a pointer to a practice statement, and a notice to users. */
const POLICY_QUALIFIERS = new Set(["1.3.6.1.5.5.7.2.1", "1.3.6.1.5.5.7.2.2"]);

/**
 * Checks the form of certificate policies. Any policy is acceptable here (RFC 5280 §6.1.1, user-initial-policy-set =
 * any-policy), as long as its qualifiers are known.
 */
function checkPolicies(node: DerNode): boolean {
  let known = true;
  const seen = new Set<string>();
  for (const policy of nonEmpty(node, "the certificate policies")) {
    const [identifier, qualifiers, ...rest] = children(expectTag(policy, TAG.sequence, "a policy"));
    const oid = readOid(expectTag(identifier, TAG.oid, "a policy's identifier"));
    if (rest.length > 0 || seen.has(oid)) throw new DerError("a certificate policy is malformed or repeated");
    seen.add(oid);
    for (const qualifier of qualifiers === undefined ? [] : nonEmpty(qualifiers, "the policy qualifiers")) {
      const parts = children(expectTag(qualifier, TAG.sequence, "a policy qualifier"));
      if (parts.length !== 2) throw new DerError("a policy qualifier has not two parts");
      const kind = readOid(expectTag(parts[0], TAG.oid, "a policy qualifier's identifier"));
      if (!POLICY_QUALIFIERS.has(kind)) known = false;
    }
  }
  return known;
}

function readBasicConstraints(node: DerNode): { ca: boolean; pathLength?: number } {
  const [first, second, ...rest] = children(expectTag(node, TAG.sequence, "the basic constraints"));
  if (rest.length > 0) throw new DerError("the basic constraints have too many parts");
  if (first === undefined) return { ca: false };
  if (first.tag !== TAG.boolean)
    throw new DerError("the basic constraints have a path length without CA:true");
  const ca = readBoolean(first);
  if (!ca) throw new DerError("the basic constraints have CA:false, the default, which DER leaves out");
  if (second === undefined) return { ca };
  return { ca, pathLength: readSmallInteger(expectTag(second, TAG.integer, "the path length")) };
}

function readKeyUsage(node: DerNode): Set<KeyUsage> {
  const { bytes, unusedBits } = readBitString(expectTag(node, TAG.bitString, "the key usage"));
  // X.690 §11.2.2: a list of named bits ends with one that is set.
  if (((bytes.at(-1) ?? 0) & (1 << unusedBits)) === 0)
    throw new DerError("the key usage ends with a zero bit");
  return new Set(KEY_USAGES.filter((_, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0));
}

function readNameConstraints(node: DerNode): NameConstraints {
  const parts = nonEmpty(node, "the name constraints");
  const tags = parts.map(({ tag }) => tag).join();
  if (!["160", "161", "160,161"].includes(tags)) throw new DerError("the name constraints are malformed");
  const subtrees = (wanted: number): GeneralName[] =>
    parts.filter(({ tag }) => tag === wanted).flatMap((part) => children(part).map(readSubtree));
  return { permitted: subtrees(0xa0), excluded: subtrees(0xa1) };
}

function readSubtree(node: DerNode): GeneralName {
  const [base, ...bounds] = children(expectTag(node, TAG.sequence, "a name constraint"));
  // RFC 5280 §4.2.1.10: minimum must be zero and maximum absent, and DER omits the default.
  if (base === undefined || bounds.length > 0) throw new DerError("a name constraint has bounds");
  return readGeneralName(base);
}

/** Reads one GeneralName; kinds that neither tags nor constraints use are kept as `other`. */
function readGeneralName(node: DerNode): GeneralName {
  switch (node.tag) {
    case 0x81:
      return { kind: "email", value: readIa5(node) };
    case 0x82:
      return { kind: "dns", value: readIa5(node) };
    case 0x86:
      return { kind: "uri", value: readIa5(node) };
    case 0x87:
      return { kind: "ip", value: content(node) };
    case 0xa4:
      return { kind: "directory", value: readName(onlyChild(node, "a directory name")) };
    default:
      if (node.tag < 0x80 || node.tag === TAG.sequence) throw new DerError("a general name has no known tag");
      return { kind: "other", tag: node.tag };
  }
}

function readIa5(node: DerNode): string {
  const bytes = content(node);
  if (bytes.some((byte) => byte >= 0x80)) throw new DerError("a general name has bytes outside ASCII");
  return Buffer.from(bytes).toString("latin1");
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
