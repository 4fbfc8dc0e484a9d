import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import type { Stats } from "node:fs";
import { join } from "node:path";

import { codeOf } from "../errors.ts";

/** A temporary file of this age belongs to a process that was killed. */
const LEFTOVER_MS = 600_000;

/** What `link` fails with on a file system that has no hard links. */
const NO_HARD_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"]);

/**
 * Reads a regular file, if it can be read and its owner and mode are trusted. Links are not followed, and a named pipe is not
 * waited for.
 */
export function readRegularFile(
  path: string,
  isTrusted: (stats: Stats) => boolean = () => true,
): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    const stats = fstatSync(file);
    return stats.isFile() && isTrusted(stats) ? readFileSync(file, "utf8") : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
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
 * Gives a complete file, which holds the text, a second name: no process sees it without the whole contents. On a file system
 * without hard links a new file is written. False when a file of that name exists already.
 */
export function linkOrWrite(file: string, path: string, text: string): boolean {
  try {
    try {
      linkSync(file, path);
    } catch (error) {
      if (!NO_HARD_LINKS.has(codeOf(error))) throw error;
      writeFileSync(path, text, { encoding: "latin1", mode: 0o600, flag: "wx", flush: true });
    }
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Removes the temporary files of killed processes from a folder. A file that cannot be removed does no harm there. */
export function removeLeftovers(folder: string, isTemporary: (name: string) => boolean): void {
  try {
    for (const name of readdirSync(folder).filter(isTemporary)) {
      const path = join(folder, name);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats?.isFile() === true && Date.now() - stats.mtimeMs > LEFTOVER_MS) rmSync(path, { force: true });
    }
  } catch {
    // The next process tries again.
  }
}
