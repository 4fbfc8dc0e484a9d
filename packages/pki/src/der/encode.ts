import type forge from "node-forge";
import asn1 from "node-forge/lib/asn1.js";

const { Class, Type } = asn1;

/** node-forge has no name for it (X.680 §8.6). */
const IA5_STRING: forge.asn1.Type = 22;

/** One ASN.1 value, as node-forge holds it. Its own types are not installed with this package. */
export interface Asn1 {
  tagClass: number;
  type: number;
  constructed: boolean;
  composed: boolean;
  value: string | Asn1[];
}

// node-forge holds octets as strings of the characters U+0000 to U+00FF.
function octets(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

export function sequence(...items: Asn1[]): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, items);
}

export function set(...items: Asn1[]): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.SET, true, items);
}

export function oid(dotted: string): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(dotted).getBytes());
}

export function nullValue(): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.NULL, false, "");
}

export function booleanTrue(): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.BOOLEAN, false, "\u00ff");
}

/** An INTEGER. `content` is the number in two's complement, in the fewest octets. */
export function integer(content: Uint8Array): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.INTEGER, false, octets(content));
}

/** An ENUMERATED from 0 to 127. */
export function enumerated(value: number): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.ENUMERATED, false, String.fromCodePoint(value));
}

export function octetString(content: Uint8Array): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, octets(content));
}

export function bitString(content: Uint8Array, unusedBits = 0): Asn1 {
  return asn1.create(
    Class.UNIVERSAL,
    Type.BITSTRING,
    false,
    String.fromCodePoint(unusedBits) + octets(content),
  );
}

export function utf8String(text: string): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.UTF8, false, octets(Buffer.from(text, "utf8")));
}

export function printableString(text: string): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.PRINTABLESTRING, false, text);
}

export function ia5String(text: string): Asn1 {
  return asn1.create(Class.UNIVERSAL, IA5_STRING, false, octets(Buffer.from(text, "latin1")));
}

/** A BMPString: node-forge writes each UTF-16 unit as two octets. */
export function bmpString(text: string): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.BMPSTRING, false, text);
}

/** A `[tag]` that wraps other values, or replaces the tag of a SEQUENCE or SET of them. */
export function explicit(tag: number, ...items: Asn1[]): Asn1 {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag, true, items);
}

/** A `[tag]` that replaces the tag of a primitive value. */
export function implicit(tag: number, content: Uint8Array): Asn1 {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag, false, octets(content));
}

/**
 * A date in whole seconds of UTC: UTCTime through 2049, GeneralizedTime from 2050.
 *
 * @see RFC 5280 §4.1.2.5
 */
export function time(date: Date): Asn1 {
  return date.getUTCFullYear() < 2050
    ? asn1.create(Class.UNIVERSAL, Type.UTCTIME, false, asn1.dateToUtcTime(date))
    : asn1.create(Class.UNIVERSAL, Type.GENERALIZEDTIME, false, asn1.dateToGeneralizedTime(date));
}

export function toDer(value: Asn1): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), "latin1");
}
