import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, statSync } from "node:fs";
import type { Stats } from "node:fs";

import { codeOf, FileError, messageOf } from "./file-error.ts";

/**
 * Opens a file, lets `judge` look at what was opened, and reads it. A named pipe is not waited for.
 *
 * @param judge Throws for a file that must not be read, by its type, owner or mode.
 * @param flags More flags of open(2).
 */
export function readJudged(path: string, judge: (stats: Stats) => void, flags = 0): Buffer {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | flags);
  try {
    judge(fstatSync(file));
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Reads a regular file, if it can be read and its owner and mode are trusted. Links are not followed. */
export function readRegularFile(
  path: string,
  isTrusted: (stats: Stats) => boolean = () => true,
): string | undefined {
  const judge = (stats: Stats): void => {
    if (!stats.isFile() || !isTrusted(stats)) throw new Error(`"${path}" is not trusted`);
  };
  try {
    return readJudged(path, judge, constants.O_NOFOLLOW ?? 0).toString("utf8");
  } catch {
    return undefined;
  }
}

/** Reads a file that belongs to this user and that nobody else may read or write, as {@link readRegularFile} does. */
export function readPrivateFile(path: string): string | undefined {
  return readRegularFile(
    path,
    ({ mode, uid }) => process.platform === "win32" || ((mode & 0o077) === 0 && uid === process.geteuid?.()),
  );
}

/**
 * Reads a file that people edit.
 *
 * @returns Its bytes, one character each (latin1); undefined when the file is missing, or is a device such as /dev/null.
 * @throws {FileError} UNREADABLE, also for a folder, named pipe or socket, which could block the read.
 */
export function readIfPresent(path: string): string | undefined {
  const judge = (stats: Stats): void => {
    if (!stats.isFile()) throw new Error(`it is ${kindOf(stats)}`);
  };
  try {
    const found = statSync(path);
    if (found.isCharacterDevice()) return undefined;
    judge(found);
    return readJudged(path, judge).toString("latin1");
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw new FileError("UNREADABLE", path, `cannot read "${path}": ${messageOf(cause)}`, cause);
  }
}

export function statsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

export function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a named pipe";
  if (stats.isSocket()) return "a socket";
  return stats.isFile() ? "a file" : "a device";
}
