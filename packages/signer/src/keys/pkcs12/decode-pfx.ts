import { isSequence, isTagged, item, items, octets, oid, readBer, tagged, writeDer } from "./ber.ts";
import type { Ber } from "./ber.ts";
import { decrypt } from "./decrypt.ts";
import type { Password } from "./derive-key.ts";
import { damaged, Pkcs12Problem } from "./pkcs12-problem.ts";
import { verifyMac } from "./verify-mac.ts";

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
