import { readFileSync } from "node:fs";

import { messageOf, quoted, SignerError } from "../../errors.ts";
import { pinFile } from "../pin-file.ts";
import type { PinSources } from "../protocol.ts";

/**
 * The PIN that the sources give; undefined when they give none. It is read anew each time, so that a corrected file counts.
 *
 * @throws {SignerError} ERR_SIGNER_PIN_MISSING for a source that cannot be read or holds nothing. No message shows what it holds.
 */
export function givenPin({ value, option, source }: PinSources): string | undefined {
  if (value !== undefined || option !== undefined) return value ?? option;
  if (source === undefined) return undefined;
  const pin = source.startsWith("env:") ? process.env[source.slice("env:".length)] : pinInFile(source);
  if (pin) return pin;
  throw missing(
    `pin-source ${quoted(source)} ${source.startsWith("env:") ? "is not set, or empty" : "is an empty file"}`,
  );
}

function pinInFile(source: string): string {
  if (source.startsWith("|")) {
    throw missing("pin-source names a program, and none is run; give file:PATH or env:NAME");
  }
  try {
    return readFileSync(pinFile(source) ?? "", "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw missing(`pin-source ${quoted(source)} cannot be read: ${messageOf(cause)}`, cause);
  }
}

function missing(message: string, cause?: unknown): SignerError {
  return new SignerError("ERR_SIGNER_PIN_MISSING", message, { cause });
}
