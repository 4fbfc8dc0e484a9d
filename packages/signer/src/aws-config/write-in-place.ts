import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";

import { tryLock } from "../cache/lock.ts";
import { readPrivateFile, removeLeftovers } from "../cache/private-file.ts";
import { homeFolder } from "../config/aws-files.ts";
import { SignerError } from "../errors.ts";
import {
  followLinks,
  makeFolder,
  refuseChanged,
  refuseSpecial,
  statsOf,
  withTemporary,
} from "./file-access.ts";
import type { Place, Replacement } from "./file-access.ts";

/** How long another writer is waited for; a write takes a few milliseconds. */
const LOCK_WAIT_MS = 5000;
/** What follows the file's name in the names of its temporary files, and of those of its journal and lock. */
const TEMPORARY = /^(?:(?:\.ra-signer-journal)?\.[0-9a-f]{12}|\.ra-signer-lock\.[0-9a-f-]{36})\.tmp$/;

interface Journal {
  readonly before: string;
  readonly after: string;
}

/**
 * Writes into the file itself. A private journal file keeps the old contents until the new ones are complete; if the
 * process is killed in between, {@link recover} restores them from it.
 */
export function writeInPlace(replacement: Replacement, stats: fs.Stats): void {
  const { path, target, text: after, secret } = replacement;
  const file = openToWrite(target);
  try {
    refuseSpecial(replacement, fs.fstatSync(file));
    if (secret) makePrivate(file, path, stats);
    refuseChanged(replacement);
    const before = fs.readFileSync(file, "latin1");
    const journal = companionOf(target, "journal");
    withTemporary(journal, Buffer.from(JSON.stringify({ before, after })), (temporary) =>
      fs.renameSync(temporary, journal),
    );
    const size = Math.max(before.length, after.length);
    try {
      // Empty lines are added first: if the disk is full, this fails while the old contents are still whole.
      write(file, "\n".repeat(size - before.length), before.length);
      fs.fsyncSync(file);
    } catch (error) {
      fs.ftruncateSync(file, before.length);
      fs.rmSync(journal, { force: true });
      throw error;
    }
    overwrite(file, after, size);
    fs.rmSync(journal, { force: true });
  } finally {
    fs.closeSync(file);
  }
}

function openToWrite(target: string): number {
  return fs.openSync(target, fs.constants.O_RDWR | (fs.constants.O_NOFOLLOW ?? 0));
}

/** Until the file is cut to its new length, readers see the new contents and empty lines, but no rest of the old. */
function overwrite(file: number, text: string, size: number): void {
  write(file, text.padEnd(size, "\n"), 0);
  fs.ftruncateSync(file, text.length);
  fs.fsyncSync(file);
}

function write(file: number, text: string, position: number): void {
  const bytes = Buffer.from(text, "latin1");
  for (let done = 0; done < bytes.length;) {
    done += fs.writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}

function makePrivate(file: number, path: string, { mode, uid }: fs.Stats): void {
  if (process.platform === "win32" || (mode & 0o077) === 0) return;
  try {
    fs.fchmodSync(file, 0o600);
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
 * @throws {SignerError} ERR_SIGNER_CONFIG_CHANGED when another program changed the file since. File and journal both stay.
 */
export function recover(path: string): void {
  const target = followLinks(path);
  if (statsOf(target)?.isFile() !== true) return;
  for (const file of new Set([target, resolve(path)])) {
    const start = basename(file);
    const isOurs = (name: string): boolean =>
      name.startsWith(start) && TEMPORARY.test(name.slice(start.length));
    removeLeftovers(dirname(file), isOurs);
  }
  const journals = companionsOf(target, "journal").filter((journal) => readJournal(journal) !== undefined);
  if (journals.length === 0) companionsOf(target, "lock").forEach(releaseStale);
  else {
    withLock({ path, target }, () => {
      for (const journal of journals) restore({ path, target }, journal);
    });
  }
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
    const now = fs.readFileSync(file, "latin1");
    if (!isUnfinished(now, contents)) {
      const message = `"${path}" was changed after a process had been killed while it wrote it; what it held before is in "${journal}"; compare the two and delete that file`;
      throw new SignerError("ERR_SIGNER_CONFIG_CHANGED", message, { path });
    }
    if (now !== contents.before && now !== contents.after) overwrite(file, contents.before, now.length);
  } finally {
    fs.closeSync(file);
  }
  fs.rmSync(journal, { force: true });
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

/** Where the lock or the journal of a file can lie: beside it, or in a private folder of this user. */
function companionsOf(target: string, name: "lock" | "journal"): readonly [string, ...string[]] {
  const home = homeFolder({});
  const hidden = `${createHash("sha256").update(target).digest("hex").slice(0, 32)}.${name}`;
  return [
    `${target}.ra-signer-${name}`,
    ...(home === undefined ? [] : [join(home, ".local", "state", "ra-signer", hidden)]),
    join(tmpdir(), `ra-signer-${process.geteuid?.() ?? ""}`, hidden),
  ];
}

/** The first of these places where this user can create files. */
function companionOf(target: string, name: "lock" | "journal"): string {
  const [beside, ...hidden] = companionsOf(target, name);
  const path = canCreateIn(dirname(target)) ? beside : hidden.find((each) => isPrivateFolder(dirname(each)));
  if (path !== undefined) return path;
  throw new Error("there is no folder for a copy of its old contents, neither in ~ nor for temporary files");
}

function isPrivateFolder(folder: string): boolean {
  try {
    makeFolder(folder);
    const stats = fs.lstatSync(folder);
    const isOwn = stats.isDirectory() && stats.uid === process.geteuid?.() && (stats.mode & 0o077) === 0;
    return isOwn && canCreateIn(folder);
  } catch {
    return false;
  }
}

function canCreateIn(folder: string): boolean {
  try {
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Locks a file against other processes of ra-signer. Programs that do not take the lock are noticed by what they write. */
export function withLock({ path, target }: Place, act: () => void): void {
  const lock = companionOf(target, "lock");
  const until = Date.now() + LOCK_WAIT_MS;
  let release = tryLock(lock);
  while (release === undefined) {
    if (Date.now() > until) {
      const message = `another process is writing "${path}" and does not end; nothing was written; run the command again, or delete "${lock}"`;
      throw new SignerError("ERR_SIGNER_CONFIG_CHANGED", message, { path });
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10 + Math.random() * 30);
    release = tryLock(lock);
  }
  try {
    act();
  } finally {
    release();
  }
}
