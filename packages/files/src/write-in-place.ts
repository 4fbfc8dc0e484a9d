import {
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
import { basename, dirname, resolve } from "node:path";

import { companionOf, companionsOf, placeOf, refuseChanged, refuseSpecial, withLock } from "./place.ts";
import type { Place } from "./place.ts";
import { removeLeftovers, withTemporary } from "./create.ts";
import { FileError } from "./file-error.ts";
import { tryLock } from "./lock.ts";
import { readPrivateFile, statsOf } from "./read.ts";

/** The new contents of a file. */
export interface Replacement extends Place {
  /** One character for each byte (latin1). */
  readonly text: string;
  /** What the file held when it was read; undefined when it did not exist. */
  readonly expected: string | undefined;
  /** Whether only the owner may read the file afterwards. */
  readonly secret: boolean;
}

interface Journal {
  readonly before: string;
  readonly after: string;
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
    refuseChanged(replacement, replacement.expected);
    const before = readFileSync(file, "latin1");
    const journal = companionOf(replacement, "journal");
    withTemporary(journal, Buffer.from(JSON.stringify({ before, after })), (temporary) =>
      renameSync(temporary, journal),
    );
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

function write(file: number, text: string, position: number): void {
  const bytes = Buffer.from(text, "latin1");
  for (let done = 0; done < bytes.length;) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}

function makePrivate(file: number, path: string, { mode, uid }: Stats): void {
  if (process.platform === "win32" || (mode & 0o077) === 0) return;
  try {
    fchmodSync(file, 0o600);
  } catch (cause) {
    // The owner's file lies on a file system without modes; the command warns about it. Another user's file is refused.
    if (uid === process.geteuid?.()) return;
    const message = `"${path}" belongs to another user and others may read it; as its owner: chmod 600 "${path}"`;
    throw new FileError("UNWRITABLE", path, message, cause);
  }
}

/**
 * Restores the old contents of a file if a process was killed while it wrote into the file, and removes the temporary files
 * and the lock of killed processes.
 *
 * @param program As `replaceFile` was given it.
 * @throws {FileError} CHANGED when another program changed the file since. File and journal both stay.
 */
export function recover(path: string, program: string): void {
  const place = placeOf(path, program);
  const { target } = place;
  if (statsOf(target)?.isFile() !== true) return;
  for (const file of new Set([target, resolve(path)])) {
    const ends = ["", `.${program}-journal`, `.${program}-lock`];
    removeLeftovers(dirname(file), (name) => ends.some((end) => name === `${basename(file)}${end}`));
  }
  const journals = companionsOf(place, "journal").filter((journal) => readJournal(journal) !== undefined);
  if (journals.length === 0) companionsOf(place, "lock").forEach(releaseStale);
  else withLock(place, () => journals.forEach((journal) => restore(place, journal)));
}

/** Removes a lock whose holder has ended. One that is held, or that cannot be removed, stays: whoever writes waits for it. */
function releaseStale(lock: string): void {
  try {
    // Whoever takes a lock takes that of a killed process too.
    if (statsOf(lock) !== undefined) tryLock(lock)?.();
  } catch {
    // Whoever writes the file reports it.
  }
}

function restore({ path, target }: Place, journal: string): void {
  const contents = readJournal(journal);
  if (contents === undefined) return;
  const file = openToWrite(target);
  try {
    const now = readFileSync(file, "latin1");
    if (!isUnfinished(now, contents)) {
      const message = `"${path}" was changed after a process had been killed while it wrote it; what it held before is in "${journal}"; compare the two and delete that file`;
      throw new FileError("CHANGED", path, message);
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
