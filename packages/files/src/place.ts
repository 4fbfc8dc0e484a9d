import { createHash } from "node:crypto";
import { accessSync, constants, lstatSync, readlinkSync } from "node:fs";
import type { Stats } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";

import { makeFolder } from "./create.ts";
import { FileError } from "./file-error.ts";
import { tryLock } from "./lock.ts";
import { kindOf, readIfPresent, statsOf } from "./read.ts";

/** A file that people edit, and the program that writes it. */
export interface Place {
  /** As the user gave it. */
  readonly path: string;
  /** Where its links end; neither the file nor its folder need exist. */
  readonly target: string;
  /** Names the locks and journals; processes of one program lock each other out. */
  readonly program: string;
}

/** How many links are followed; Linux follows as many. */
const MAX_LINKS = 40;
/** How long another writer is waited for; a write takes a few milliseconds. */
const LOCK_WAIT_MS = 5000;

/** Follows the links of a path to their end. */
export function placeOf(path: string, program: string): Place {
  const follow = (from: string, links: number): string => {
    const absolute = resolve(from);
    const parent = dirname(absolute);
    if (parent === absolute) return absolute;
    const here = join(follow(parent, links), basename(absolute));
    if (statsOf(here)?.isSymbolicLink() !== true) return here;
    if (links < MAX_LINKS) return follow(resolve(dirname(here), readlinkSync(here)), links + 1);
    throw new FileError("UNWRITABLE", from, `"${from}" is a link that leads to itself`);
  };
  return { path, target: follow(path, 0), program };
}

/** How messages name a file. */
export function nameOf({ path, target }: Place): string {
  return target === resolve(path) ? `"${path}"` : `"${path}" (its link ends at "${target}")`;
}

/** Refuses folders, devices, named pipes and sockets; the message says which of them it is. */
export function refuseSpecial(place: Place, stats: Stats | undefined): void {
  if (stats === undefined || stats.isFile()) return;
  const message = `${nameOf(place)} is ${kindOf(stats)}, which is never replaced or written; give the path of a file`;
  throw new FileError("UNWRITABLE", place.path, message);
}

/** Refuses to replace a file that another program has changed since it was read. */
export function refuseChanged({ path, target }: Place, expected: string | undefined): void {
  if (readIfPresent(target) === expected) return;
  const message = `"${path}" was changed by another program meanwhile; nothing was written, run the command again`;
  throw new FileError("CHANGED", path, message);
}

/** Where the lock or the journal of a file can lie: beside it, or in a private folder of this user. */
export function companionsOf({ target, program }: Place, name: "lock" | "journal"): readonly string[] {
  const home = homeFolder();
  const hidden = `${createHash("sha256").update(target).digest("hex").slice(0, 32)}.${name}`;
  return [
    `${target}.${program}-${name}`,
    ...(home === undefined ? [] : [join(home, ".local", "state", program, hidden)]),
    join(tmpdir(), `${program}-${process.geteuid?.() ?? ""}`, hidden),
  ];
}

/** The first of these places where this user can create files. */
export function companionOf(place: Place, name: "lock" | "journal"): string {
  const [beside = "", ...hidden] = companionsOf(place, name);
  const path = canCreateIn(dirname(beside)) ? beside : hidden.find((each) => isPrivateFolder(dirname(each)));
  if (path !== undefined) return path;
  throw new Error("there is no folder for a copy of its old contents, neither in ~ nor for temporary files");
}

/**
 * The user's home directory.
 *
 * @param given HOME. @default what the system has for this process
 * @returns Undefined for a user with neither HOME nor an entry in the system's list of users, as in many containers.
 */
export function homeFolder(given?: string): string | undefined {
  try {
    // Empty, as HOME may be, it would be the folder that the command happens to run in.
    const home = given || homedir();
    return isAbsolute(home) ? home : undefined;
  } catch {
    return undefined;
  }
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

/** Locks a file against other processes of the program. Others, which do not take the lock, are noticed by what they write. */
export function withLock(place: Place, act: () => void): void {
  const { path } = place;
  const lock = companionOf(place, "lock");
  const until = Date.now() + LOCK_WAIT_MS;
  let release = tryLock(lock);
  while (release === undefined) {
    if (Date.now() > until) {
      const message = `another process is writing "${path}" and does not end; nothing was written; run the command again, or delete "${lock}"`;
      throw new FileError("CHANGED", path, message);
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
