import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import type { Stats } from "node:fs";
import { dirname, join, relative } from "node:path";

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
  temporaryFor,
  withLock,
  writePrivate,
} from "./file-access.ts";
import type { Replacement } from "./file-access.ts";
import { writeInPlace } from "./write-in-place.ts";

/** How a file is replaced. */
export interface ReplaceOptions {
  /** Whether only the owner may read the file afterwards. @default false: the file keeps its mode */
  readonly secret?: boolean;
}

/**
 * Replaces the contents of a file.
 *
 * It writes a temporary file beside the file and renames it, so that readers see either the old file or the new one. For
 * a bind mount, a hard link, a folder without write permission or an owner who cannot be kept it writes into the file
 * itself, and keeps a copy of the old contents until the new ones are complete. Links are followed to their end, which need
 * not exist. Owner and mode are kept; a new file gets mode 0600, a new folder 0700.
 *
 * @param path The file.
 * @param text New contents, one character for each byte (latin1).
 * @param expected What the file held when it was read; undefined when it did not exist.
 * @throws {SignerError} ERR_SIGNER_CONFIG_CHANGED when another program changed the file meanwhile, or keeps it locked;
 *   ERR_SIGNER_FILE_UNWRITABLE when it is no regular file or cannot be written. The file then still has its old contents.
 */
export function replaceFile(
  path: string,
  text: string,
  expected: string | undefined,
  { secret = false }: ReplaceOptions = {},
): void {
  const place: Replacement = { path, target: followLinks(path), text, expected, secret };
  const { target } = place;
  try {
    refuseSpecial(place, statsOf(target));
    makeFolder(dirname(target));
    withLock(place, () => {
      const stats = statsOf(target);
      refuseSpecial(place, stats);
      const mayRename = stats === undefined || (stats.nlink === 1 && !isMounted(target, stats));
      if (mayRename && writeBeside(place, stats)) return;
      if (stats === undefined) throw new Error(`its folder "${dirname(target)}" cannot be written`);
      writeInPlace(place, stats);
    });
  } catch (cause) {
    if (cause instanceof SignerError) throw cause;
    throw new SignerError(
      "ERR_SIGNER_FILE_UNWRITABLE",
      `cannot write ${nameOf(place)}: ${messageOf(cause)}; what it held is still there`,
      { path, cause },
    );
  }
}

/**
 * Keeps a copy of a file as `<path>.backup`, or as `.backup2` and so on when that name is taken, with mode 0600.
 *
 * @returns The path of the copy; an older copy with the same contents is used again.
 * @throws {SignerError} ERR_SIGNER_FILE_UNWRITABLE when no copy can be written.
 */
export function keepCopy(path: string, text: string): string {
  for (let number = 1; ; number += 1) {
    const copy = `${path}.backup${number === 1 ? "" : number}`;
    if (lstatSync(copy, { throwIfNoEntry: false }) === undefined) {
      const temporary = temporaryFor(path);
      try {
        writePrivate(temporary, text);
        if (linkOrWrite(temporary, copy, text)) return copy;
      } catch (cause) {
        throw new SignerError(
          "ERR_SIGNER_FILE_UNWRITABLE",
          `cannot write "${copy}", a copy of the long-term keys and settings that would be replaced: ${messageOf(cause)}; nothing was written`,
          { path: copy, cause },
        );
      } finally {
        rmSync(temporary, { force: true });
      }
    }
    const isFile = statSync(copy, { throwIfNoEntry: false })?.isFile() === true;
    if (isFile && readIfPresent(copy) === text) return copy;
  }
}

/**
 * Whether the file is a mount point itself, here or at another path.
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
  // Another mount may show only this file; it has the same device and path within the file system.
  const own = mounts
    .filter(({ point }) => target.startsWith(point.endsWith("/") ? point : `${point}/`))
    .toSorted((one, other) => one.point.length - other.point.length)
    .at(-1);
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
 * Writes a temporary file and renames it to the file's name.
 *
 * @returns False, with nothing changed, when the folder, the owner or a mount does not allow it.
 */
function writeBeside(replacement: Replacement, old: Stats | undefined): boolean {
  const { target, text, secret } = replacement;
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
      writeFileSync(file, text, "latin1");
      fchmodSync(file, old === undefined ? 0o600 : old.mode & (secret ? 0o600 : 0o777));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    refuseChanged(replacement);
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

/** Waits until the rename is on the disk, so that it survives a power cut. Not every system can do that. */
function syncFolder(folder: string): void {
  try {
    const file = openSync(folder, "r");
    fsyncSync(file);
    closeSync(file);
  } catch {
    // The contents of the file are on the disk already.
  }
}

/** Gives the new file the owner of the old one, which matters for a service that runs as root. False when it cannot. */
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
