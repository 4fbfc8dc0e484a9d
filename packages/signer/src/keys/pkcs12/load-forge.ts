import type forge from "node-forge";

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
