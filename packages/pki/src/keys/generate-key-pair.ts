import { generateKeyPair } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { PkiError } from "../errors.ts";
import { DEFAULT_KEY_TYPE, KEY_TYPES } from "./key-type.ts";
import type { KeyType } from "./key-type.ts";

/** A private key and the public key that belongs to it. */
export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/**
 * Generates a key off the main thread. RSA keys have the public exponent 65537.
 *
 * @throws {PkiError} ERR_PKI_KEY_UNSUPPORTED when this Node.js lacks the algorithm.
 */
export async function generateKeyPairOf(keyType: KeyType = DEFAULT_KEY_TYPE): Promise<KeyPair> {
  const generate = promisify(generateKeyPair);
  switch (keyType) {
    case "rsa-2048":
    case "rsa-3072":
    case "rsa-4096":
      return generate("rsa", { modulusLength: Number(keyType.slice(4)), publicExponent: 0x10001 });
    case "ec-p256":
    case "ec-p384":
    case "ec-p521":
      return generate("ec", { namedCurve: keyType.replace("ec-p", "P-") });
    case "ml-dsa-44":
    case "ml-dsa-65":
    case "ml-dsa-87":
      try {
        return await generate(keyType);
      } catch (cause) {
        throw new PkiError(
          "ERR_PKI_KEY_UNSUPPORTED",
          `Node.js ${process.versions.node} cannot make ${keyType} keys; use Node.js 24 or later, or another key type`,
          { cause },
        );
      }
    default:
      // Programs without types can give anything.
      throw new PkiError(
        "ERR_PKI_KEY_UNSUPPORTED",
        `the key type ${JSON.stringify(keyType)} is not known; give one of ${KEY_TYPES.join(", ")}`,
      );
  }
}
