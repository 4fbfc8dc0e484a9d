import { generateKeyPairSync } from "node:crypto";
import type { KeyPair } from "./make-certificate.ts";

/** The parameter sets of ML-DSA that this Node.js can use; none before Node.js 24. */
export const ML_DSA: readonly ("ml-dsa-44" | "ml-dsa-65" | "ml-dsa-87")[] = isSupported()
  ? ["ml-dsa-44", "ml-dsa-65", "ml-dsa-87"]
  : [];

export function mlDsaKeys(parameterSet: "ml-dsa-44" | "ml-dsa-65" | "ml-dsa-87"): KeyPair {
  return generateKeyPairSync(parameterSet);
}

function isSupported(): boolean {
  try {
    mlDsaKeys("ml-dsa-44");
    return true;
  } catch {
    return false;
  }
}
