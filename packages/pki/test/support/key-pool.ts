import { generateKeyPairOf } from "../../src/keys/key-pair.ts";
import type { KeyPair } from "../../src/keys/key-pair.ts";
import type { KeyType } from "../../src/keys/key-type.ts";

const first = generateKeyPairOf("rsa-2048");

const pool = new Map<KeyType, Promise<KeyPair>>();

/** Gives the same real key pair of a kind again and again. */
export function sharedKeyPairOf(keyType: KeyType): Promise<KeyPair> {
  const known = pool.get(keyType) ?? generateKeyPairOf(keyType);
  pool.set(keyType, known);
  return known;
}

/** Gives the same real key pair again and again, for tests that need many certificates but not many keys. */
export function sharedKeyPair(): Promise<KeyPair> {
  return first;
}
