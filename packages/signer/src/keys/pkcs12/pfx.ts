import { createHmac, timingSafeEqual } from "node:crypto";

import {
  Pkcs12Problem,
  count,
  damaged,
  isSequence,
  isTagged,
  item,
  items,
  octets,
  oid,
  readBer,
  tagged,
  writeDer,
} from "./asn1.ts";
import type { Ber } from "./asn1.ts";
import {
  PURPOSE,
  decrypt,
  derivePkcs12Key,
  derivePkcs5Key,
  digestOf,
  keyLengthOf,
} from "./password-encryption.ts";
import type { Password } from "./password-encryption.ts";

/** What a PKCS#12 file holds, in its order. */
export interface Pfx {
  /** PKCS#8 DER of each private key. */
  readonly keys: readonly Buffer[];
  /** DER of each X.509 certificate. */
  readonly certificates: readonly Buffer[];
}

const DATA = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA = "1.2.840.113549.1.7.6";
const KEY_BAG = "1.2.840.113549.1.12.10.1.1";
const SHROUDED_KEY_BAG = "1.2.840.113549.1.12.10.1.2";
const CERTIFICATE_BAG = "1.2.840.113549.1.12.10.1.3";
const SAFE_CONTENTS_BAG = "1.2.840.113549.1.12.10.1.6";
const X509_CERTIFICATE = "1.2.840.113549.1.9.22.1";

/**
 * Opens a PKCS#12 file. A file without a MAC is taken as OpenSSL does; what it encrypts still needs the password.
 *
 * @param bytes The file.
 * @param password Its password.
 * @throws {Pkcs12Problem}
 * @see RFC 7292 §4 and §5
 */
export function decodePfx(bytes: Uint8Array, password: Password): Pfx {
  const [, contentInfo, macData] = items(readBer(bytes));
  if (contentInfo === undefined) throw damaged("it has no content");
  const authSafe = dataOf(contentInfo, "the whole file is signed or encrypted with a public key");
  if (macData !== undefined) verifyMac(macData, authSafe, password);
  try {
    const bags = items(readBer(authSafe)).flatMap((part) => bagsOf(part, password));
    return {
      keys: bags.flatMap((bag) => keyIn(bag, password)),
      certificates: bags.flatMap(certificateIn),
    };
  } catch (error) {
    throw macData === undefined ? error : withinCheckedFile(error);
  }
}

/** The MAC has shown that the password is right and the file is whole. */
function withinCheckedFile(error: unknown): unknown {
  if (!(error instanceof Pkcs12Problem) || error.kind !== "password") return error;
  return damaged("its MAC fits the password, its encrypted part does not");
}

function dataOf(contentInfo: Ber, otherwise: string): Buffer {
  if (oid(item(contentInfo, 0)) !== DATA) throw new Pkcs12Problem("unsupported", otherwise);
  return octets(tagged(item(contentInfo, 1), 0));
}

function bagsOf(contentInfo: Ber, password: Password): readonly Ber[] {
  if (oid(item(contentInfo, 0)) !== ENCRYPTED_DATA) {
    return flatBags(readBer(dataOf(contentInfo, "a part is encrypted with a public key")));
  }
  const [, algorithm, encrypted] = items(item(tagged(item(contentInfo, 1), 0), 1));
  if (algorithm === undefined || encrypted === undefined || !isTagged(encrypted, 0)) {
    throw damaged("an encrypted part is incomplete");
  }
  return flatBags(readDecrypted(decrypt(algorithm, octets(encrypted), password)));
}

/** One wrong password in 256 gives a padding that looks right; a structure of just that length it does not give. */
function readDecrypted(bytes: Buffer): Ber {
  try {
    const value = readBer(bytes, "whole");
    if (isSequence(value)) return value;
  } catch {
    // Said below.
  }
  throw new Pkcs12Problem("password", "what was decrypted makes no sense");
}

function flatBags(safeContents: Ber): readonly Ber[] {
  return items(safeContents).flatMap((bag) =>
    oid(item(bag, 0)) === SAFE_CONTENTS_BAG ? flatBags(tagged(item(bag, 1), 0)) : [bag],
  );
}

function keyIn(bag: Ber, password: Password): readonly Buffer[] {
  const kind = oid(item(bag, 0));
  if (kind === KEY_BAG) return [writeDer(tagged(item(bag, 1), 0))];
  if (kind !== SHROUDED_KEY_BAG) return [];
  const encryptedKey = tagged(item(bag, 1), 0);
  const key = decrypt(item(encryptedKey, 0), octets(item(encryptedKey, 1)), password);
  readDecrypted(key);
  return [key];
}

function certificateIn(bag: Ber): readonly Buffer[] {
  if (oid(item(bag, 0)) !== CERTIFICATE_BAG) return [];
  const certificate = tagged(item(bag, 1), 0);
  if (oid(item(certificate, 0)) !== X509_CERTIFICATE) return [];
  return [octets(tagged(item(certificate, 1), 0))];
}

const PBMAC1 = "1.2.840.113549.1.5.14";

/** Hashes of the older MAC with their length. */
const DIGESTS: ReadonlyMap<string, readonly [name: "sha1" | "sha256" | "sha384" | "sha512", length: number]> =
  new Map([
    ["1.3.14.3.2.26", ["sha1", 20]],
    ["2.16.840.1.101.3.4.2.1", ["sha256", 32]],
    ["2.16.840.1.101.3.4.2.2", ["sha384", 48]],
    ["2.16.840.1.101.3.4.2.3", ["sha512", 64]],
  ]);

/**
 * Checks the MAC of a file.
 *
 * @param macData MacData.
 * @param content What it protects.
 * @throws {Pkcs12Problem} `password` when it is another one; `unsupported`; `damaged`.
 * @see RFC 7292 §4, RFC 9579
 */
export function verifyMac(macData: Ber, content: Buffer, password: Password): void {
  const digestInfo = item(macData, 0);
  const expected = octets(item(digestInfo, 1));
  const actual = macOf(macData, item(digestInfo, 0), content, password);
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) {
    throw new Pkcs12Problem("password", "its checksum (MAC) does not fit");
  }
}

function macOf(macData: Ber, algorithm: Ber, content: Buffer, password: Password): Buffer {
  const name = oid(item(algorithm, 0));
  if (name === PBMAC1) {
    const parameters = item(algorithm, 1);
    const [kdf, hmac] = [item(parameters, 0), item(parameters, 1)];
    const key = derivePkcs5Key(password, kdf, keyLengthOf(kdf));
    return createHmac(digestOf(hmac), key).update(content).digest();
  }
  const digest = DIGESTS.get(name);
  if (digest === undefined) throw new Pkcs12Problem("unsupported", `MAC ${name}`);
  const iterations = items(macData)[2];
  const key = derivePkcs12Key(
    password,
    octets(item(macData, 1)),
    PURPOSE.mac,
    iterations === undefined ? 1 : count(iterations),
    digest[1],
    digest[0],
  );
  return createHmac(digest[0], key).update(content).digest();
}
