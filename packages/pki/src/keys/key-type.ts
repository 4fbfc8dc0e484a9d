/** The kinds of keys that Roles Anywhere accepts and this library makes. ML-DSA needs Node.js 24. */
export const KEY_TYPES = [
  "rsa-2048",
  "rsa-3072",
  "rsa-4096",
  "ec-p256",
  "ec-p384",
  "ec-p521",
  "ml-dsa-44",
  "ml-dsa-65",
  "ml-dsa-87",
] as const;

/** The kind of a key: algorithm and length, curve or parameter set. */
export type KeyType = (typeof KEY_TYPES)[number];

export const DEFAULT_KEY_TYPE: KeyType = "rsa-2048";
