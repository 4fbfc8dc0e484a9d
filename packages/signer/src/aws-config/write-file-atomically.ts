import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import type { Stats } from "node:fs";
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
 * Replaces a file in one step: a temporary file beside it, then a rename. A symbolic link is followed; mode and, as
 * far as allowed, owner of an existing file are kept, a new one gets 0600 and its new folder 0700.
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
      const old = statSync(target, { throwIfNoEntry: false });
      if (old !== undefined) keepOwner(file, old);
      fchmodSync(file, old === undefined ? 0o600 : old.mode & 0o777);
      writeFileSync(file, Buffer.from(text, "latin1"));
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

/** A service that runs as root must not take the file away from its user. */
function keepOwner(file: number, { uid, gid }: Stats): void {
  const made = fstatSync(file);
  if (made.uid === uid && made.gid === gid) return;
  try {
    fchownSync(file, uid, gid);
  } catch (error) {
    // Only root may give files away; the new file then belongs to who writes it.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
