import { createDecipheriv, createHmac, pbkdf2Sync, scryptSync, timingSafeEqual } from "node:crypto";

import { SignerError } from "../../errors.ts";
import { damaged, isTagged, isUniversal, items, loadForge, octets, oid, readBer, tagged } from "./asn1.ts";
import type { Ber } from "./asn1.ts";

/** PKCS#8 DER of each private key and DER of each X.509 certificate in a PKCS#12 file, in its order. */
export interface Pfx {
  readonly keys: readonly Buffer[];
  readonly certificates: readonly Buffer[];
}

/** Null is the absent password, which PKCS#12 tells from an empty one. */
export type Password = string | null;

type Hash = "sha1" | "sha256" | "sha384" | "sha512";
type Ciphers = Readonly<Record<string, readonly [name: string, keyLength: number]>>;

const CIPHERS: Ciphers = {
  "aes128-CBC": ["aes-128-cbc", 16],
  "aes192-CBC": ["aes-192-cbc", 24],
  "aes256-CBC": ["aes-256-cbc", 32],
  "des-EDE3-CBC": ["des-ede3-cbc", 24],
};

/** Ciphers of PKCS#12 itself (RFC 7292, appendix C). */
const OLD_CIPHERS: Ciphers = {
  "pbeWithSHAAnd3-KeyTripleDES-CBC": ["des-ede3-cbc", 24],
  "pbeWithSHAAnd2-KeyTripleDES-CBC": ["des-ede3-cbc", 16],
  "pbeWithSHAAnd128BitRC2-CBC": ["rc2", 16],
  "pbewithSHAAnd40BitRC2-CBC": ["rc2", 5],
};

const HASHES: Readonly<Record<string, Hash>> = {
  sha1: "sha1",
  sha256: "sha256",
  sha384: "sha384",
  sha512: "sha512",
};

const HMACS: Readonly<Record<string, string>> = {
  hmacWithSHA1: "sha1",
  hmacWithSHA224: "sha224",
  hmacWithSHA256: "sha256",
  hmacWithSHA384: "sha384",
  hmacWithSHA512: "sha512",
};

// Neither has a name in node-forge.
const SCRYPT = "1.3.6.1.4.1.11591.4.11";
const PBMAC1 = "1.2.840.113549.1.5.14";

const INTEGER = 2;
const SEQUENCE = 16;

/** More rounds than any program asks for, and an end to what a hostile file can. */
const MAX_COUNT = 10_000_000;
/** Four times what scrypt needs as OpenSSL uses it. */
const MAX_MEMORY_BYTES = 256 * 1024 * 1024;

/**
 * Opens a PKCS#12 file (RFC 7292 §4 and §5). A file without a MAC is taken as OpenSSL does; what it encrypts still needs the
 * password.
 *
 * @throws {SignerError} ERR_SIGNER_PASSWORD_WRONG, ERR_SIGNER_PKCS12_INVALID or ERR_SIGNER_PKCS12_UNSUPPORTED, with the bare
 *   reason as its message.
 */
export function decodePfx(bytes: Uint8Array, password: Password): Pfx {
  const [, contentInfo, macData] = items(readBer(bytes));
  if (contentInfo === undefined) throw damaged("it has no content");
  const [type, content] = typed(contentInfo);
  if (type !== "data") throw unsupported("the whole file is signed or encrypted with a public key");
  const authSafe = octets(content);
  if (macData !== undefined) verifyMac(macData, authSafe, password);

  const keys: Buffer[] = [];
  const certificates: Buffer[] = [];
  const takeBags = (safeContents: Ber): void => {
    for (const [kind, value] of items(safeContents).map(typed)) {
      if (kind === "safeContentsBag") takeBags(value);
      if (kind === "keyBag") keys.push(writeDer(value));
      if (kind === "pkcs8ShroudedKeyBag") keys.push(writeDer(decrypt(items(value), password)));
      if (kind !== "certBag") continue;
      const [certificateType, certificate] = typed(value);
      if (certificateType === "x509Certificate") certificates.push(octets(certificate));
    }
  };
  try {
    for (const part of items(readBer(authSafe))) takeBags(safeContentsOf(part, password));
  } catch (error) {
    const isPassword = error instanceof SignerError && error.code === "ERR_SIGNER_PASSWORD_WRONG";
    if (macData === undefined || !isPassword) throw error;
    throw damaged("its MAC fits the password, its encrypted part does not");
  }
  return { keys, certificates };
}

/** The form of ContentInfo, SafeBag and CertBag: an object identifier, and what it stands for in tag [0]. */
function typed(value: Ber): readonly [type: string, content: Ber] {
  const [type, content] = items(value);
  return [nameOf(type), tagged(content, 0)];
}

function safeContentsOf(contentInfo: Ber, password: Password): Ber {
  const [type, content] = typed(contentInfo);
  if (type === "data") return readBer(octets(content));
  if (type !== "encryptedData") throw unsupported("a part is encrypted with a public key");
  const [, algorithm, encrypted] = items(items(content)[1]);
  if (!isTagged(encrypted, 0)) throw damaged("an encrypted part is incomplete");
  return decrypt([algorithm, encrypted], password);
}

function unsupported(what: string): SignerError {
  return new SignerError("ERR_SIGNER_PKCS12_UNSUPPORTED", what);
}

/** The name that node-forge has for an object identifier, else its dotted form. */
function nameOf(identifier: Ber | undefined): string {
  const dotted = oid(identifier);
  return loadForge().pki.oids[dotted] ?? dotted;
}

function lookUp<Value>(table: Readonly<Record<string, Value>>, what: string, identifier?: Ber): Value {
  const found = table[nameOf(identifier)];
  if (found === undefined) throw unsupported(`${what} ${oid(identifier)}`);
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
    key = pkcs12Key(3, older, password, octets(salt), rounds === undefined ? 1 : count(rounds));
  }
  const expected = octets(value);
  const actual = createHmac(hash, key).update(content).digest();
  if (actual.length === expected.length && timingSafeEqual(actual, expected)) return;
  throw new SignerError("ERR_SIGNER_PASSWORD_WRONG", "the MAC does not fit");
}

/** Decrypts a key or a group of certificates, which stands after the algorithm that encrypts it. */
function decrypt([algorithm, value]: readonly (Ber | undefined)[], password: Password): Ber {
  const encrypted = octets(value);
  const [cipher, key, iv] = cipherOf(algorithm, password);
  try {
    // One wrong password in 256 gives a padding that looks right; a structure of just that length it does not give.
    const structure = readBer(decipher(cipher, key, iv, encrypted), "whole");
    if (isUniversal(structure, SEQUENCE)) return structure;
  } catch {
    // Said below.
  }
  throw new SignerError("ERR_SIGNER_PASSWORD_WRONG", "what was decrypted makes no sense");
}

function cipherOf(
  algorithm: Ber | undefined,
  password: Password,
): readonly [name: string, key: Buffer, iv: Buffer] {
  const [kind, parameters] = items(algorithm);
  const [first, second] = items(parameters);
  if (nameOf(kind) === "pkcs5PBES2") {
    const [scheme, iv] = items(second);
    const [name, keyLength] = lookUp(CIPHERS, "cipher", scheme);
    return [name, pkcs5Key(password, first, keyLength), octets(iv)];
  }
  const [name, keyLength] = lookUp(OLD_CIPHERS, "encryption", kind);
  const derive = (purpose: 1 | 2, length: number): Buffer =>
    pkcs12Key(purpose, "sha1", password, octets(first), count(second), length);
  return [name, derive(1, keyLength), derive(2, 8)];
}

function decipher(name: string, key: Buffer, iv: Buffer, encrypted: Buffer): Buffer {
  if (name !== "rc2") {
    // Of two keys for Triple DES the first is the third as well.
    const whole = name === "des-ede3-cbc" ? Buffer.concat([key, key]).subarray(0, 24) : key;
    const cipher = createDecipheriv(name, whole, iv);
    return Buffer.concat([cipher.update(encrypted), cipher.final()]);
  }
  // OpenSSL keeps RC2 in its legacy provider, which Node.js has not.
  const { rc2, util } = loadForge();
  const cipher = rc2.createDecryptionCipher(key.toString("latin1"), key.length * 8);
  cipher.start(iv.toString("latin1"));
  cipher.update(util.createBuffer(encrypted.toString("latin1")));
  if (!cipher.finish()) throw new Error("the padding is wrong");
  return Buffer.from(cipher.output.getBytes(), "latin1");
}

/** A key (1), initialization vector (2) or MAC key (3) of PKCS#12 (RFC 7292, appendix B), by default as long as the hash. */
function pkcs12Key(
  purpose: 1 | 2 | 3,
  hash: Hash,
  password: Password,
  salt: Buffer,
  rounds: number,
  keyLength?: number,
): Buffer {
  const { md, pkcs12, util } = loadForge();
  const digest = md[hash].create();
  const length = keyLength ?? digest.digestLength;
  const saltBytes = util.createBuffer(salt.toString("latin1"));
  const key = pkcs12.generateKey(password, saltBytes, purpose, rounds, length, digest);
  return Buffer.from(key.getBytes(), "latin1");
}

/** A key by PBKDF2 or scrypt (RFC 8018, appendix A.2; RFC 7914 §7), for PBMAC1 as long as PBKDF2 says (RFC 9579 §5). */
function pkcs5Key(password: Password, algorithm: Ber | undefined, keyLength?: number): Buffer {
  const [kind, parameters] = items(algorithm);
  const [saltValue, ...others] = items(parameters);
  const [salt, secret] = [octets(saltValue), password ?? ""];
  if (nameOf(kind) === "pkcs5PBKDF2") {
    const [rounds, ...optional] = others;
    const stated = optional.find((value) => isUniversal(value, INTEGER));
    const prf = optional.find((value) => isUniversal(value, SEQUENCE));
    const length = keyLength ?? (stated === undefined ? 0 : count(stated, 1024));
    if (length === 0) throw damaged("PBMAC1 does not say how long its key is");
    return pbkdf2Sync(secret, salt, count(rounds), length, hmacHash(prf));
  }
  if (oid(kind) !== SCRYPT || keyLength === undefined) throw unsupported(`key derivation ${oid(kind)}`);
  const [N, r, p] = others.map((value) => count(value));
  try {
    return scryptSync(secret, salt, keyLength, { N, r, p, maxmem: MAX_MEMORY_BYTES });
  } catch {
    throw damaged("its scrypt parameters are out of range");
  }
}

/** The hash of an HMAC; SHA-1 when none is named. */
function hmacHash(algorithm: Ber | undefined): string {
  return algorithm === undefined ? "sha1" : lookUp(HMACS, "HMAC", items(algorithm)[0]);
}
