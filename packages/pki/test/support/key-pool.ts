import { generateRsaKeyPair } from "../../src/keys/generate-key-pair.ts";
import type { KeyPair } from "../../src/keys/generate-key-pair.ts";

const first = generateRsaKeyPair();

/** Gives the same real key pair again and again, for tests that need many certificates but not many keys. */
export function sharedKeyPair(): Promise<KeyPair> {
  return first;
}
