import { createHash, randomBytes } from "node:crypto";
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import type { Stats } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";

import { tryLock } from "../cache/lock.ts";
import { homeFolder } from "../config/aws-files.ts";
import { messageOf, SignerError } from "../errors.ts";

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

/** A file that is to be replaced. */
export interface Job {
  /** As it was given. */
  readonly path: string;
  /** Where its links end. */
  readonly target: string;
  readonly text: string;
  readonly expected: string | undefined;
  readonly secret: boolean;
}

/** The path of the file at the end of all links; neither it nor its folder need exist. */
export function followLinks(path: string, links = 0): string {
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

/** What is at a path, links not followed. */
export function statsOf(target: string): Stats | undefined {
  return lstatSync(target, { throwIfNoEntry: false });
}

/** Refuses folders, devices, named pipes and sockets by name. */
export function refuseSpecial({ path, target }: Job, stats: Stats | undefined): void {
  if (stats === undefined || stats.isFile()) return;
  const place = target === resolve(path) ? "" : ` (its link ends at "${target}")`;
  throw new SignerError(
    "ERR_SIGNER_FILE_UNWRITABLE",
    `"${path}"${place} is ${kindOf(stats)}, which is never replaced or written; give the path of a file`,
    { path },
  );
}

/** Refuses to replace what another program has written since the file was read. */
export function refuseChanged({ path, target, expected }: Job): void {
  if (readIfPresent(target) === expected) return;
  throw new SignerError(
    "ERR_SIGNER_CONFIG_CHANGED",
    `"${path}" was changed by another program meanwhile; nothing was written, run the command again`,
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
export function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false }) !== undefined) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
    chmodSync(folder, 0o700);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

/** Whether this user may make files in a folder. */
export function canCreateIn(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** For locks and copies of files in folders where this user may write nothing else. */
export function privateFolder(): string {
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

/** Where such folders may be, in the order in which they are tried. */
export function privateFolders(): readonly string[] {
  const temporary = join(tmpdir(), `ra-signer-${process.geteuid?.() ?? ""}`);
  const home = homeFolder({});
  return home === undefined ? [temporary] : [join(home, ".local", "state", "ra-signer"), temporary];
}

/** A short name for what belongs to a file, for folders that hold such of many files. */
export function nameFor(target: string): string {
  return createHash("sha256").update(target).digest("hex").slice(0, 32);
}

/** All temporary files beside a file have such names, so that they are found when their writer was killed. */
export function temporaryFor(path: string): string {
  return `${path}.${randomBytes(6).toString("hex")}.tmp`;
}

/** Makes a file of mode 0600, whatever the umask, and waits until it is on the disk. */
export function writePrivate(path: string, text: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    fchmodSync(file, 0o600);
    writeWhole(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Writes all bytes of a text (latin1), however many calls that takes. */
export function writeWhole(file: number, text: string, position = 0): void {
  const bytes = Buffer.from(text, "latin1");
  for (let done = 0; done < bytes.length;) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}

/** Keeps other writers of ours away; those that lock nothing are noticed by what the file then holds. */
export function withLock({ path, target }: Job, act: () => void): void {
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

/** Removes a lock whose holder is gone; one that is held or in the way is the next writer's business. */
export function releaseStale(lock: string): void {
  try {
    if (lstatSync(lock, { throwIfNoEntry: false }) !== undefined) tryLock(lock)?.();
  } catch {
    // The next writer says so.
  }
}

/** Removes what killed writers left beside a file. */
export function sweep(target: string): void {
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

/** The code of a system error, such as `ENOENT`. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
