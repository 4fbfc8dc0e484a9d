import { generateKeyPairOf } from "../../src/keys/generate-key-pair.ts";
import type { KeyPair } from "../../src/keys/generate-key-pair.ts";
import type { KeyType } from "../../src/keys/key-type.ts";

const pool = new Map<KeyType, Promise<KeyPair>>();

/** Gives the same real key pair of a kind again and again, for tests that need many certificates but not many keys. */
export function sharedKeyPairOf(keyType: KeyType): Promise<KeyPair> {
  const known = pool.get(keyType) ?? generateKeyPairOf(keyType);
  pool.set(keyType, known);
  return known;
}

/** Gives the same RSA 2048 key pair again and again, whatever is asked for. */
export function sharedKeyPair(): Promise<KeyPair> {
  return sharedKeyPairOf("rsa-2048");
}
