import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

import { messageOf, SignerError } from "../errors.ts";

/** Contents of a file as a binary string; undefined when there is none. */
export function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw new SignerError("ERR_SIGNER_FILE_UNREADABLE", `cannot read "${path}": ${messageOf(cause)}`, {
      cause,
      path,
    });
  }
}

/**
 * Replaces a file in one step: a temporary file beside it, then a rename. A symbolic link is followed, the mode of an
 * existing file is kept, a new one gets 0600 and its new folder 0700.
 *
 * @param path The file.
 * @param text New contents as a binary string.
 * @param expected What the file held when it was read; undefined when it did not exist.
 * @throws {SignerError} ERR_SIGNER_CONFIG_CHANGED when somebody else wrote it meanwhile.
 */
export function writeFileAtomically(path: string, text: string, expected: string | undefined): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const target = realPath(path);
  const temporary = `${target}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = openSync(temporary, "wx", 0o600);
    try {
      writeSync(file, Buffer.from(text, "latin1"));
      fchmodSync(file, modeOf(target) ?? 0o600);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (readIfPresent(target) !== expected) {
      throw new SignerError(
        "ERR_SIGNER_CONFIG_CHANGED",
        `"${path}" was changed by another program meanwhile; nothing was written, run the command again`,
        { path },
      );
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isMissing(error)) return path;
    throw error;
  }
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o777;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
