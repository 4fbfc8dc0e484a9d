import { ecKeys, makeCertificate, rsaKeys } from "@roles-anywhere/testing";
import type { KeyAlgorithm, TestIdentity } from "@roles-anywhere/testing";

/**
 * Makes a self-signed end-entity certificate.
 *
 * @param validity First and last moment as `YYYYMMDDHHMMSSZ`. @default 2020 to 2049
 */
export function makeIdentity(
  algorithm: KeyAlgorithm,
  validity?: readonly [from: string, to: string],
): TestIdentity {
  const [notBefore, notAfter] = validity?.map(readTime) ?? [];
  return makeCertificate({
    subject: [["CN", "test"]],
    keys: algorithm === "RSA-2048" ? rsaKeys() : ecKeys(algorithm),
    notBefore,
    notAfter,
  });
}

function readTime(text: string): Date {
  return new Date(text.replace(/^(....)(..)(..)(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}
