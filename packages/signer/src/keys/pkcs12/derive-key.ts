import { pbkdf2Sync, scryptSync } from "node:crypto";

import { count, isInteger, isSequence, item, items, octets, oid } from "./ber.ts";
import type { Ber } from "./ber.ts";
import { loadForge } from "./load-forge.ts";
import { damaged, Pkcs12Problem } from "./pkcs12-problem.ts";

/** Null is the absent password, which PKCS#12 tells from an empty one. */
export type Password = string | null;

const PBKDF2 = "1.2.840.113549.1.5.12";
const SCRYPT = "1.3.6.1.4.1.11591.4.11";

const DIGEST_OF_HMAC: ReadonlyMap<string, string> = new Map([
  ["1.2.840.113549.2.7", "sha1"],
  ["1.2.840.113549.2.8", "sha224"],
  ["1.2.840.113549.2.9", "sha256"],
  ["1.2.840.113549.2.10", "sha384"],
  ["1.2.840.113549.2.11", "sha512"],
]);

/** Four times what scrypt needs as OpenSSL uses it. */
const MAX_MEMORY_BYTES = 256 * 1024 * 1024;

/** What a key is for, RFC 7292 appendix B.3. */
export const PURPOSE = { cipherKey: 1, initializationVector: 2, mac: 3 } as const;

/**
 * The key derivation of PKCS#12.
 *
 * @param digest Hash of node-forge's.
 * @see RFC 7292, appendix B
 */
export function derivePkcs12Key(
  password: Password,
  salt: Buffer,
  purpose: 1 | 2 | 3,
  iterations: number,
  length: number,
  digest: "sha1" | "sha256" | "sha384" | "sha512",
): Buffer {
  const { md, pkcs12, util } = loadForge();
  const buffer = util.createBuffer(salt.toString("latin1"));
  const key = pkcs12.generateKey(password, buffer, purpose, iterations, length, md[digest].create());
  return Buffer.from(key.getBytes(), "latin1");
}

/**
 * The key derivation that PKCS#5 names: PBKDF2 or scrypt.
 *
 * @param algorithm Its AlgorithmIdentifier.
 * @param length Bytes of the key.
 * @see RFC 8018, appendix A.2, and RFC 7914 §7
 */
export function derivePkcs5Key(password: Password, algorithm: Ber, length: number): Buffer {
  const name = oid(item(algorithm, 0));
  const secret = password ?? "";
  const parameters = item(algorithm, 1);
  const salt = octets(item(parameters, 0));
  if (name === PBKDF2) {
    const prf = items(parameters).slice(2).find(isSequence);
    return pbkdf2Sync(secret, salt, count(item(parameters, 1)), length, digestOf(prf));
  }
  if (name === SCRYPT) {
    const [N, r, p] = [1, 2, 3].map((index) => count(item(parameters, index)));
    try {
      return scryptSync(secret, salt, length, { N, r, p, maxmem: MAX_MEMORY_BYTES });
    } catch {
      throw damaged("its scrypt parameters are out of range");
    }
  }
  throw new Pkcs12Problem("unsupported", `key derivation ${name}`);
}

/** How long PBKDF2's parameters say that the key is, in bytes; PBMAC1 needs it (RFC 9579 §5). */
export function keyLengthOf(algorithm: Ber): number {
  const length = items(item(algorithm, 1)).slice(2).find(isInteger);
  const bytes = length === undefined ? 0 : count(length);
  if (bytes < 1 || bytes > 1024) throw damaged("PBMAC1 does not say how long its key is");
  return bytes;
}

/**
 * The hash of an HMAC.
 *
 * @param algorithm AlgorithmIdentifier of the HMAC. @default HMAC with SHA-1
 */
export function digestOf(algorithm: Ber | undefined): string {
  if (algorithm === undefined) return "sha1";
  const name = oid(item(algorithm, 0));
  const digest = DIGEST_OF_HMAC.get(name);
  if (digest === undefined) throw new Pkcs12Problem("unsupported", `HMAC ${name}`);
  return digest;
}
