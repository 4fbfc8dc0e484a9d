import { createCipheriv, randomBytes, scryptSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { integer, octetString, oid, sequence, toDer } from "../der/encode.ts";
import { PkiError } from "../errors.ts";
import { writePem } from "../pem.ts";
import { toPkcs8Pem } from "./key-pair.ts";

/**
 * Cost of scrypt: 16 MiB and a quarter of a second. More memory than 32 MiB is refused by OpenSSL when it reads the key, so
 * the parallelization makes guessing expensive.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt
 */
const SCRYPT = { N: 16_384, r: 8, p: 5 } as const;

const PBES2 = "1.2.840.113549.1.5.13";
const SCRYPT_OID = "1.3.6.1.4.1.11591.4.11";
const AES_256_CBC = "2.16.840.1.101.3.4.1.42";

/**
 * The PKCS#8 PEM of a private key: encrypted (`BEGIN ENCRYPTED PRIVATE KEY`) when there is a passphrase. OpenSSL 1.1 and
 * later, and Node.js, read it. Node's own export of encrypted keys derives the key with 2048 rounds of PBKDF2, which a
 * graphics card tries in no time.
 *
 * @throws {PkiError} ERR_PKI_PASSPHRASE for an empty passphrase, which protects nothing
 * @see RFC 8018 §6.2 (PBES2) and RFC 7914 §7 (scrypt)
 */
export function toPrivateKeyPem(privateKey: KeyObject, passphrase: string | undefined): string {
  if (passphrase === undefined) return toPkcs8Pem(privateKey);
  if (passphrase === "") {
    throw new PkiError(
      "ERR_PKI_PASSPHRASE",
      "the passphrase of the new key is empty; give one, or none at all",
    );
  }
  const salt = randomBytes(16);
  const initializationVector = randomBytes(16);
  const key = scryptSync(passphrase, salt, 32, { ...SCRYPT, maxmem: 64 * 1024 * 1024 });
  const cipher = createCipheriv("aes-256-cbc", key, initializationVector);
  const plain = privateKey.export({ type: "pkcs8", format: "der" });
  const keyDerivation = sequence(
    oid(SCRYPT_OID),
    sequence(
      octetString(salt),
      integer(Buffer.of(SCRYPT.N >> 8, SCRYPT.N & 0xff)),
      integer(Buffer.of(SCRYPT.r)),
      integer(Buffer.of(SCRYPT.p)),
    ),
  );
  const encryption = sequence(oid(AES_256_CBC), octetString(initializationVector));
  const encrypted = sequence(
    sequence(oid(PBES2), sequence(keyDerivation, encryption)),
    octetString(Buffer.concat([cipher.update(plain), cipher.final()])),
  );
  return writePem("ENCRYPTED PRIVATE KEY", toDer(encrypted));
}

/** Whether a private key in PEM needs a passphrase. */
export function isEncryptedKey(pem: string): boolean {
  return /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type:.*ENCRYPTED/.test(pem);
}
