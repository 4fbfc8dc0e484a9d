import { randomBytes } from "node:crypto";
import { generateRsaKeyPair } from "./keys/generate-key-pair.ts";
import type { KeyPair } from "./keys/generate-key-pair.ts";

/** Clock, randomness and key generator of this library. Tests can replace them. */
export interface PkiDependencies {
  /** The current time. @default the system clock */
  readonly now: () => Date;
  /** Cryptographically strong random octets. @default `randomBytes` of node:crypto */
  readonly randomBytes: (size: number) => Uint8Array;
  /** An RSA key pair. @default 2048 bits from Node's native generator */
  readonly generateKeyPair: () => Promise<KeyPair>;
}

export const systemDependencies: PkiDependencies = {
  now: () => new Date(),
  randomBytes,
  generateKeyPair: generateRsaKeyPair,
};
