import * as fs from "node:fs";
import { basename, dirname } from "node:path";

import { linkOrWrite } from "../cache/private-file.ts";
import { codeOf, messageOf, SignerError } from "../errors.ts";
import {
  followLinks,
  makeFolder,
  nameOf,
  readIfPresent,
  refuseChanged,
  refuseSpecial,
  statsOf,
  visibleStatsOf,
  withTemporary,
} from "./file-access.ts";
import type { Replacement } from "./file-access.ts";
import { withLock, writeInPlace } from "./write-in-place.ts";

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
 * @param options `secret`: whether only the owner may read the file afterwards. @default the file keeps its mode
 * @throws {SignerError} ERR_SIGNER_CONFIG_CHANGED when another program changed the file meanwhile, or keeps it locked;
 *   ERR_SIGNER_FILE_UNWRITABLE when it is no regular file or cannot be written. The file then still has its old contents.
 */
export function replaceFile(
  path: string,
  text: string,
  expected: string | undefined,
  { secret = false }: { readonly secret?: boolean } = {},
): void {
  const place: Replacement = { path, target: followLinks(path), text, expected, secret };
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
    if (cause instanceof SignerError) throw cause;
    const message = `cannot write ${nameOf(place)}: ${messageOf(cause)}; what it held is still there`;
    throw new SignerError("ERR_SIGNER_FILE_UNWRITABLE", message, { path, cause });
  }
}

/**
 * Keeps a copy of a file as `<path>.backup`, or as `.backup2` and so on when that name is taken, with mode 0600. An older
 * copy with the same contents is used again.
 */
export function keepCopy(path: string, text: string): string {
  for (let number = 1; ; number += 1) {
    const copy = `${path}.backup${number === 1 ? "" : number}`;
    try {
      const isNew =
        statsOf(copy) === undefined &&
        withTemporary(path, Buffer.from(text, "latin1"), (temporary) => linkOrWrite(temporary, copy, text));
      if (isNew) return copy;
    } catch (cause) {
      const message = `cannot write "${copy}", a copy of the long-term keys and settings that would be replaced: ${messageOf(cause)}; nothing was written`;
      throw new SignerError("ERR_SIGNER_FILE_UNWRITABLE", message, { path: copy, cause });
    }
    const isFile = fs.statSync(copy, { throwIfNoEntry: false })?.isFile() === true;
    if (isFile && readIfPresent(copy) === text) return copy;
  }
}

// The other path would keep the old contents. See https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
function isMountedElsewhere(target: string, { dev, ino }: fs.Stats): boolean {
  try {
    return fs
      .readFileSync("/proc/self/mountinfo", "utf8")
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

function unescapeMount(field: string): string {
  const character = (_all: string, octal: string): string => String.fromCharCode(Number.parseInt(octal, 8));
  return field.replaceAll(/\\([0-7]{3})/g, character);
}

/** What keeps a file from being made in the folder. */
const NOT_MADE: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS", "ENAMETOOLONG"]);

/** Renames a new file to the file's name. False, with nothing changed, when folder, owner or a mount do not allow it. */
function writeBeside(replacement: Replacement, old: fs.Stats | undefined): boolean {
  const { target, text, secret } = replacement;
  let isMade = false;
  let isOwn = true;
  const rename = (temporary: string): boolean => {
    if (!isOwn) return false;
    refuseChanged(replacement);
    fs.renameSync(temporary, target);
    syncFolder(dirname(target));
    return true;
  };
  try {
    return withTemporary(target, Buffer.from(text, "latin1"), rename, (file) => {
      isMade = true;
      isOwn = old === undefined || keepsOwner(file, old);
      fs.fchmodSync(file, old === undefined || !isOwn ? 0o600 : old.mode & (secret ? 0o600 : 0o777));
    });
  } catch (error) {
    // EBUSY: the file is a mount.
    if (isMade ? codeOf(error) === "EBUSY" : NOT_MADE.has(codeOf(error))) return false;
    throw error;
  }
}

/** Waits until the rename is on the disk, so that it survives a power cut. Not every system can do that. */
function syncFolder(folder: string): void {
  try {
    const file = fs.openSync(folder, "r");
    fs.fsyncSync(file);
    fs.closeSync(file);
  } catch {
    // The contents of the file are on the disk already.
  }
}

/** Gives the new file the owner of the old one, which matters for a service that runs as root. */
function keepsOwner(file: number, { uid, gid }: fs.Stats): boolean {
  if (process.platform === "win32") return true;
  const made = fs.fstatSync(file);
  try {
    if (made.uid !== uid || made.gid !== gid) fs.fchownSync(file, uid, gid);
    return true;
  } catch {
    return false;
  }
}
