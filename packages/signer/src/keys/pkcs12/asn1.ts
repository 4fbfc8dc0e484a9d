import type forge from "node-forge";

import { SignerError } from "../../errors.ts";

/** One value; node-forge also reads what BER allows beyond DER, which Windows and NSS write. */
export type Ber = forge.asn1.Asn1;

declare module "node-forge" {
  namespace asn1 {
    // node-forge documents these options; its type declarations know only the older boolean.
    function fromDer(
      bytes: Bytes,
      options: { strict: boolean; parseAllBytes: boolean; decodeBitStrings: boolean },
    ): Asn1;
  }
}

let loaded: typeof forge | undefined;

/** Loads node-forge only where it is needed: that costs more than all that ra-signer does otherwise. */
export function loadForge(): typeof forge {
  // Not `import()`, so that an identity is loaded without a wait.
  const { createRequire } = process.getBuiltinModule("node:module");
  return (loaded ??= createRequire(import.meta.filename)("node-forge") as typeof forge);
}

/** A file that is not what the standard says. Who knows the file's name puts it into the message. */
export function damaged(reason: string): SignerError {
  return new SignerError("ERR_SIGNER_PKCS12_INVALID", reason);
}

/** Reads the first value of some bytes, which something may follow, or the one value that they are. */
export function readBer(bytes: Uint8Array, extent: "whole" | "first" = "first"): Ber {
  const options = {
    strict: true,
    parseAllBytes: extent === "whole",
    // Left on, node-forge guesses whether a bit string holds ASN.1, and a key may look as if it did.
    decodeBitStrings: false,
  };
  try {
    return loadForge().asn1.fromDer(Buffer.from(bytes).toString("latin1"), options);
  } catch {
    throw damaged("it is cut short or not ASN.1");
  }
}

/** The values inside a SEQUENCE, a SET or an explicit tag. */
export function items(value: Ber | undefined): readonly Ber[] {
  if (Array.isArray(value?.value)) return value.value;
  throw damaged("a value stands where a structure should, or is missing");
}

/** What is inside an explicit tag. */
export function tagged(value: Ber | undefined, tag: number): Ber {
  const inside = isTagged(value, tag) ? items(value)[0] : undefined;
  if (inside === undefined) throw damaged(`tag [${tag}] is missing`);
  return inside;
}

/** Whether a value has the context-specific tag. */
export function isTagged(value: Ber | undefined, tag: number): boolean {
  return Number(value?.tagClass) === 0x80 && Number(value?.type) === tag;
}

/** Whether a value has the universal tag, such as 6 for an OBJECT IDENTIFIER. */
export function isUniversal(value: Ber | undefined, tag: number): boolean {
  return Number(value?.tagClass) === 0 && Number(value?.type) === tag;
}

/** The octets of an OCTET STRING, which BER may cut into pieces. */
export function octets(value: Ber | undefined): Buffer {
  if (value === undefined) throw damaged("a structure ends too early");
  return Array.isArray(value.value)
    ? Buffer.concat(value.value.map(octets))
    : Buffer.from(value.value, "latin1");
}

/** The dotted form of an OBJECT IDENTIFIER. */
export function oid(value: Ber | undefined): string {
  if (!isUniversal(value, 6)) throw damaged("an object identifier is missing");
  return loadForge().asn1.derToOid(octets(value).toString("latin1"));
}
