import { createHash, randomBytes } from "node:crypto";
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import type { Stats } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";

import { tryLock } from "../cache/lock.ts";
import { homeFolder } from "../config/aws-files.ts";
import { messageOf, SignerError } from "../errors.ts";

/** How a file is replaced. */
export interface ReplaceOptions {
  /** The file is to be readable by its owner only, whatever its mode was. @default false: its mode is kept */
  readonly secret?: boolean;
}

/** As Linux and macOS. */
const MAX_LINKS = 40;
/** Another writer needs a few milliseconds. */
const LOCK_WAIT_MS = 5000;
/** Temporary files of killed writers are removed after this time. */
const LEFTOVER_MS = 600_000;
/** What follows the file's name in theirs: its own, and those of its lock. */
const LEFTOVER = /^(?:\.[0-9a-f]{12}|\.ra-signer-lock\.[0-9a-f-]{36})\.tmp$/;

/**
 * Reads a file that people edit.
 *
 * @returns Its bytes, one character each (latin1); undefined when there is none, or a device such as /dev/null.
 * @throws {SignerError} ERR_SIGNER_FILE_UNREADABLE, also for a folder, named pipe or socket, which could keep it waiting.
 */
export function readIfPresent(path: string): string | undefined {
  let file: number | undefined;
  try {
    const found = statSync(path);
    if (found.isCharacterDevice()) return undefined;
    if (!found.isFile()) throw new Error(`it is ${kindOf(found)}`);
    // Without waiting, should it have become a named pipe meanwhile.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    return readFileSync(file, "latin1");
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw new SignerError("ERR_SIGNER_FILE_UNREADABLE", `cannot read "${path}": ${messageOf(cause)}`, {
      cause,
      path,
    });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Replaces the contents of a file.
 *
 * By a temporary file beside it and a rename, so that a reader has the old file or the new one. Where that is not
 * possible, or would part the file from its other names (a bind mount, a hard link, a folder without write permission,
 * an owner who cannot be kept), by writing into the file itself, with a copy of the old contents kept until the new are
 * complete. Links are followed to their end, which need not exist. Owner and mode are kept; a new file gets mode 0600, a
 * new folder 0700.
 *
 * @param path The file.
 * @param text New contents, one character for each byte (latin1).
 * @param expected What the file held when it was read; undefined when it did not exist.
 * @throws {SignerError} ERR_SIGNER_CONFIG_CHANGED when another program wrote it meanwhile, or keeps it locked;
 *   ERR_SIGNER_FILE_UNWRITABLE when it is no regular file or cannot be written. The old contents are then there, whole.
 */
export function replaceFile(
  path: string,
  text: string,
  expected: string | undefined,
  { secret = false }: ReplaceOptions = {},
): void {
  const target = followLinks(path);
  const job: Job = { path, target, text, expected, secret };
  try {
    refuseSpecial(job, statsOf(target));
    makeFolder(dirname(target));
    withLock(job, () => {
      const stats = statsOf(target);
      refuseSpecial(job, stats);
      if (stats !== undefined && staysInPlace(target, stats)) return writeInPlace(job, stats);
      if (!writeBeside(job, stats)) {
        if (stats === undefined) throw new Error(`its folder "${dirname(target)}" cannot be written`);
        writeInPlace(job, stats);
      }
    });
  } catch (cause) {
    if (cause instanceof SignerError) throw cause;
    const place = target === resolve(path) ? "" : ` (its link ends at "${target}")`;
    throw new SignerError(
      "ERR_SIGNER_FILE_UNWRITABLE",
      `cannot write "${path}"${place}: ${messageOf(cause)}; what it held is still there`,
      { path, cause },
    );
  }
}

/**
 * Keeps a copy of a file as `<path>.backup`, or `.backup2` and so on where that is taken, of mode 0600.
 *
 * @returns The copy's path; that of an older copy which holds the same.
 * @throws {SignerError} ERR_SIGNER_FILE_UNWRITABLE when no copy can be kept.
 */
export function keepCopy(path: string, text: string): string {
  for (let number = 1; ; number += 1) {
    const copy = number === 1 ? `${path}.backup` : `${path}.backup${number}`;
    if (lstatSync(copy, { throwIfNoEntry: false }) === undefined) {
      try {
        if (createWhole(copy, temporaryFor(path), text)) return copy;
      } catch (cause) {
        throw new SignerError(
          "ERR_SIGNER_FILE_UNWRITABLE",
          `cannot write "${copy}", a copy of the long-term keys and settings that would be replaced: ${messageOf(cause)}; nothing was written`,
          { path: copy, cause },
        );
      }
    }
    if (statSync(copy, { throwIfNoEntry: false })?.isFile() === true && readIfPresent(copy) === text) {
      return copy;
    }
  }
}

/**
 * Creates a private file, whole or not at all.
 *
 * @returns False when another process was faster.
 */
function createWhole(path: string, temporary: string, text: string): boolean {
  try {
    writePrivate(temporary, text);
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    if (!["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"].includes(codeOf(error))) throw error;
    // A file system without hard links.
    renameSync(temporary, path);
    return true;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** All temporary files beside a file have such names, so that they are found when their writer was killed. */
function temporaryFor(path: string): string {
  return `${path}.${randomBytes(6).toString("hex")}.tmp`;
}

function writePrivate(path: string, text: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    fchmodSync(file, 0o600);
    writeWhole(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

interface Job {
  /** As it was given. */
  readonly path: string;
  /** Where its links end. */
  readonly target: string;
  readonly text: string;
  readonly expected: string | undefined;
  readonly secret: boolean;
}

/** The path of the file at the end of all links; neither it nor its folder need exist. */
function followLinks(path: string, links = 0): string {
  const absolute = resolve(path);
  const parent = dirname(absolute);
  if (parent === absolute) return absolute;
  const here = join(followLinks(parent, links), basename(absolute));
  if (lstatSync(here, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return here;
  if (links >= MAX_LINKS) {
    throw new SignerError("ERR_SIGNER_FILE_UNWRITABLE", `"${path}" is a link that leads to itself`, { path });
  }
  return followLinks(resolve(dirname(here), readlinkSync(here)), links + 1);
}

function statsOf(target: string): Stats | undefined {
  return lstatSync(target, { throwIfNoEntry: false });
}

function refuseSpecial({ path, target }: Job, stats: Stats | undefined): void {
  if (stats === undefined || stats.isFile()) return;
  const place = target === resolve(path) ? "" : ` (its link ends at "${target}")`;
  throw new SignerError(
    "ERR_SIGNER_FILE_UNWRITABLE",
    `"${path}"${place} is ${kindOf(stats)}, which is never replaced or written; give the path of a file`,
    { path },
  );
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a named pipe";
  if (stats.isSocket()) return "a socket";
  return stats.isFile() ? "a file" : "a device";
}

/** Makes what is missing of a folder, with mode 0700 whatever the umask. */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false }) !== undefined) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
    chmodSync(folder, 0o700);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

/** Whether a rename would part the file from another of its names. */
function staysInPlace(target: string, stats: Stats): boolean {
  return stats.nlink > 1 || isMounted(target, stats);
}

/**
 * Whether the file is mounted somewhere by itself, here or at another path.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
 */
function isMounted(target: string, stats: Stats): boolean {
  let text: string;
  try {
    text = readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return false;
  }
  const mounts = text.split("\n").flatMap((line) => {
    const [, , device = "", root = "", point = ""] = line.split(" ").map(unescapeMount);
    return point === "" ? [] : [{ device, root, point }];
  });
  if (mounts.some(({ point }) => point === target)) return true;
  // Its path within its file system, of which another mount may show just this file.
  const own = mounts
    .filter(({ point }) => target.startsWith(point.endsWith("/") ? point : `${point}/`))
    .reduce<(typeof mounts)[number] | undefined>(
      (longest, mount) => ((longest?.point.length ?? -1) <= mount.point.length ? mount : longest),
      undefined,
    );
  if (own === undefined || stats.ino === 0) return false;
  const inside = join(own.root, relative(own.point, target));
  return mounts.some(({ device, root }) => device === own.device && root === inside);
}

function unescapeMount(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_all, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/**
 * Writes a new file and puts it in the old one's place.
 *
 * @returns False, with nothing changed, when the folder, the owner or a mount does not allow it.
 */
function writeBeside(job: Job, old: Stats | undefined): boolean {
  const { target, text, secret } = job;
  const temporary = temporaryFor(target);
  let file: number;
  try {
    file = openSync(temporary, "wx", 0o600);
  } catch (error) {
    if (["EACCES", "EPERM", "EROFS", "ENAMETOOLONG"].includes(codeOf(error))) return false;
    throw error;
  }
  try {
    try {
      if (old !== undefined && !keepsOwner(file, old)) return false;
      writeWhole(file, text);
      fchmodSync(file, modeFor(old, secret));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    refuseChanged(job);
    renameSync(temporary, target);
    syncFolder(dirname(target));
    return true;
  } catch (error) {
    if (codeOf(error) === "EBUSY") return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** So that the rename outlives a power cut; not every system allows it. */
function syncFolder(folder: string): void {
  try {
    const file = openSync(folder, "r");
    fsyncSync(file);
    closeSync(file);
  } catch {
    // The file itself is on the disk.
  }
}

function modeFor(old: Stats | undefined, secret: boolean): number {
  if (old === undefined) return 0o600;
  return old.mode & (secret ? 0o600 : 0o777);
}

/** A service that runs as root must not take the file away from its user, nor one user from another. */
function keepsOwner(file: number, { uid, gid }: Stats): boolean {
  if (process.platform === "win32") return true;
  const made = fstatSync(file);
  if (made.uid === uid && made.gid === gid) return true;
  try {
    fchownSync(file, uid, gid);
    return true;
  } catch {
    return false;
  }
}

/**
 * Writes into the file itself. Its old contents lie in a private file until the new are complete, from which
 * {@link recover} takes them when the process is killed in between.
 */
function writeInPlace(job: Job, stats: Stats): void {
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

function canCreateIn(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** For locks and copies of files in folders where this user may write nothing else. */
function privateFolder(): string {
  for (const folder of privateFolders()) {
    try {
      makeFolder(folder);
      const stats = lstatSync(folder);
      const isOwn = stats.isDirectory() && stats.uid === process.geteuid?.() && (stats.mode & 0o077) === 0;
      if (isOwn && canCreateIn(folder)) return folder;
    } catch {
      // The next one may do.
    }
  }
  throw new Error("there is no folder for a copy of its old contents, neither in ~ nor for temporary files");
}

function privateFolders(): readonly string[] {
  const temporary = join(tmpdir(), `ra-signer-${process.geteuid?.() ?? ""}`);
  const home = homeFolder({});
  return home === undefined ? [temporary] : [join(home, ".local", "state", "ra-signer"), temporary];
}

function nameFor(target: string): string {
  return createHash("sha256").update(target).digest("hex").slice(0, 32);
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

/** Removes a lock whose holder is gone; one that is held or in the way is the next writer's business. */
function releaseStale(lock: string): void {
  try {
    if (lstatSync(lock, { throwIfNoEntry: false }) !== undefined) tryLock(lock)?.();
  } catch {
    // The next writer says so.
  }
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

/** Keeps other writers of ours away; those that lock nothing are noticed by what the file then holds. */
function withLock({ path, target }: Job, act: () => void): void {
  const lock = canCreateIn(dirname(target))
    ? `${target}.ra-signer-lock`
    : join(privateFolder(), `${nameFor(target)}.lock`);
  const until = Date.now() + LOCK_WAIT_MS;
  let release = tryLock(lock);
  while (release === undefined) {
    if (Date.now() > until) {
      throw new SignerError(
        "ERR_SIGNER_CONFIG_CHANGED",
        `another process is writing "${path}" and does not end; nothing was written; run the command again, or delete "${lock}"`,
        { path },
      );
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

function refuseChanged({ path, target, expected }: Job): void {
  if (readIfPresent(target) === expected) return;
  throw new SignerError(
    "ERR_SIGNER_CONFIG_CHANGED",
    `"${path}" was changed by another program meanwhile; nothing was written, run the command again`,
    { path },
  );
}

/** Removes what killed writers left beside a file. */
function sweep(target: string): void {
  const folder = dirname(target);
  const start = basename(target);
  let names: readonly string[] = [];
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  for (const name of names) {
    if (!name.startsWith(start) || !LEFTOVER.test(name.slice(start.length))) continue;
    const stats = lstatSync(join(folder, name), { throwIfNoEntry: false });
    if (stats?.isFile() !== true || Date.now() - stats.mtimeMs <= LEFTOVER_MS) continue;
    try {
      rmSync(join(folder, name), { force: true });
    } catch {
      // It is in nobody's way.
    }
  }
}

function writeWhole(file: number, text: string, position = 0): void {
  const bytes = Buffer.from(text, "latin1");
  for (let done = 0; done < bytes.length;) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
