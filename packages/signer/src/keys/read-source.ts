import { readFileSync } from "node:fs";

import { messageOf, SignerError } from "../errors.ts";

/**
 * Where a certificate or key comes from: a path, or the PEM text itself (recognised by its first `-----BEGIN` line), or
 * the bytes of a file.
 */
export type PemSource = string | Uint8Array;

/** The text of a file and a name for it in messages. */
export interface NamedPem {
  /** One character for each byte. */
  readonly text: string;
  /** `"client.pem"` for a file, `given as text` otherwise. */
  readonly name: string;
  /** Only when it came from a file. */
  readonly path?: string;
}

/** Base64 (or hexadecimal) of DER, perhaps made an absolute path. */
const MAY_BE_KEY = /(^|[/\\])\s*(M[A-Za-z0-9+/_=\s-]{80,}|30[0-9a-fA-F\s]{120,})$/;

/**
 * Reads a file. Called each time a request is signed, so that a rotated file is picked up.
 *
 * @param source Path, PEM text or bytes.
 * @param what What it is, for messages: `certificate`, `private key`.
 * @throws {SignerError} ERR_SIGNER_FILE_UNREADABLE when the file cannot be read.
 */
export function readPem(source: PemSource, what: string): NamedPem {
  if (typeof source !== "string") {
    return { text: Buffer.from(source).toString("latin1"), name: "given as bytes" };
  }
  if (source.includes("-----BEGIN ")) return { text: source, name: "given as text" };
  try {
    return { text: readFileSync(source, "latin1"), name: `"${source}"`, path: source };
  } catch (cause) {
    if (MAY_BE_KEY.test(source)) {
      // Neither the text nor Node.js's error, which quotes it, is passed on.
      throw new SignerError(
        "ERR_SIGNER_FILE_UNREADABLE",
        `the ${what} is not the path of a file and looks like the inside of a PEM block; give it whole, from -----BEGIN to -----END, or give a path`,
      );
    }
    throw new SignerError(
      "ERR_SIGNER_FILE_UNREADABLE",
      `cannot read the ${what} "${source}": ${messageOf(cause)}; check the path and that this user may read it`,
      { cause, path: source },
    );
  }
}
