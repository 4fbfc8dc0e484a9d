import type forge from "node-forge";

/** One value; node-forge also reads what BER allows beyond DER, which Windows and NSS write. */
export type Ber = forge.asn1.Asn1;

/**
 * Reads the first value of some bytes.
 *
 * @param extent Whether anything may follow it. @default it may
 */
export function readBer(bytes: Uint8Array, extent: "whole" | "first" = "first"): Ber {
  try {
    return loadForge().asn1.fromDer(latin1(bytes), {
      strict: true,
      parseAllBytes: extent === "whole",
      // Left on, node-forge guesses whether a bit string holds ASN.1, and a key may look as if it did.
      decodeBitStrings: false,
    });
  } catch {
    throw damaged("it is cut short or not ASN.1");
  }
}

/** The bytes of a value. */
export function writeDer(value: Ber): Buffer {
  return Buffer.from(loadForge().asn1.toDer(value).getBytes(), "latin1");
}

/** The values inside a SEQUENCE, a SET or an explicit tag. */
export function items(value: Ber): readonly Ber[] {
  if (Array.isArray(value.value)) return value.value;
  throw damaged("a value stands where a structure should");
}

/** One of the values inside. */
export function item(value: Ber, index: number): Ber {
  const found = items(value)[index];
  if (found === undefined) throw damaged("a structure ends too early");
  return found;
}

/** What is inside an explicit tag. */
export function tagged(value: Ber, tag: number): Ber {
  if (!isTagged(value, tag)) throw damaged(`tag [${tag}] is missing`);
  return item(value, 0);
}

/** Whether a value has the context-specific tag. */
export function isTagged(value: Ber, tag: number): boolean {
  return value.tagClass === loadForge().asn1.Class.CONTEXT_SPECIFIC && Number(value.type) === tag;
}

/** Whether a value is a SEQUENCE. */
export function isSequence(value: Ber): boolean {
  const { Class, Type } = loadForge().asn1;
  return value.tagClass === Class.UNIVERSAL && value.type === Type.SEQUENCE;
}

/** Whether a value is an INTEGER. */
export function isInteger(value: Ber): boolean {
  const { Class, Type } = loadForge().asn1;
  return value.tagClass === Class.UNIVERSAL && value.type === Type.INTEGER;
}

/** The octets of an OCTET STRING, which BER may cut into pieces. */
export function octets(value: Ber): Buffer {
  if (Array.isArray(value.value)) return Buffer.concat(value.value.map(octets));
  return Buffer.from(value.value, "latin1");
}

/** The dotted form of an OBJECT IDENTIFIER. */
export function oid(value: Ber): string {
  if (value.type !== loadForge().asn1.Type.OID) throw damaged("an object identifier is missing");
  return loadForge().asn1.derToOid(latin1(octets(value)));
}

/** More than any program asks for, and an end to what a hostile file can. */
const MAX_COUNT = 10_000_000;

/** A positive INTEGER of reasonable size: an iteration count, a length. */
export function count(value: Ber): number {
  const bytes = octets(value);
  const number = bytes.length > 4 || bytes.length === 0 ? 0 : bytes.readIntBE(0, bytes.length);
  if (!isInteger(value) || number < 1 || number > MAX_COUNT) throw damaged("a number is out of range");
  return number;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

declare module "node-forge" {
  namespace asn1 {
    // node-forge documents these options; its type declarations know only the older boolean.
    function fromDer(
      bytes: Bytes,
      options: { strict: boolean; parseAllBytes: boolean; decodeBitStrings: boolean },
    ): Asn1;
  }
  namespace pkcs12 {
    /** Key derivation of RFC 7292, appendix B. A null password has not even the two octets that end a string. */
    function generateKey(
      password: string | null,
      salt: util.ByteBuffer,
      id: 1 | 2 | 3,
      iterations: number,
      length: number,
      digest: md.MessageDigest,
    ): util.ByteBuffer;
  }
}

export type Forge = typeof forge;

let loaded: Forge | undefined;

/**
 * Loads node-forge, which is needed for PKCS#12 and for nothing else: loading it costs more than all that ra-signer does
 * otherwise.
 */
export function loadForge(): Forge {
  // Not `import()`, so that an identity is loaded without a wait; and a module that only this needs is not imported above.
  loaded ??= process.getBuiltinModule("node:module").createRequire(import.meta.filename)(
    "node-forge",
  ) as Forge;
  return loaded;
}

/** `password`: it does not fit; `damaged`: not what the standard says; `unsupported`: a kind that is not read here. */
export type Pkcs12ProblemKind = "password" | "damaged" | "unsupported";

/** Why a PKCS#12 file cannot be read; who knows the file's name turns it into a SignerError. */
export class Pkcs12Problem extends Error {
  override readonly name = "Pkcs12Problem";
  readonly kind: Pkcs12ProblemKind;

  constructor(kind: Pkcs12ProblemKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** A file that is not what the standard says. */
export function damaged(message: string): Pkcs12Problem {
  return new Pkcs12Problem("damaged", message);
}
