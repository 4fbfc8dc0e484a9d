import { randomBytes } from "node:crypto";
import { generateKeyPairOf } from "./keys/generate-key-pair.ts";
import type { KeyPair } from "./keys/generate-key-pair.ts";
import type { KeyType } from "./keys/key-type.ts";

/** Clock, randomness and key generator of this library. Tests can replace them. */
export interface PkiDependencies {
  /** The current time. @default the system clock */
  readonly now: () => Date;
  /** Cryptographically strong random octets. @default `randomBytes` of node:crypto */
  readonly randomBytes: (size: number) => Uint8Array;
  /** A key pair of the kind asked for. @default Node's native generator */
  readonly generateKeyPair: (keyType: KeyType) => Promise<KeyPair>;
}

export const systemDependencies: PkiDependencies = {
  now: () => new Date(),
  randomBytes,
  generateKeyPair: generateKeyPairOf,
};
