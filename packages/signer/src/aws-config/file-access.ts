import { createHash, randomBytes } from "node:crypto";
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import type { Stats } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";

import { tryLock } from "../cache/lock.ts";
import { removeLeftovers } from "../cache/private-file.ts";
import { homeFolder } from "../config/aws-files.ts";
import { codeOf, messageOf, SignerError } from "../errors.ts";

/** How many links are followed; Linux follows as many. */
const MAX_LINKS = 40;
/** How long another writer is waited for; a write takes a few milliseconds. */
const LOCK_WAIT_MS = 5000;
/** What follows the file's name in the names of its temporary files, and of those of its lock. */
const TEMPORARY = /^(?:\.[0-9a-f]{12}|\.ra-signer-lock\.[0-9a-f-]{36})\.tmp$/;

/**
 * Reads a file that people edit.
 *
 * @returns Its bytes, one character each (latin1); undefined when the file is missing, or is a device such as /dev/null.
 * @throws {SignerError} ERR_SIGNER_FILE_UNREADABLE, also for a folder, named pipe or socket, which could block the read.
 */
export function readIfPresent(path: string): string | undefined {
  let file: number | undefined;
  try {
    const found = statSync(path);
    if (found.isCharacterDevice()) return undefined;
    if (!found.isFile()) throw new Error(`it is ${kindOf(found)}`);
    // The read does not wait if the file has become a named pipe meanwhile.
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

/** A file, by the path that the user gave and the path where its links end. */
export interface Place {
  readonly path: string;
  readonly target: string;
}

/** The new contents of a file. */
export interface Replacement extends Place {
  /** New contents, one character for each byte (latin1). */
  readonly text: string;
  /** What the file held when it was read; undefined when it did not exist. */
  readonly expected: string | undefined;
  /** Whether only the owner may read the file afterwards. */
  readonly secret: boolean;
}

/** How messages name a file. */
export function nameOf({ path, target }: Place): string {
  return target === resolve(path) ? `"${path}"` : `"${path}" (its link ends at "${target}")`;
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

/** The type, mode and owner of what a path names; a link is not followed. Undefined when nothing is there. */
export function statsOf(target: string): Stats | undefined {
  return lstatSync(target, { throwIfNoEntry: false });
}

/** Refuses folders, devices, named pipes and sockets; the message says which of them it is. */
export function refuseSpecial(place: Place, stats: Stats | undefined): void {
  if (stats === undefined || stats.isFile()) return;
  throw new SignerError(
    "ERR_SIGNER_FILE_UNWRITABLE",
    `${nameOf(place)} is ${kindOf(stats)}, which is never replaced or written; give the path of a file`,
    { path: place.path },
  );
}

/** Refuses to replace a file that another program has changed since it was read. */
export function refuseChanged({ path, target, expected }: Replacement): void {
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

/** Creates a folder and the missing folders above it, with mode 0700 whatever the umask. */
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

/** Whether this user may create files in a folder. */
export function canCreateIn(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A folder for the locks and journals of files that lie in folders where this user cannot create files. */
export function privateFolder(): string {
  for (const folder of privateFolders()) {
    try {
      makeFolder(folder);
      const stats = lstatSync(folder);
      const isOwn = stats.isDirectory() && stats.uid === process.geteuid?.() && (stats.mode & 0o077) === 0;
      if (isOwn && canCreateIn(folder)) return folder;
    } catch {
      // The next folder may be usable.
    }
  }
  throw new Error("there is no folder for a copy of its old contents, neither in ~ nor for temporary files");
}

/** The folders that {@link privateFolder} tries, in this order. */
export function privateFolders(): readonly string[] {
  const temporary = join(tmpdir(), `ra-signer-${process.geteuid?.() ?? ""}`);
  const home = homeFolder({});
  return home === undefined ? [temporary] : [join(home, ".local", "state", "ra-signer"), temporary];
}

/** A short name for the lock and journal of a file, in a folder that holds those of many files. */
export function nameFor(target: string): string {
  return createHash("sha256").update(target).digest("hex").slice(0, 32);
}

/** A name for a temporary file beside a file. {@link removeTemporaryFiles} finds it by that name. */
export function temporaryFor(path: string): string {
  return `${path}.${randomBytes(6).toString("hex")}.tmp`;
}

/** Creates a file of mode 0600, whatever the umask, and waits until it is on the disk. */
export function writePrivate(path: string, text: string, encoding: "latin1" | "utf8" = "latin1"): void {
  writeFileSync(path, text, { encoding, mode: 0o600, flag: "wx", flush: true });
  chmodSync(path, 0o600);
}

/** Locks a file against other processes of ra-signer. {@link refuseChanged} notices programs that do not take the lock. */
export function withLock({ path, target }: Place, act: () => void): void {
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

/** Removes a lock whose holder has ended. A lock that is held, or that cannot be removed, stays. */
export function releaseStale(lock: string): void {
  try {
    if (lstatSync(lock, { throwIfNoEntry: false }) !== undefined) tryLock(lock)?.();
  } catch {
    // The next writer reports it.
  }
}

/** Removes the temporary files of killed processes that lie beside a file. */
export function removeTemporaryFiles(target: string): void {
  const start = basename(target);
  removeLeftovers(
    dirname(target),
    (name) => name.startsWith(start) && TEMPORARY.test(name.slice(start.length)),
  );
}
