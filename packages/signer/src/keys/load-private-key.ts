import { createPrivateKey } from "node:crypto";
import type { KeyObject } from "node:crypto";

import { SignerError } from "../errors.ts";
import { pemBlocks } from "./pem.ts";
import { readPem } from "./read-source.ts";
import type { NamedPem, PemSource } from "./read-source.ts";

const PLAIN_LABELS: ReadonlySet<string> = new Set(["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"]);
const ENCRYPTED_LABEL = "ENCRYPTED PRIVATE KEY";

/**
 * Loads the first private key of a PEM file or text: PKCS#1, SEC1 or PKCS#8.
 *
 * @param source Path, PEM text or bytes.
 * @throws {SignerError} ERR_SIGNER_FILE_UNREADABLE; ERR_SIGNER_KEY_INVALID when there is no readable key in it;
 *   ERR_SIGNER_KEY_UNSUPPORTED when it is encrypted or of a kind that Roles Anywhere does not know.
 */
export function loadPrivateKey(source: PemSource): KeyObject {
  const pem = readPem(source, "private key");
  const blocks = pemBlocks(pem.text);
  const block = blocks.find(({ label }) => PLAIN_LABELS.has(label));
  if (block === undefined)
    throw refuse(
      pem,
      blocks.map(({ label }) => label),
    );
  if (block.text.includes("Proc-Type: 4,ENCRYPTED")) throw encrypted(pem);
  try {
    return createPrivateKey({ key: block.text, format: "pem" });
  } catch {
    // OpenSSL's reason says nothing that helps, and a key's error is better not passed on.
    throw keyError(
      "ERR_SIGNER_KEY_INVALID",
      pem,
      `unable to parse private key: the ${block.label} block is damaged, or of a kind that this Node.js does not know`,
    );
  }
}

function refuse(pem: NamedPem, labels: readonly string[]): SignerError {
  if (labels.includes(ENCRYPTED_LABEL)) return encrypted(pem);
  if (labels.includes("TSS2 PRIVATE KEY")) {
    return keyError(
      "ERR_SIGNER_KEY_UNSUPPORTED",
      pem,
      "TPM-wrapped keys are not supported; use a key in a PEM file, or pass a sign function to the library",
    );
  }
  const found = labels.length === 0 ? "no PEM block" : `only ${labels.join(", ")}`;
  return keyError(
    "ERR_SIGNER_KEY_INVALID",
    pem,
    `unable to parse private key: it holds ${found}; give a PEM file with a PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY`,
  );
}

function encrypted(pem: NamedPem): SignerError {
  return keyError(
    "ERR_SIGNER_KEY_UNSUPPORTED",
    pem,
    "the key is encrypted, which is not supported; decrypt it first: openssl pkey -in KEY -out PLAIN_KEY",
  );
}

function keyError(
  code: "ERR_SIGNER_KEY_INVALID" | "ERR_SIGNER_KEY_UNSUPPORTED",
  pem: NamedPem,
  reason: string,
): SignerError {
  return new SignerError(
    code,
    `private key ${pem.name}: ${reason}`,
    pem.path === undefined ? {} : { path: pem.path },
  );
}
