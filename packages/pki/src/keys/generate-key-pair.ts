import { generateKeyPair } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { promisify } from "node:util";

/** A private key and the public key that belongs to it. */
export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Generates an RSA key of 2048 bits with the public exponent 65537, off the main thread. */
export async function generateRsaKeyPair(): Promise<KeyPair> {
  return promisify(generateKeyPair)("rsa", { modulusLength: 2048, publicExponent: 0x10001 });
}

/** The unencrypted PKCS#8 PEM (`BEGIN PRIVATE KEY`) of a private key. */
export function toPkcs8Pem(privateKey: KeyObject): string {
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}
