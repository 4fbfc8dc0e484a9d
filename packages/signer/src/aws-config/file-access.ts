import { createHash, randomBytes } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
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
/** What follows the file's name in the names of its temporary files, and of those of its lock and journal. */
const TEMPORARY = /^(?:\.ra-signer-(?:lock|journal))?\.[0-9a-f-]{12,36}\.tmp$/;

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
    const message = `cannot read "${path}": ${messageOf(cause)}`;
    throw new SignerError("ERR_SIGNER_FILE_UNREADABLE", message, { cause, path });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** A file, by the path that the user gave and the path where its links end. */
export interface Place {
  readonly path: string;
  readonly target: string;
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
  if (statsOf(here)?.isSymbolicLink() !== true) return here;
  if (links < MAX_LINKS) return followLinks(resolve(dirname(here), readlinkSync(here)), links + 1);
  throw new SignerError("ERR_SIGNER_FILE_UNWRITABLE", `"${path}" is a link that leads to itself`, { path });
}

/** What a path names; a link is not followed. Undefined when nothing is there. */
export function statsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Refuses folders, devices, named pipes and sockets; the message says which of them it is. */
export function refuseSpecial(place: Place, stats: Stats | undefined): void {
  if (stats === undefined || stats.isFile()) return;
  const message = `${nameOf(place)} is ${kindOf(stats)}, which is never replaced or written; give the path of a file`;
  throw new SignerError("ERR_SIGNER_FILE_UNWRITABLE", message, { path: place.path });
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a named pipe";
  if (stats.isSocket()) return "a socket";
  return stats.isFile() ? "a file" : "a device";
}

/** Creates a folder and the missing folders above it, with mode 0700 whatever the umask. */
export function makeFolder(folder: string): void {
  const umask = process.umask(0o077);
  try {
    mkdirSync(folder, { recursive: true });
  } finally {
    process.umask(umask);
  }
}

/**
 * Writes a temporary file of mode 0600 beside a path, waits until it is on the disk, and removes it after `use`, unless
 * `use` has renamed it. {@link removeTemporaryFiles} finds what a killed process leaves.
 */
export function withTemporary<Result>(
  path: string,
  bytes: Uint8Array,
  use: (temporary: string) => Result,
): Result {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  const file = openSync(temporary, "wx", 0o600);
  try {
    try {
      writeFileSync(file, bytes, { flush: true });
    } finally {
      closeSync(file);
    }
    return use(temporary);
  } finally {
    rmSync(temporary, { force: true });
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

/** Where the lock or the journal of a file can lie: beside it, or in a private folder of this user. */
export function companionsOf(target: string, name: "lock" | "journal"): readonly [string, ...string[]] {
  const home = homeFolder({});
  const folders = home === undefined ? [] : [join(home, ".local", "state", "ra-signer")];
  const short = createHash("sha256").update(target).digest("hex").slice(0, 32);
  return [
    `${target}.ra-signer-${name}`,
    ...[...folders, join(tmpdir(), `ra-signer-${process.geteuid?.() ?? ""}`)].map((folder) =>
      join(folder, `${short}.${name}`),
    ),
  ];
}

/** The first of these places where this user can create files. */
export function companionOf(target: string, name: "lock" | "journal"): string {
  const [beside, ...hidden] = companionsOf(target, name);
  const path = canCreateIn(dirname(target)) ? beside : hidden.find((each) => isPrivateFolder(dirname(each)));
  if (path !== undefined) return path;
  throw new Error("there is no folder for a copy of its old contents, neither in ~ nor for temporary files");
}

function isPrivateFolder(folder: string): boolean {
  try {
    makeFolder(folder);
    const stats = lstatSync(folder);
    const isOwn = stats.isDirectory() && stats.uid === process.geteuid?.() && (stats.mode & 0o077) === 0;
    return isOwn && canCreateIn(folder);
  } catch {
    return false;
  }
}

function canCreateIn(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
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

/** Removes the locks of a file whose holder has ended. A lock that is held, or that cannot be removed, stays. */
export function releaseStale(target: string): void {
  for (const lock of companionsOf(target, "lock")) {
    try {
      if (statsOf(lock) !== undefined) tryLock(lock)?.();
    } catch {
      // The next writer reports it.
    }
  }
}
