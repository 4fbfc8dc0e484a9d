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
} from "node:fs";
import type { Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";

import { SignerError } from "../errors.ts";
import {
  followLinks,
  statsOf,
  refuseSpecial,
  refuseChanged,
  canCreateIn,
  privateFolder,
  privateFolders,
  nameFor,
  temporaryFor,
  writePrivate,
  writeWhole,
  withLock,
  releaseStale,
  sweep,
} from "./file-access.ts";
import type { Job } from "./file-access.ts";

/**
 * Writes into the file itself. Its old contents lie in a private file until the new are complete, from which
 * {@link recover} takes them when the process is killed in between.
 */
export function writeInPlace(job: Job, stats: Stats): void {
  const { path, target, text, secret } = job;
  const file = openSync(target, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0));
  try {
    refuseSpecial(job, fstatSync(file));
    if (secret) makePrivate(file, path, stats);
    refuseChanged(job);
    const before = readFileSync(file, "latin1");
    const journal = journalOf(target);
    const temporary = temporaryFor(dirname(journal) === dirname(target) ? target : journal);
    keepForRecovery(journal, temporary, { before, after: text });
    const size = Math.max(before.length, text.length);
    try {
      // Empty lines first: where the disk is full, this fails while the old contents are still whole.
      writeWhole(file, "\n".repeat(size - before.length), before.length);
      fsyncSync(file);
    } catch (error) {
      ftruncateSync(file, before.length);
      rmSync(journal, { force: true });
      throw error;
    }
    // A reader in between has the new contents with empty lines after it, never a part of the old.
    writeWhole(file, text.padEnd(size, "\n"), 0);
    ftruncateSync(file, text.length);
    fsyncSync(file);
    rmSync(journal, { force: true });
  } finally {
    closeSync(file);
  }
}

/** Others must not read what is written next. */
function makePrivate(file: number, path: string, { mode, uid }: Stats): void {
  if (process.platform === "win32" || (mode & 0o077) === 0) return;
  try {
    fchmodSync(file, 0o600);
  } catch (cause) {
    // Of a file system that keeps no modes its owner is warned; on one that does, the file is another user's.
    if (uid === process.geteuid?.()) return;
    throw new SignerError(
      "ERR_SIGNER_FILE_UNWRITABLE",
      `"${path}" belongs to another user and others may read it; as its owner: chmod 600 "${path}"`,
      { path, cause },
    );
  }
}

interface Journal {
  readonly before: string;
  readonly after: string;
}

/** Where the old contents are kept: beside the file, or in a private folder of this user where that is not possible. */
function journalOf(target: string): string {
  return canCreateIn(dirname(target))
    ? `${target}.ra-signer-journal`
    : join(privateFolder(), `${nameFor(target)}.journal`);
}

function keepForRecovery(journal: string, temporary: string, kept: Journal): void {
  try {
    writePrivate(temporary, JSON.stringify(kept));
    renameSync(temporary, journal);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Gives a file its old contents back when a writer was killed within it, and removes what killed writers left beside it.
 *
 * @throws {SignerError} ERR_SIGNER_CONFIG_CHANGED when it was changed since: both are then kept.
 */
export function recover(path: string): void {
  const target = followLinks(path);
  const stats = statsOf(target);
  if (stats?.isFile() !== true) return;
  for (const name of new Set([target, resolve(path)])) sweep(name);
  releaseStale(`${target}.ra-signer-lock`);
  const places = [
    `${target}.ra-signer-journal`,
    ...privateFolders().map((folder) => join(folder, `${nameFor(target)}.journal`)),
  ];
  const isLeft = (place: string): boolean => readJournal(place) !== undefined;
  if (!places.some(isLeft)) return;
  const job: Job = { path, target, text: "", expected: undefined, secret: false };
  withLock(job, () => {
    for (const place of places) {
      const journal = readJournal(place);
      if (journal !== undefined) rollBack(job, place, journal);
    }
  });
}

function rollBack({ path, target }: Job, place: string, { before, after }: Journal): void {
  const file = openSync(target, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0));
  try {
    const now = readFileSync(file, "latin1");
    if (now !== before && now !== after) {
      if (!isMixture(now, before, after)) {
        throw new SignerError(
          "ERR_SIGNER_CONFIG_CHANGED",
          `"${path}" was changed after a process had been killed while it wrote it; what it held before is in "${place}"; compare the two and delete that file`,
          { path },
        );
      }
      const size = Math.max(now.length, before.length);
      writeWhole(file, before.padEnd(size, "\n"), 0);
      ftruncateSync(file, before.length);
      fsyncSync(file);
    }
  } finally {
    closeSync(file);
  }
  rmSync(place, { force: true });
}

/** Whether a text is what {@link writeInPlace} may have left: the beginning of the new one, then the end of the old. */
function isMixture(now: string, before: string, after: string): boolean {
  const size = Math.max(before.length, after.length);
  if (now.length > size || now.length < Math.min(before.length, after.length)) return false;
  const seen = now.padEnd(size, "\n");
  const old = before.padEnd(size, "\n");
  const next = after.padEnd(size, "\n");
  let begins = 0;
  while (begins < size && seen[begins] === next[begins]) begins += 1;
  let ends = size;
  while (ends > 0 && seen[ends - 1] === old[ends - 1]) ends -= 1;
  return ends <= begins;
}

function readJournal(place: string): Journal | undefined {
  let file: number | undefined;
  try {
    file = openSync(place, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    const stats = fstatSync(file);
    const isOurs = process.platform === "win32" || stats.uid === process.geteuid?.();
    if (!stats.isFile() || !isOurs || (process.platform !== "win32" && (stats.mode & 0o077) !== 0))
      return undefined;
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isJournal(value) ? value : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function isJournal(value: unknown): value is Journal {
  if (typeof value !== "object" || value === null) return false;
  const { before, after }: Partial<Record<keyof Journal, unknown>> = value;
  return typeof before === "string" && typeof after === "string";
}
