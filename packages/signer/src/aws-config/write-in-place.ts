import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import type { Stats } from "node:fs";
import { resolve } from "node:path";

import { readPrivateFile } from "../cache/private-file.ts";
import { SignerError } from "../errors.ts";
import {
  companionOf,
  companionsOf,
  followLinks,
  readIfPresent,
  refuseSpecial,
  releaseStale,
  removeTemporaryFiles,
  statsOf,
  withLock,
  withTemporary,
} from "./file-access.ts";
import type { Place } from "./file-access.ts";

/** The new contents of a file. */
export interface Replacement extends Place {
  /** New contents, one character for each byte (latin1). */
  readonly text: string;
  /** What the file held when it was read; undefined when it did not exist. */
  readonly expected: string | undefined;
  /** Whether only the owner may read the file afterwards. */
  readonly secret: boolean;
}

/** Old and new contents of a file that is being written, one character for each byte (latin1). */
interface Journal {
  readonly before: string;
  readonly after: string;
}

/** Refuses to replace a file that another program has changed since it was read. */
export function refuseChanged({ path, target, expected }: Replacement): void {
  if (readIfPresent(target) === expected) return;
  const message = `"${path}" was changed by another program meanwhile; nothing was written, run the command again`;
  throw new SignerError("ERR_SIGNER_CONFIG_CHANGED", message, { path });
}

/**
 * Writes into the file itself. A private journal file keeps the old contents until the new ones are complete; if the
 * process is killed in between, {@link recover} restores them from it.
 */
export function writeInPlace(replacement: Replacement, stats: Stats): void {
  const { path, target, text: after, secret } = replacement;
  const file = openToWrite(target);
  try {
    refuseSpecial(replacement, fstatSync(file));
    if (secret) makePrivate(file, path, stats);
    refuseChanged(replacement);
    const before = readFileSync(file, "latin1");
    const journal = companionOf(target, "journal");
    withTemporary(journal, Buffer.from(JSON.stringify({ before, after })), (temporary) => {
      chmodSync(temporary, 0o600);
      renameSync(temporary, journal);
    });
    const size = Math.max(before.length, after.length);
    try {
      // Empty lines are added first: if the disk is full, this fails while the old contents are still whole.
      write(file, "\n".repeat(size - before.length), before.length);
      fsyncSync(file);
    } catch (error) {
      ftruncateSync(file, before.length);
      rmSync(journal, { force: true });
      throw error;
    }
    overwrite(file, after, size);
    rmSync(journal, { force: true });
  } finally {
    closeSync(file);
  }
}

function openToWrite(target: string): number {
  return openSync(target, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0));
}

/** Until the file is cut to its new length, readers see the new contents and empty lines, but no rest of the old. */
function overwrite(file: number, text: string, size: number): void {
  write(file, text.padEnd(size, "\n"), 0);
  ftruncateSync(file, text.length);
  fsyncSync(file);
}

/** Writes all bytes of a text, in as many calls as that takes. */
function write(file: number, text: string, position: number): void {
  const bytes = Buffer.from(text, "latin1");
  for (let done = 0; done < bytes.length;) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}

/** Takes the right to read the file from other users before credentials are written into it. */
function makePrivate(file: number, path: string, { mode, uid }: Stats): void {
  if (process.platform === "win32" || (mode & 0o077) === 0) return;
  try {
    fchmodSync(file, 0o600);
  } catch (cause) {
    // The owner's file lies on a file system without modes; the command warns about it. Another user's file is refused.
    if (uid === process.geteuid?.()) return;
    const message = `"${path}" belongs to another user and others may read it; as its owner: chmod 600 "${path}"`;
    throw new SignerError("ERR_SIGNER_FILE_UNWRITABLE", message, { path, cause });
  }
}

/**
 * Restores the old contents of a file if a process was killed while it wrote into the file, and removes the temporary files
 * and the lock of killed processes.
 *
 * @throws {SignerError} ERR_SIGNER_CONFIG_CHANGED when another program changed the file since: the file and the journal
 *   both stay.
 */
export function recover(path: string): void {
  const target = followLinks(path);
  if (statsOf(target)?.isFile() !== true) return;
  for (const name of new Set([target, resolve(path)])) removeTemporaryFiles(name);
  releaseStale(target);
  const journals = companionsOf(target, "journal").filter((name) => readJournal(name) !== undefined);
  if (journals.length === 0) return;
  withLock({ path, target }, () => {
    for (const journal of journals) restore({ path, target }, journal);
  });
}

function restore({ path, target }: Place, journal: string): void {
  // The process that wrote it may have finished before this one took the lock.
  const contents = readJournal(journal);
  if (contents === undefined) return;
  const file = openToWrite(target);
  try {
    const now = readFileSync(file, "latin1");
    if (!isUnfinished(now, contents)) {
      const message = `"${path}" was changed after a process had been killed while it wrote it; what it held before is in "${journal}"; compare the two and delete that file`;
      throw new SignerError("ERR_SIGNER_CONFIG_CHANGED", message, { path });
    }
    if (now !== contents.before && now !== contents.after) overwrite(file, contents.before, now.length);
  } finally {
    closeSync(file);
  }
  rmSync(journal, { force: true });
}

/** Whether {@link writeInPlace} can have left this text: the beginning of the new contents, then the end of the old. */
function isUnfinished(now: string, { before, after }: Journal): boolean {
  const size = Math.max(before.length, after.length);
  if (now.length > size || now.length < Math.min(before.length, after.length)) return false;
  const [seen = "", old = "", next = ""] = [now, before, after].map((text) => text.padEnd(size, "\n"));
  let written = 0;
  while (written < size && seen[written] === next[written]) written += 1;
  return seen.slice(written) === old.slice(written);
}

function readJournal(path: string): Journal | undefined {
  try {
    const { before, after }: Partial<Record<keyof Journal, unknown>> = JSON.parse(
      readPrivateFile(path) ?? "",
    );
    return typeof before === "string" && typeof after === "string" ? { before, after } : undefined;
  } catch {
    return undefined;
  }
}
