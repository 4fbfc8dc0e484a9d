import { createPrivateKey, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";

import { codeOf, SignerError } from "../errors.ts";
import type { SignerErrorCode } from "../errors.ts";
import { ALGORITHM_ECDSA, ALGORITHM_MLDSA, ALGORITHM_RSA } from "../sigv4-x509/constants.ts";
import type { RequestSigner } from "../sigv4-x509/sign-request.ts";
import { pemBlocks, readPem, refusal } from "./pem.ts";
import type { NamedPem, PemSource } from "./pem.ts";
import { isPkcs12 } from "./pkcs12/pkcs12.ts";

const ENCRYPTED = "ENCRYPTED PRIVATE KEY";
const LABELS = new Set(["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", ENCRYPTED]);

/**
 * Loads the first private key of a PEM file or text: PKCS#1, SEC1 or PKCS#8, plain or encrypted in any way that OpenSSL
 * reads (PBES2 with PBKDF2 or scrypt, and older ones).
 *
 * @param source Path, PEM text or bytes.
 * @param passphrase Of an encrypted key. @default the key is plain
 * @throws {SignerError} ERR_SIGNER_FILE_UNREADABLE; ERR_SIGNER_KEY_INVALID when there is no readable key in it, or a
 *   passphrase is not needed; ERR_SIGNER_PASSWORD_MISSING, ERR_SIGNER_PASSWORD_WRONG; ERR_SIGNER_KEY_UNSUPPORTED for a
 *   TPM-wrapped key, or one encrypted with a cipher that Node.js does not know.
 */
export function loadPrivateKey(source: PemSource, passphrase?: string): KeyObject {
  return privateKeyIn(readPem(source, "private key"), passphrase);
}

/** The first private key of a PEM file whose text was read before; see {@link loadPrivateKey}. */
export function privateKeyIn(pem: NamedPem, passphrase?: string): KeyObject {
  const refuse = (reason: string, code: SignerErrorCode = "ERR_SIGNER_KEY_INVALID"): SignerError =>
    refusal(code, "private key", pem, reason);
  const blocks = pemBlocks(pem.text);
  const block = blocks.find(({ label }) => LABELS.has(label));
  if (block === undefined) {
    const labels = blocks.map(({ label }) => label);
    if (labels.includes("TSS2 PRIVATE KEY")) {
      throw refuse(
        "TPM-wrapped keys are not supported; use a key in a PEM file, or pass a sign function to the library",
        "ERR_SIGNER_KEY_UNSUPPORTED",
      );
    }
    const found = labels.length === 0 ? "no PEM block" : `only ${labels.join(", ")}`;
    throw refuse(
      isPkcs12(pem.text)
        ? "unable to parse private key: it is a PKCS#12 file; give it as the certificate, without a private key"
        : `unable to parse private key: it holds ${found}; give a PEM file with a PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY`,
    );
  }
  const encrypted = block.label === ENCRYPTED || block.encrypted;
  if (encrypted && passphrase === undefined) {
    throw refuse(
      "the key is encrypted; give its password (--pkcs8-password-env), or decrypt it",
      "ERR_SIGNER_PASSWORD_MISSING",
    );
  }
  if (!encrypted && passphrase !== undefined) {
    throw refuse(
      "unable to parse private key: a password was given and the key is not encrypted; leave it out",
    );
  }
  try {
    return createPrivateKey({ key: block.text, format: "pem", passphrase });
  } catch (error) {
    // OpenSSL's reason says little that helps, and a key's error is better not passed on.
    if (!encrypted) {
      throw refuse(
        `unable to parse private key: the ${block.label} block is damaged, or of a kind that this Node.js does not know`,
      );
    }
    // What OpenSSL keeps in its legacy provider: RC2, DES, MD5.
    throw codeOf(error) === "ERR_OSSL_EVP_UNSUPPORTED"
      ? refuse(
          "failed to read private key: it is encrypted with a cipher that this Node.js does not know; encrypt it anew: openssl pkcs8 -topk8 -in FILE -out FILE.new",
          "ERR_SIGNER_KEY_UNSUPPORTED",
        )
      : refuse(
          "failed to read private key: incorrect PKCS#8 private key password, or the file is damaged",
          "ERR_SIGNER_PASSWORD_WRONG",
        );
  }
}

/**
 * A signer for a private key in memory. The algorithm follows the key, never the certificate.
 *
 * @throws {SignerError} ERR_SIGNER_KEY_UNSUPPORTED for any type other than RSA, EC and ML-DSA, such as Ed25519.
 */
export function requestSignerOf(key: KeyObject): RequestSigner {
  const type: string | undefined = key.asymmetricKeyType;
  switch (type) {
    case "rsa":
      return { algorithm: ALGORITHM_RSA, sign: (message) => sign("sha256", message, key) };
    case "ec":
      return { algorithm: ALGORITHM_ECDSA, sign: (message) => sign("sha256", message, key) };
    case "ml-dsa-44":
    case "ml-dsa-65":
    case "ml-dsa-87":
      return { algorithm: ALGORITHM_MLDSA, sign: (message) => sign(null, message, key) };
    default:
      throw new SignerError(
        "ERR_SIGNER_KEY_UNSUPPORTED",
        `private key is of type ${type ?? "unknown to this Node.js"}, and Roles Anywhere takes RSA, EC and ML-DSA keys; issue a certificate for one of those`,
      );
  }
}
