import { generateKeyPairOf } from "../../src/keys/key-pair.ts";
import type { KeyPair } from "../../src/keys/key-pair.ts";

const first = generateKeyPairOf("rsa-2048");

/** Gives the same real key pair again and again, for tests that need many certificates but not many keys. */
export function sharedKeyPair(): Promise<KeyPair> {
  return first;
}
