import { createDecipheriv, pbkdf2Sync, scryptSync } from "node:crypto";

import {
  Pkcs12Problem,
  count,
  damaged,
  isInteger,
  isSequence,
  item,
  items,
  loadForge,
  octets,
  oid,
} from "./asn1.ts";
import type { Ber } from "./asn1.ts";

const PBES2 = "1.2.840.113549.1.5.13";

/** Ciphers of PBES2 with the length of their key. */
const CIPHERS: ReadonlyMap<string, readonly [name: string, keyLength: number]> = new Map([
  ["2.16.840.1.101.3.4.1.2", ["aes-128-cbc", 16]],
  ["2.16.840.1.101.3.4.1.22", ["aes-192-cbc", 24]],
  ["2.16.840.1.101.3.4.1.42", ["aes-256-cbc", 32]],
  ["1.2.840.113549.3.7", ["des-ede3-cbc", 24]],
]);

/** Ciphers of PKCS#12 itself (RFC 7292, appendix C) with the length of their key. */
const OLD_CIPHERS: ReadonlyMap<string, readonly [name: "des-ede3-cbc" | "rc2", keyLength: number]> = new Map([
  ["1.2.840.113549.1.12.1.3", ["des-ede3-cbc", 24]],
  ["1.2.840.113549.1.12.1.4", ["des-ede3-cbc", 16]],
  ["1.2.840.113549.1.12.1.5", ["rc2", 16]],
  ["1.2.840.113549.1.12.1.6", ["rc2", 5]],
]);
const OLD_BLOCK_LENGTH = 8;

/**
 * Decrypts what a password encrypts: a key or a group of certificates.
 *
 * @param algorithm AlgorithmIdentifier of the encryption.
 * @throws {Pkcs12Problem} `password` when the result does not end as it should; `unsupported`; `damaged`.
 */
export function decrypt(algorithm: Ber, encrypted: Buffer, password: Password): Buffer {
  const name = oid(item(algorithm, 0));
  const parameters = item(algorithm, 1);
  if (name === PBES2) {
    const [kdf, scheme] = [item(parameters, 0), item(parameters, 1)];
    const cipher = CIPHERS.get(oid(item(scheme, 0)));
    if (cipher === undefined) {
      throw new Pkcs12Problem("unsupported", `cipher ${oid(item(scheme, 0))}`);
    }
    return decipher(cipher[0], derivePkcs5Key(password, kdf, cipher[1]), octets(item(scheme, 1)), encrypted);
  }
  const cipher = OLD_CIPHERS.get(name);
  if (cipher === undefined) throw new Pkcs12Problem("unsupported", `encryption ${name}`);
  const salt = octets(item(parameters, 0));
  const iterations = count(item(parameters, 1));
  const derive = (purpose: 1 | 2, length: number): Buffer =>
    derivePkcs12Key(password, salt, purpose, iterations, length, "sha1");
  const key = derive(PURPOSE.cipherKey, cipher[1]);
  const iv = derive(PURPOSE.initializationVector, OLD_BLOCK_LENGTH);
  if (cipher[0] === "rc2") return decipherRc2(key, iv, encrypted);
  // Two keys: the third is the first.
  return decipher(cipher[0], Buffer.concat([key, key]).subarray(0, 24), iv, encrypted);
}

function decipher(name: string, key: Buffer, iv: Buffer, encrypted: Buffer): Buffer {
  try {
    const cipher = createDecipheriv(name, key, iv);
    return Buffer.concat([cipher.update(encrypted), cipher.final()]);
  } catch {
    throw doesNotFit();
  }
}

/** OpenSSL keeps RC2 in its legacy provider, which Node.js has not. */
function decipherRc2(key: Buffer, iv: Buffer, encrypted: Buffer): Buffer {
  const { rc2, util } = loadForge();
  const cipher = rc2.createDecryptionCipher(key.toString("latin1"), key.length * 8);
  cipher.start(iv.toString("latin1"));
  cipher.update(util.createBuffer(encrypted.toString("latin1")));
  if (!cipher.finish()) throw doesNotFit();
  return Buffer.from(cipher.output.getBytes(), "latin1");
}

function doesNotFit(): Pkcs12Problem {
  return new Pkcs12Problem("password", "what was decrypted makes no sense");
}

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
