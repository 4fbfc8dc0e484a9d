import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

import { codeOf, messageOf, SignerError } from "../errors.ts";

/** How many links are followed; Linux follows as many. */
const MAX_LINKS = 40;

/**
 * Reads a file that people edit.
 *
 * @returns Its bytes, one character each (latin1); undefined when the file is missing, or is a device such as /dev/null.
 * @throws {SignerError} ERR_SIGNER_FILE_UNREADABLE, also for a folder, named pipe or socket, which could block the read.
 */
export function readIfPresent(path: string): string | undefined {
  let file: number | undefined;
  try {
    const found = fs.statSync(path);
    if (found.isCharacterDevice()) return undefined;
    if (!found.isFile()) throw new Error(`it is ${kindOf(found)}`);
    // The read does not wait if the file has become a named pipe meanwhile.
    file = fs.openSync(path, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
    return fs.readFileSync(file, "latin1");
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return undefined;
    const message = `cannot read "${path}": ${messageOf(cause)}`;
    throw new SignerError("ERR_SIGNER_FILE_UNREADABLE", message, { cause, path });
  } finally {
    if (file !== undefined) fs.closeSync(file);
  }
}

/** A file, by the path that the user gave and the path where its links end. */
export interface Place {
  readonly path: string;
  readonly target: string;
}

/** The new contents of a file. */
export interface Replacement extends Place {
  /** One character for each byte (latin1). */
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
  if (statsOf(here)?.isSymbolicLink() !== true) return here;
  if (links < MAX_LINKS) return followLinks(resolve(dirname(here), fs.readlinkSync(here)), links + 1);
  throw new SignerError("ERR_SIGNER_FILE_UNWRITABLE", `"${path}" is a link that leads to itself`, { path });
}

export function statsOf(path: string): fs.Stats | undefined {
  return fs.lstatSync(path, { throwIfNoEntry: false });
}

/** The same; undefined as well for what this user may not look at, or what lies in no folder. */
export function visibleStatsOf(path: string): fs.Stats | undefined {
  try {
    return statsOf(path);
  } catch {
    return undefined;
  }
}

/** Refuses folders, devices, named pipes and sockets; the message says which of them it is. */
export function refuseSpecial(place: Place, stats: fs.Stats | undefined): void {
  if (stats === undefined || stats.isFile()) return;
  const message = `${nameOf(place)} is ${kindOf(stats)}, which is never replaced or written; give the path of a file`;
  throw new SignerError("ERR_SIGNER_FILE_UNWRITABLE", message, { path: place.path });
}

/** Refuses to replace a file that another program has changed since it was read. */
export function refuseChanged({ path, target, expected }: Replacement): void {
  if (readIfPresent(target) === expected) return;
  const message = `"${path}" was changed by another program meanwhile; nothing was written, run the command again`;
  throw new SignerError("ERR_SIGNER_CONFIG_CHANGED", message, { path });
}

function kindOf(stats: fs.Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a named pipe";
  if (stats.isSocket()) return "a socket";
  return stats.isFile() ? "a file" : "a device";
}

/** Creates a folder and the missing folders above it, with mode 0700 whatever the umask and a folder's default ACL. */
export function makeFolder(folder: string): void {
  const umask = process.umask(0o077);
  try {
    // A default ACL replaces the umask, but gives no right that this mode leaves out. See https://man7.org/linux/man-pages/man5/acl.5.html
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  } finally {
    process.umask(umask);
  }
}

/**
 * Writes a temporary file beside a path, waits until it is on the disk, and removes it after `use`, unless `use` has renamed
 * it. What a killed process leaves is found by its name.
 *
 * @param prepare Gives the file owner and mode, by its descriptor: who may write in the folder may have put a link to
 *   another file at its path. @default mode 0600 whatever the umask
 */
export function withTemporary<Result>(
  path: string,
  bytes: Uint8Array,
  use: (temporary: string) => Result,
  prepare: (file: number) => void = (file) => fs.fchmodSync(file, 0o600),
): Result {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  const file = fs.openSync(temporary, "wx", 0o600);
  try {
    try {
      prepare(file);
      fs.writeFileSync(file, bytes, { flush: true });
    } finally {
      fs.closeSync(file);
    }
    return use(temporary);
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}
