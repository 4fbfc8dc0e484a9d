import { readFileSync } from "node:fs";

import { isShowable, messageOf, SignerError } from "../errors.ts";
import type { SignerErrorCode } from "../errors.ts";
import { holdsPem } from "./pem.ts";

/**
 * Where a certificate or key comes from: a path, or the PEM text itself (recognised by its first `-----BEGIN` line), or
 * the bytes of a file. The text may be what variables make of it: base64 of a PEM file, with `\n` written out, or with
 * spaces for line ends.
 */
export type PemSource = string | Uint8Array;

/** The text of a file and a name for it in messages. */
export interface NamedPem {
  /** One character for each byte. */
  readonly text: string;
  /** `"client.pem"` for a file, `given as text` otherwise. */
  readonly name: string;
  /** Only when it came from a file. */
  readonly path?: string | undefined;
}

/**
 * Reads a file. Called each time a request is signed, so that a rotated file is picked up.
 *
 * @param what What it is, for messages: `certificate`, `private key`.
 * @throws {SignerError} ERR_SIGNER_FILE_UNREADABLE when the file cannot be read. A source that does not look like a path is
 *   neither in the message nor in `path`, since it may be a key.
 */
export function readPem(source: PemSource, what: string): NamedPem {
  if (typeof source !== "string") {
    return { text: Buffer.from(source).toString("latin1"), name: "given as bytes" };
  }
  if (holdsPem(source)) return { text: source, name: "given as text" };
  try {
    return { text: readFileSync(source, "latin1"), name: `"${source}"`, path: source };
  } catch (cause) {
    // What may be a key is not passed on, nor Node.js's error, which quotes it.
    const isPath = isShowable(source);
    throw new SignerError(
      "ERR_SIGNER_FILE_UNREADABLE",
      isPath
        ? `cannot read the ${what} "${source}": ${messageOf(cause)}; check the path and that this user may read it`
        : `cannot read the ${what}: the ${source.length} characters that were given are not the path of a file, and are not shown because they may be a key; give a path, or the whole PEM text from -----BEGIN to -----END`,
      isPath ? { cause, path: source } : {},
    );
  }
}

/** Why a file is refused: `certificate "client.pem": …`. */
export function refusal(
  code: SignerErrorCode,
  what: "certificate" | "intermediates" | "private key",
  { name, path }: NamedPem,
  reason: string,
  cause?: unknown,
): SignerError {
  return new SignerError(code, `${what} ${name}: ${reason}`, { cause, path });
}
