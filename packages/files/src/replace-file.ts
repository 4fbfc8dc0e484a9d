import { fchmodSync, fchownSync, fstatSync, readFileSync, renameSync, statSync } from "node:fs";
import type { Stats } from "node:fs";
import { basename, dirname } from "node:path";

import { nameOf, placeOf, refuseChanged, refuseSpecial, withLock } from "./place.ts";
import { linkOrWrite, makeFolder, syncFolder, withTemporary } from "./create.ts";
import { codeOf, FileError, messageOf } from "./file-error.ts";
import { readIfPresent, statsOf } from "./read.ts";
import { writeInPlace } from "./write-in-place.ts";
import type { Replacement } from "./write-in-place.ts";

/**
 * Replaces the contents of a file.
 *
 * It writes a temporary file beside the file and renames it, so that readers see either the old file or the new one. For
 * a bind mount, a hard link, a folder without write permission or an owner who cannot be kept it writes into the file
 * itself, and keeps a copy of the old contents until the new ones are complete. Links are followed to their end, which need
 * not exist. Owner and mode are kept; a new file gets mode 0600, a new folder 0700.
 *
 * @param text New contents, one character for each byte (latin1).
 * @param expected What the file held when it was read; undefined when it did not exist.
 * @param options `program`: names its locks and journals; `secret`: whether only the owner may read the file afterwards.
 *   @default the file keeps its mode
 * @throws {FileError} CHANGED when another program changed the file meanwhile, or keeps it locked; UNWRITABLE when it is no
 *   regular file or cannot be written. The file then still has its old contents.
 */
export function replaceFile(
  path: string,
  text: string,
  expected: string | undefined,
  { program, secret = false }: { readonly program: string; readonly secret?: boolean },
): void {
  const place: Replacement = { ...placeOf(path, program), text, expected, secret };
  const folder = dirname(place.target);
  try {
    refuseSpecial(place, statsOf(place.target));
    makeFolder(folder);
    withLock(place, () => {
      const stats = statsOf(place.target);
      refuseSpecial(place, stats);
      const mayRename =
        stats === undefined || (stats.nlink === 1 && !isMountedElsewhere(place.target, stats));
      if (mayRename && writeBeside(place, stats)) return;
      if (stats === undefined) throw new Error(`its folder "${folder}" cannot be written`);
      writeInPlace(place, stats);
    });
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    const message = `cannot write ${nameOf(place)}: ${messageOf(cause)}; what it held is still there`;
    throw new FileError("UNWRITABLE", path, message, cause);
  }
}

/**
 * Keeps a copy of a file as `<path>.backup`, or as `.backup2` and so on when that name is taken, with mode 0600. An older
 * copy with the same contents is used again.
 */
export function keepCopy(path: string, text: string): string {
  const bytes = Buffer.from(text, "latin1");
  for (let number = 1; ; number += 1) {
    const copy = `${path}.backup${number === 1 ? "" : number}`;
    try {
      // The temporary file has the name of the file, so that `recover` finds it.
      const link = (temporary: string): boolean => linkOrWrite(temporary, copy, bytes);
      if (statsOf(copy) === undefined && withTemporary(path, bytes, link)) return copy;
    } catch (cause) {
      const message = `cannot write "${copy}", a copy of the long-term keys and settings that would be replaced: ${messageOf(cause)}; nothing was written`;
      throw new FileError("UNWRITABLE", copy, message, cause);
    }
    const isFile = statSync(copy, { throwIfNoEntry: false })?.isFile() === true;
    if (isFile && readIfPresent(copy) === text) return copy;
  }
}

// The other path would keep the old contents. See https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
function isMountedElsewhere(target: string, { dev, ino }: Stats): boolean {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .some((line) => {
        const [, , , root = "", point = ""] = line.split(" ").map(unescapeMount);
        // Only mounts of a file of this name are looked at: the disk of another mount may not answer.
        const stats = basename(root) === basename(target) ? visibleStatsOf(point) : undefined;
        return stats?.dev === dev && stats.ino === ino;
      });
  } catch {
    return false;
  }
}

/** The same as `lstat`; undefined as well for what this user may not look at, or what lies in no folder. */
function visibleStatsOf(path: string): Stats | undefined {
  try {
    return statsOf(path);
  } catch {
    return undefined;
  }
}

function unescapeMount(field: string): string {
  const character = (_all: string, octal: string): string => String.fromCharCode(Number.parseInt(octal, 8));
  return field.replaceAll(/\\([0-7]{3})/g, character);
}

/** What keeps a file from being made in the folder. */
const NOT_MADE: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS", "ENAMETOOLONG"]);

/** Renames a new file to the file's name. False, with nothing changed, when folder, owner or a mount do not allow it. */
function writeBeside(replacement: Replacement, old: Stats | undefined): boolean {
  const { target, text, secret } = replacement;
  let isMade = false;
  let isOwn = true;
  const rename = (temporary: string): boolean => {
    if (!isOwn) return false;
    refuseChanged(replacement, replacement.expected);
    renameSync(temporary, target);
    syncFolder(dirname(target));
    return true;
  };
  const prepare = (file: number): void => {
    isMade = true;
    isOwn = old === undefined || keepsOwner(file, old);
    fchmodSync(file, old === undefined || !isOwn ? 0o600 : old.mode & (secret ? 0o600 : 0o777));
  };
  try {
    return withTemporary(target, Buffer.from(text, "latin1"), rename, { prepare });
  } catch (error) {
    // EBUSY: the file is a mount.
    if (isMade ? codeOf(error) === "EBUSY" : NOT_MADE.has(codeOf(error))) return false;
    throw error;
  }
}

/** Gives the new file the owner of the old one, which matters for a service that runs as root. */
function keepsOwner(file: number, { uid, gid }: Stats): boolean {
  if (process.platform === "win32") return true;
  const made = fstatSync(file);
  try {
    if (made.uid !== uid || made.gid !== gid) fchownSync(file, uid, gid);
    return true;
  } catch {
    return false;
  }
}
