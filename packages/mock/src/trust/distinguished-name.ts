import { children, content, DerError, expectTag, readOid, sequence, TAG } from "./der.ts";
import type { DerNode } from "./der.ts";

/** One attribute of a name, such as CN=client. */
export interface NameAttribute {
  readonly oid: string;
  /** Short name such as `CN`, or the dotted identifier when the attribute has none. */
  readonly type: string;
  readonly value: string;
}

/** A subject or issuer: its relative names in the order of the certificate, each with one or more attributes. */
export interface DistinguishedName {
  readonly rdns: readonly (readonly NameAttribute[])[];
  /** The attributes of all relative names, in the same order. */
  readonly attributes: readonly NameAttribute[];
  /** Equal for names that RFC 5280 §7.1 calls equal: letter case and runs of spaces do not count. */
  readonly comparisonKey: string;
  /** The same for each relative name. */
  readonly rdnKeys: readonly string[];
  /** RFC 4514 text: the last relative name first, `CN=client,O=Example,C=US`. */
  readonly text: string;
}

/** RFC 4519 and RFC 2985 short names. */
const ATTRIBUTE_TYPE: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.4": "SN",
  "2.5.4.5": "SERIALNUMBER",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.9": "STREET",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "2.5.4.12": "T",
  "2.5.4.42": "GN",
  "2.5.4.43": "initials",
  "2.5.4.44": "generationQualifier",
  "2.5.4.46": "dnQualifier",
  "2.5.4.65": "pseudonym",
  "0.9.2342.19200300.100.1.1": "UID",
  "0.9.2342.19200300.100.1.25": "DC",
  "1.2.840.113549.1.9.1": "emailAddress",
};

/** Reads a `Name` (RFC 5280 §4.1.2.4). */
export function readName(node: DerNode | undefined, what: string): DistinguishedName {
  const rdns = sequence(node, what).map((rdn) => {
    const attributes = children(expectTag(rdn, TAG.set, "a relative name")).map(readAttribute);
    if (attributes.length === 0) throw new DerError("a relative name is empty");
    return attributes;
  });
  const rdnKeys = rdns.map(rdnKey);
  const text = rdns
    .toReversed()
    .map((rdn) => rdn.map(({ type, value }) => `${type}=${escapeValue(value)}`).join("+"))
    .join(",");
  return { rdns, attributes: rdns.flat(), rdnKeys, comparisonKey: rdnKeys.join("\u0002"), text };
}

function readAttribute(node: DerNode): NameAttribute {
  const [type, value, ...rest] = sequence(node, "a name attribute");
  if (value === undefined || rest.length > 0) throw new DerError("a name attribute has not two parts");
  const oid = readOid(type, "a name attribute's type");
  return { oid, type: ATTRIBUTE_TYPE[oid] ?? oid, value: readText(value) };
}

/** The text of any of X.509's string types. */
export function readText(node: DerNode): string {
  const bytes = content(node);
  switch (node.tag) {
    case TAG.utf8String:
      try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
      } catch (cause) {
        throw new DerError("a UTF8String is not UTF-8", { cause });
      }
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.numericString:
      if (bytes.some((byte) => byte >= 0x80)) throw new DerError("a string has bytes outside its alphabet");
      return Buffer.from(bytes).toString("latin1");
    case TAG.teletexString:
      return Buffer.from(bytes).toString("latin1");
    case TAG.bmpString:
      if (bytes.length % 2 !== 0) throw new DerError("a BMPString is cut short");
      return Buffer.from(bytes).swap16().toString("utf16le");
    case TAG.universalString:
      return readUtf32(Buffer.from(bytes));
    default:
      throw new DerError(`a name has a value of tag 0x${node.tag.toString(16)}`);
  }
}

function readUtf32(bytes: Buffer): string {
  if (bytes.length % 4 !== 0) throw new DerError("a UniversalString is cut short");
  const points = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32BE(4 * index));
  if (points.some((point) => point > 0x10_ffff)) {
    throw new DerError("a UniversalString has no such character");
  }
  return points.map((point) => String.fromCodePoint(point)).join("");
}

function rdnKey(attributes: readonly NameAttribute[]): string {
  return attributes
    .map(({ oid, value }) => `${oid}=${prepare(value)}`)
    .sort()
    .join("\u0001");
}

/** What RFC 4518 §2.2 maps to nothing: controls but not blanks, joiners, variation selectors, soft hyphens. */
const MAPPED_TO_NOTHING = /(?![\t-\r\u0085])[\p{Cc}\p{Cf}\p{Variation_Selector}\u{34f}\u{1806}\u{fffc}]/gu;

/** Prepares a value for comparison (RFC 4518 §2): invisible characters, letter case and runs of spaces do not count. */
function prepare(value: string): string {
  return value
    .replaceAll(MAPPED_TO_NOTHING, "")
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll("ς", "σ")
    .replaceAll(/[\s\u0085]+/gu, " ")
    .trim();
}

function escapeValue(value: string): string {
  return value.replaceAll(/[",+;<>\\]|^[ #]| $/g, String.raw`\$&`).replaceAll("\u0000", String.raw`\00`);
}
