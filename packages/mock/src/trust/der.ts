import { printable } from "../errors/printable.ts";

/**
 * A strict reader of DER (ITU-T X.690 §10): definite, minimal lengths, single-byte tags, nothing after the value.
 * It is strict because a forged certificate passes where two programs can read the same bytes in two ways.
 */

/** One tag-length-value, as offsets into the bytes that it was read from. */
export interface DerNode {
  readonly bytes: Uint8Array;
  readonly tag: number;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

/** The error for bytes that are not the expected DER. */
export class DerError extends Error {
  override readonly name = "DerError";
}

/** What a reader of DER returns, or the error for malformed bytes. */
export function attempt<T>(read: () => T): T | DerError {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return error;
    throw error;
  }
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Reads one value. Nothing may follow it. */
export function readDer(bytes: Uint8Array): DerNode {
  const node = readNode(bytes, 0, bytes.length);
  if (node.end !== bytes.length) throw new DerError(`${bytes.length - node.end} bytes after the value`);
  return node;
}

/** How many values a list in a certificate may have: ten times those of the largest in use. */
const MAX_PARTS = 1000;

/**
 * The values inside a constructed one.
 *
 * @param maxParts how many there may be; a list of nothing but empty values takes fifty times its own memory
 */
export function children(node: DerNode, maxParts = MAX_PARTS): DerNode[] {
  const found: DerNode[] = [];
  for (let at = node.contentStart; at < node.end;) {
    const child = readNode(node.bytes, at, node.end);
    found.push(child);
    if (found.length > maxParts) throw new DerError(`a list has more than ${maxParts} parts`);
    at = child.end;
  }
  return found;
}

/** The content without tag and length; a view, not a copy. */
export function content(node: DerNode): Uint8Array {
  return node.bytes.subarray(node.contentStart, node.end);
}

/** The value with tag and length; a view, not a copy. */
export function encoded(node: DerNode): Uint8Array {
  return node.bytes.subarray(node.start, node.end);
}

/** The node, when it exists and has this tag. */
export function expectTag(node: DerNode | undefined, tag: number, what: string): DerNode {
  if (node === undefined) throw new DerError(`${what} is missing`);
  if (node.tag !== tag)
    throw new DerError(`${what} has tag 0x${node.tag.toString(16)}, not 0x${tag.toString(16)}`);
  return node;
}

/** The length of the longest serial number (RFC 5280 §4.1.2.2). All other numbers here are shorter. */
const MAX_INTEGER_OCTETS = 20;

/** An INTEGER or ENUMERATED of up to 20 octets; two's complement, minimal (X.690 §8.3.2). */
export function readInteger(node: DerNode): bigint {
  const bytes = content(node);
  if (bytes.length > MAX_INTEGER_OCTETS) {
    throw new DerError(`an INTEGER has ${bytes.length} octets, more than ${MAX_INTEGER_OCTETS}`);
  }
  const [first, second] = bytes;
  if (first === undefined) throw new DerError("an INTEGER has no content");
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw new DerError("an INTEGER is not minimal");
  }
  const magnitude = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  return first >= 0x80 ? magnitude - (1n << BigInt(8 * bytes.length)) : magnitude;
}

/** A non-negative INTEGER that fits a number, such as a path length. */
export function readSmallInteger(node: DerNode): number {
  const value = readInteger(node);
  if (value < 0n || value > 0x7fff_ffffn) throw new DerError(`an INTEGER is out of range: ${value}`);
  return Number(value);
}

/** A BOOLEAN: 0x00 or 0xff (X.690 §11.1). */
export function readBoolean(node: DerNode): boolean {
  const bytes = content(node);
  if (bytes.length !== 1 || (bytes[0] !== 0 && bytes[0] !== 0xff)) throw new DerError("a BOOLEAN is not DER");
  return bytes[0] === 0xff;
}

/** The longest object identifier. Those in use are much shorter; the dotted form of a long arc takes quadratic time. */
const MAX_OID_OCTETS = 128;

/** An OBJECT IDENTIFIER in dotted form. */
export function readOid(node: DerNode | undefined, what = "an OBJECT IDENTIFIER"): string {
  const bytes = content(expectTag(node, TAG.oid, what));
  if (bytes.length > MAX_OID_OCTETS) {
    throw new DerError(`an OBJECT IDENTIFIER has ${bytes.length} octets, more than ${MAX_OID_OCTETS}`);
  }
  if ((bytes.at(-1) ?? 0x80) >= 0x80) throw new DerError("an OBJECT IDENTIFIER is cut short");
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const byte of bytes) {
    if (arc === 0n && byte === 0x80) throw new DerError("an OBJECT IDENTIFIER is not minimal");
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    if (byte >= 0x80) continue;
    arcs.push(arc);
    arc = 0n;
  }
  // The first number holds two arcs (X.690 §8.19.4).
  const [both = 0n, ...rest] = arcs;
  const top = both < 40n ? 0n : both < 80n ? 1n : 2n;
  return [top, both - top * 40n, ...rest].join(".");
}

/** A BIT STRING's bits as bytes, with the count of unused bits in the last one, which are zero (X.690 §11.2.1). */
export function readBitString(node: DerNode): { unusedBits: number; bytes: Uint8Array } {
  const bytes = content(node);
  const unusedBits = bytes[0];
  if (unusedBits === undefined || unusedBits > 7 || (unusedBits > 0 && bytes.length === 1)) {
    throw new DerError("a BIT STRING is malformed");
  }
  if (((bytes.at(-1) ?? 0) & ((1 << unusedBits) - 1)) !== 0) {
    throw new DerError("a BIT STRING has unused bits that are not zero");
  }
  return { unusedBits, bytes: bytes.subarray(1) };
}

/** A BIT STRING of whole octets, such as a signature. */
export function readOctets(node: DerNode): Uint8Array {
  const { unusedBits, bytes } = readBitString(node);
  if (unusedBits !== 0) throw new DerError("a BIT STRING is not of whole octets");
  return bytes;
}

/** The one value inside a constructed one. */
export function onlyChild(node: DerNode, what: string): DerNode {
  const [child, ...rest] = children(node);
  if (child === undefined || rest.length > 0) throw new DerError(`${what}: not exactly one value`);
  return child;
}

/** The parts of a SEQUENCE. */
export function sequence(node: DerNode | undefined, what: string): DerNode[] {
  return children(expectTag(node, TAG.sequence, what));
}

/** The three parts of a certificate or CRL (RFC 5280 §4.1, §5.1): what is signed, the algorithm and the signature. */
export function readSigned(der: Uint8Array, what: string) {
  const [body, algorithm, signature, ...rest] = sequence(readDer(der), what);
  if (rest.length > 0) throw new DerError(`${what} has too many parts`);
  return {
    body: expectTag(body, TAG.sequence, `the body of ${what}`),
    algorithm: expectTag(algorithm, TAG.sequence, `the signature algorithm of ${what}`),
    signature: readOctets(expectTag(signature, TAG.bitString, `the signature of ${what}`)),
  };
}

/** The parts of a SEQUENCE that must not be empty. */
export function nonEmpty(node: DerNode | undefined, what: string): DerNode[] {
  const parts = sequence(node, what);
  if (parts.length === 0) throw new DerError(`${what}: an empty list`);
  return parts;
}

/** UTCTime or GeneralizedTime in the forms that RFC 5280 §4.1.2.5 allows: to the second, ending in Z. */
export function readTime(node: DerNode): Date {
  const text = Buffer.from(content(node)).toString("latin1");
  const isUtc = node.tag === TAG.utcTime && /^\d{12}Z$/.test(text);
  if (!isUtc && !(node.tag === TAG.generalizedTime && /^\d{14}Z$/.test(text))) {
    throw new DerError(`a time is malformed: ${printable(text, 40)}`);
  }
  // RFC 5280 §4.1.2.5.1: YY of 50 and above is 19YY.
  const century = text < "5" ? "20" : "19";
  const date = parseTime(isUtc ? century + text : text);
  if (date === undefined) throw new DerError(`a time does not exist: ${text}`);
  return date;
}

/** Reads `YYYYMMDDHHMMSSZ`; `undefined` for another form, or a time that does not exist, such as on 30 February. */
export function parseTime(text: string): Date | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`);
  // JavaScript takes days that the month does not have, and hour 24, for a later day.
  return date.getUTCDate() === Number(day) ? date : undefined;
}

function readNode(bytes: Uint8Array, at: number, limit: number): DerNode {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || at + 2 > limit) throw new DerError("the data is cut short");
  if ((tag & 0x1f) === 0x1f) throw new DerError("a tag is longer than one byte");
  let contentStart = at + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw new DerError("a length is indefinite or too large");
    length = 0;
    for (let index = 0; index < count; index += 1) {
      const byte = bytes[contentStart + index];
      if (byte === undefined) throw new DerError("the data is cut short");
      length = length * 256 + byte;
    }
    contentStart += count;
    if (length < 0x80 || length < 256 ** (count - 1)) throw new DerError("a length is not minimal");
  }
  const end = contentStart + length;
  if (end > limit) throw new DerError("a length reaches past the end of the data");
  return { bytes, tag, start: at, contentStart, end };
}
