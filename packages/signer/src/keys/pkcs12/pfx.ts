import { createDecipheriv, createHmac, pbkdf2Sync, scryptSync, timingSafeEqual } from "node:crypto";

import { SignerError } from "../../errors.ts";
import { damaged, isTagged, isUniversal, items, loadForge, octets, oid, readBer, tagged } from "./asn1.ts";
import type { Ber } from "./asn1.ts";

/** What a PKCS#12 file holds, in its order. */
export interface Pfx {
  /** PKCS#8 DER of each private key. */
  readonly keys: readonly Buffer[];
  /** DER of each X.509 certificate. */
  readonly certificates: readonly Buffer[];
}

/** Null is the absent password, which PKCS#12 tells from an empty one. */
export type Password = string | null;

const DATA = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA = "1.2.840.113549.1.7.6";
const KEY_BAG = "1.2.840.113549.1.12.10.1.1";
const SHROUDED_KEY_BAG = "1.2.840.113549.1.12.10.1.2";
const CERTIFICATE_BAG = "1.2.840.113549.1.12.10.1.3";
const SAFE_CONTENTS_BAG = "1.2.840.113549.1.12.10.1.6";
const X509_CERTIFICATE = "1.2.840.113549.1.9.22.1";
const PBKDF2 = "1.2.840.113549.1.5.12";
const SCRYPT = "1.3.6.1.4.1.11591.4.11";
const PBES2 = "1.2.840.113549.1.5.13";
const PBMAC1 = "1.2.840.113549.1.5.14";

/** What a table has for an object identifier. */
type Table<Value> = Readonly<Record<string, Value>>;

/** Ciphers of PBES2 with the length of their key. */
const CIPHERS: Table<readonly [name: string, keyLength: number]> = {
  "2.16.840.1.101.3.4.1.2": ["aes-128-cbc", 16],
  "2.16.840.1.101.3.4.1.22": ["aes-192-cbc", 24],
  "2.16.840.1.101.3.4.1.42": ["aes-256-cbc", 32],
  "1.2.840.113549.3.7": ["des-ede3-cbc", 24],
};

/** Ciphers of PKCS#12 itself (RFC 7292, appendix C) with the length of their key. */
const OLD_CIPHERS: Table<readonly [name: string, keyLength: number]> = {
  "1.2.840.113549.1.12.1.3": ["des-ede3-cbc", 24],
  "1.2.840.113549.1.12.1.4": ["des-ede3-cbc", 16],
  "1.2.840.113549.1.12.1.5": ["rc2", 16],
  "1.2.840.113549.1.12.1.6": ["rc2", 5],
};

const HMACS: Table<string> = {
  "1.2.840.113549.2.7": "sha1",
  "1.2.840.113549.2.8": "sha224",
  "1.2.840.113549.2.9": "sha256",
  "1.2.840.113549.2.10": "sha384",
  "1.2.840.113549.2.11": "sha512",
};

/** Hashes of the older MAC. */
const HASHES: Table<"sha1" | "sha256" | "sha384" | "sha512"> = {
  "1.3.14.3.2.26": "sha1",
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

/** Universal tags. */
const INTEGER = 2;
const SEQUENCE = 16;

/** What a key is for (RFC 7292, appendix B.3). */
const PURPOSE = { cipherKey: 1, initializationVector: 2, mac: 3 } as const;

/** More rounds than any program asks for, and an end to what a hostile file can. */
const MAX_COUNT = 10_000_000;
/** Four times what scrypt needs as OpenSSL uses it. */
const MAX_MEMORY_BYTES = 256 * 1024 * 1024;

/**
 * Opens a PKCS#12 file. A file without a MAC is taken as OpenSSL does; what it encrypts still needs the password.
 *
 * @throws {SignerError} ERR_SIGNER_PASSWORD_WRONG, ERR_SIGNER_PKCS12_INVALID or ERR_SIGNER_PKCS12_UNSUPPORTED, with the bare
 *   reason as its message.
 * @see RFC 7292 §4 and §5
 */
export function decodePfx(bytes: Uint8Array, password: Password): Pfx {
  const [, contentInfo, macData] = items(readBer(bytes));
  if (contentInfo === undefined) throw damaged("it has no content");
  const [type, content] = typed(contentInfo);
  if (type !== DATA) throw unsupported("the whole file is signed or encrypted with a public key");
  const authSafe = octets(content);
  if (macData !== undefined) verifyMac(macData, authSafe, password);

  const keys: Buffer[] = [];
  const certificates: Buffer[] = [];
  const takeBags = (safeContents: Ber): void => {
    for (const [kind, value] of items(safeContents).map(typed)) {
      if (kind === SAFE_CONTENTS_BAG) takeBags(value);
      if (kind === KEY_BAG) keys.push(writeDer(value));
      if (kind === SHROUDED_KEY_BAG) keys.push(writeDer(decrypt(items(value), password)));
      if (kind !== CERTIFICATE_BAG) continue;
      const [certificateType, certificate] = typed(value);
      if (certificateType === X509_CERTIFICATE) certificates.push(octets(certificate));
    }
  };
  try {
    for (const part of items(readBer(authSafe))) takeBags(safeContentsOf(part, password));
  } catch (error) {
    const isPassword = error instanceof SignerError && error.code === "ERR_SIGNER_PASSWORD_WRONG";
    // A MAC that fits has shown that the password is right.
    if (isPassword && macData !== undefined) {
      throw damaged("its MAC fits the password, its encrypted part does not");
    }
    throw error;
  }
  return { keys, certificates };
}

/** The form of ContentInfo, SafeBag and CertBag: an object identifier, and what it stands for in tag [0]. */
function typed(value: Ber): readonly [type: string, content: Ber] {
  const [type, content] = items(value);
  return [oid(type), tagged(content, 0)];
}

function safeContentsOf(contentInfo: Ber, password: Password): Ber {
  const [type, content] = typed(contentInfo);
  if (type === DATA) return readBer(octets(content));
  if (type !== ENCRYPTED_DATA) throw unsupported("a part is encrypted with a public key");
  const [, algorithm, encrypted] = items(items(content)[1]);
  if (!isTagged(encrypted, 0)) throw damaged("an encrypted part is incomplete");
  return decrypt([algorithm, encrypted], password);
}

function unsupported(what: string): SignerError {
  return new SignerError("ERR_SIGNER_PKCS12_UNSUPPORTED", what);
}

function wrongPassword(): SignerError {
  return new SignerError("ERR_SIGNER_PASSWORD_WRONG", "the password does not fit");
}

function lookUp<Value>(table: Table<Value>, what: string, algorithm: Ber | undefined): Value {
  const name = oid(algorithm);
  const found = table[name];
  if (found === undefined) throw unsupported(`${what} ${name}`);
  return found;
}

/** A positive INTEGER: an iteration count, a length. */
function count(value: Ber | undefined, max: number = MAX_COUNT): number {
  const bytes = octets(value);
  const number = bytes.length > 4 || bytes.length === 0 ? 0 : bytes.readIntBE(0, bytes.length);
  if (!isUniversal(value, INTEGER) || number < 1 || number > max) throw damaged("a number is out of range");
  return number;
}

function writeDer(value: Ber): Buffer {
  return Buffer.from(loadForge().asn1.toDer(value).getBytes(), "latin1");
}

/** Checks the MAC of a file (RFC 7292 §4, RFC 9579). */
function verifyMac(macData: Ber, content: Buffer, password: Password): void {
  const [digestInfo, salt, rounds] = items(macData);
  const [algorithm, value] = items(digestInfo);
  const [name, parameters] = items(algorithm);
  let hash: string;
  let key: Buffer;
  if (oid(name) === PBMAC1) {
    const [derivation, hmac] = items(parameters);
    hash = hmacHash(hmac);
    key = pkcs5Key(password, derivation);
  } else {
    const older = lookUp(HASHES, "MAC", name);
    hash = older;
    key = pkcs12Key(password, octets(salt), rounds === undefined ? 1 : count(rounds), PURPOSE.mac, older);
  }
  const expected = octets(value);
  const actual = createHmac(hash, key).update(content).digest();
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) throw wrongPassword();
}

/** Decrypts a key or a group of certificates, which stands after the algorithm that encrypts it. */
function decrypt([algorithm, encrypted]: readonly (Ber | undefined)[], password: Password): Ber {
  const [name, parameters] = items(algorithm);
  const [first, second] = items(parameters);
  let decrypted: Buffer;
  if (oid(name) === PBES2) {
    const [scheme, iv] = items(second);
    const [cipher, keyLength] = lookUp(CIPHERS, "cipher", scheme);
    decrypted = decipher(cipher, pkcs5Key(password, first, keyLength), octets(iv), octets(encrypted));
  } else {
    const [cipher, keyLength] = lookUp(OLD_CIPHERS, "encryption", name);
    const derive = (purpose: 1 | 2, length: number): Buffer =>
      pkcs12Key(password, octets(first), count(second), purpose, "sha1", length);
    const key = derive(PURPOSE.cipherKey, keyLength);
    const iv = derive(PURPOSE.initializationVector, 8);
    decrypted = decipher(cipher, key, iv, octets(encrypted));
  }
  try {
    // One wrong password in 256 gives a padding that looks right; a structure of just that length it does not give.
    const structure = readBer(decrypted, "whole");
    if (isUniversal(structure, SEQUENCE)) return structure;
  } catch {
    // Said below.
  }
  throw wrongPassword();
}

function decipher(name: string, key: Buffer, iv: Buffer, encrypted: Buffer): Buffer {
  if (name === "rc2") return decipherRc2(key, iv, encrypted);
  // Of two keys for Triple DES the first is the third as well.
  const whole = name === "des-ede3-cbc" ? Buffer.concat([key, key]).subarray(0, 24) : key;
  try {
    const cipher = createDecipheriv(name, whole, iv);
    return Buffer.concat([cipher.update(encrypted), cipher.final()]);
  } catch {
    throw wrongPassword();
  }
}

/** OpenSSL keeps RC2 in its legacy provider, which Node.js has not. */
function decipherRc2(key: Buffer, iv: Buffer, encrypted: Buffer): Buffer {
  const { rc2, util } = loadForge();
  const cipher = rc2.createDecryptionCipher(key.toString("latin1"), key.length * 8);
  cipher.start(iv.toString("latin1"));
  cipher.update(util.createBuffer(encrypted.toString("latin1")));
  if (!cipher.finish()) throw wrongPassword();
  return Buffer.from(cipher.output.getBytes(), "latin1");
}

/** The key derivation of PKCS#12 (RFC 7292, appendix B). */
function pkcs12Key(
  password: Password,
  salt: Buffer,
  rounds: number,
  purpose: 1 | 2 | 3,
  hash: "sha1" | "sha256" | "sha384" | "sha512",
  length?: number,
): Buffer {
  const { md, pkcs12, util } = loadForge();
  const digest = md[hash].create();
  const saltBuffer = util.createBuffer(salt.toString("latin1"));
  const key = pkcs12.generateKey(
    password,
    saltBuffer,
    purpose,
    rounds,
    length ?? digest.digestLength,
    digest,
  );
  return Buffer.from(key.getBytes(), "latin1");
}

/**
 * The key derivation that PKCS#5 names: PBKDF2 or scrypt (RFC 8018, appendix A.2; RFC 7914 §7).
 *
 * @param length Bytes of the key. @default what the parameters of PBKDF2 say, as PBMAC1 wants it (RFC 9579 §5)
 */
function pkcs5Key(password: Password, algorithm: Ber | undefined, length?: number): Buffer {
  const [name, parameters] = items(algorithm);
  const [saltValue, ...others] = items(parameters);
  const [salt, secret] = [octets(saltValue), password ?? ""];
  if (oid(name) === PBKDF2) {
    const [rounds, ...optional] = others;
    const stated = optional.find((value) => isUniversal(value, INTEGER));
    const prf = optional.find((value) => isUniversal(value, SEQUENCE));
    if (length === undefined && stated === undefined)
      throw damaged("PBMAC1 does not say how long its key is");
    return pbkdf2Sync(secret, salt, count(rounds), length ?? count(stated, 1024), hmacHash(prf));
  }
  if (oid(name) !== SCRYPT || length === undefined) throw unsupported(`key derivation ${oid(name)}`);
  const [N, r, p] = others.map((value) => count(value));
  try {
    return scryptSync(secret, salt, length, { N, r, p, maxmem: MAX_MEMORY_BYTES });
  } catch {
    throw damaged("its scrypt parameters are out of range");
  }
}

/** The hash of an HMAC; SHA-1 when none is named. */
function hmacHash(algorithm: Ber | undefined): string {
  return algorithm === undefined ? "sha1" : lookUp(HMACS, "HMAC", items(algorithm)[0]);
}
