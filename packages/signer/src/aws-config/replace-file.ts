import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import type { Stats } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

import { messageOf, SignerError } from "../errors.ts";
import {
  readIfPresent,
  followLinks,
  statsOf,
  refuseSpecial,
  refuseChanged,
  makeFolder,
  temporaryFor,
  writePrivate,
  writeWhole,
  withLock,
  codeOf,
} from "./file-access.ts";
import type { Job } from "./file-access.ts";
import { writeInPlace } from "./write-in-place.ts";

/** How a file is replaced. */
export interface ReplaceOptions {
  /** The file is to be readable by its owner only, whatever its mode was. @default false: its mode is kept */
  readonly secret?: boolean;
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
