import { createDecipheriv } from "node:crypto";

import { count, item, octets, oid } from "./ber.ts";
import type { Ber } from "./ber.ts";
import { derivePkcs12Key, derivePkcs5Key, PURPOSE } from "./derive-key.ts";
import type { Password } from "./derive-key.ts";
import { loadForge } from "./load-forge.ts";
import { Pkcs12Problem } from "./pkcs12-problem.ts";

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
