import { isAscii, isUtf8 } from "node:buffer";
import asn1 from "node-forge/lib/asn1.js";
import type { Asn1 } from "./encode.ts";

declare module "node-forge" {
  namespace asn1 {
    // node-forge documents these options; its type declarations know only the older boolean.
    function fromDer(
      bytes: Bytes,
      options: { strict: boolean; parseAllBytes: boolean; decodeBitStrings: boolean },
    ): Asn1;
  }
}

/** Reads exactly one DER value. Throws node-forge's error for other octets. */
export function fromDer(der: Uint8Array): Asn1 {
  return asn1.fromDer(Buffer.from(der).toString("latin1"), {
    strict: true,
    parseAllBytes: true,
    // With true, node-forge guesses whether a bit string holds ASN.1, and can take a key for ASN.1.
    decodeBitStrings: false,
  });
}

/** The values inside a SEQUENCE, SET or explicit tag; none for a primitive value. */
export function items(value: Asn1 | undefined): Asn1[] {
  return Array.isArray(value?.value) ? value.value : [];
}

/** The content octets of a primitive value; none for a constructed one. */
export function content(value: Asn1 | undefined): Buffer {
  return Buffer.from(typeof value?.value === "string" ? value.value : "", "latin1");
}

/** The bits of a BIT STRING, without the octet that counts the unused ones. */
export function bits(value: Asn1 | undefined): Buffer {
  return content(value).subarray(1);
}

/** The dotted form of an OBJECT IDENTIFIER. */
export function dottedOid(value: Asn1 | undefined): string {
  return asn1.derToOid(content(value).toString("latin1"));
}

/**
 * The text of a string: UTF8String, PrintableString, IA5String, NumericString, BMPString, UniversalString, or T61String
 * (read as Latin-1, as others do).
 *
 * @returns undefined for another type or octets that are no text
 */
export function stringIn(value: Asn1 | undefined): string | undefined {
  const octets = content(value);
  switch (Number(value?.type)) {
    case 12:
      return isUtf8(octets) ? octets.toString("utf8") : undefined;
    case 18:
    case 19:
    case 22:
      return isAscii(octets) ? octets.toString("latin1") : undefined;
    case 20:
      return octets.toString("latin1");
    case 28:
      return universalString(octets);
    case 30:
      // node-forge has decoded it.
      return typeof value?.value === "string" ? value.value : undefined;
    default:
      return undefined;
  }
}

/** Four octets a character. */
function universalString(octets: Buffer): string | undefined {
  const points = Array.from({ length: octets.length / 4 }, (_, index) => octets.readUInt32BE(index * 4));
  if (octets.length % 4 !== 0 || points.some((point) => point > 0x10_ffff)) return undefined;
  return points.map((point) => String.fromCodePoint(point)).join("");
}

export function isBoolean(value: Asn1): boolean {
  return value.tagClass === asn1.Class.UNIVERSAL && Number(value.type) === 1;
}

export function isExplicitTag(value: Asn1, tag: number): boolean {
  return value.tagClass === asn1.Class.CONTEXT_SPECIFIC && Number(value.type) === tag;
}
