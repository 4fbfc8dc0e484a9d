import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { codeOf } from "./file-error.ts";
import { statsOf } from "./read.ts";

/** How the names of temporary files end. */
const TEMPORARY = /\.(?:[0-9a-f]{12}|[0-9a-f-]{36})\.tmp$/;
/** A temporary file of this age belongs to a process that was killed. */
const LEFTOVER_MS = 600_000;

/** How {@link withTemporary} makes its file. */
export interface TemporaryOptions {
  /**
   * Gives the file owner and mode, by its descriptor: who may write in the folder may have put a link to another file at
   * its path.
   *
   * @default mode 0600 whatever the umask
   */
  readonly prepare?: (file: number) => void;
  /** Whether to wait until the contents are on the disk, so that they survive a power cut. @default true */
  readonly flush?: boolean;
}

/**
 * Writes a temporary file beside a path, and removes it after `use`, unless `use` has renamed it. What a killed process
 * leaves is found by its name, which says nothing of the process: those of two containers may have the same id.
 */
export function withTemporary<Result>(
  path: string,
  contents: string | Uint8Array,
  use: (temporary: string) => Result,
  { prepare = (file) => fchmodSync(file, 0o600), flush = true }: TemporaryOptions = {},
): Result {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  const file = openSync(temporary, "wx", 0o600);
  try {
    try {
      prepare(file);
      writeFileSync(file, contents, { flush });
    } finally {
      closeSync(file);
    }
    return use(temporary);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** The name of the file that a temporary file was made for; undefined for other names. */
export function temporaryFor(name: string): string | undefined {
  return TEMPORARY.test(name) ? name.replace(TEMPORARY, "") : undefined;
}

/**
 * Removes the temporary files of killed processes from a folder. A file that cannot be removed does no harm there.
 *
 * @param isOurs Whether temporary files of a file of that name are looked for.
 */
export function removeLeftovers(folder: string, isOurs: (name: string) => boolean): void {
  try {
    for (const name of readdirSync(folder)) {
      const owner = temporaryFor(name);
      if (owner === undefined || !isOurs(owner)) continue;
      const path = join(folder, name);
      const stats = statsOf(path);
      if (stats?.isFile() === true && Date.now() - stats.mtimeMs > LEFTOVER_MS) rmSync(path, { force: true });
    }
  } catch {
    // The next process tries again.
  }
}

/** What `link` fails with on a file system that has no hard links. */
const NO_HARD_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"]);

/**
 * Gives a complete file, which holds the contents, a second name: no process sees it without the whole contents, and unlike a
 * rename this never replaces a file. On a file system without hard links a new file is written. False when a file of that
 * name exists already.
 */
export function linkOrWrite(file: string, path: string, contents: string | Uint8Array): boolean {
  try {
    try {
      linkSync(file, path);
    } catch (error) {
      if (!NO_HARD_LINKS.has(codeOf(error))) throw error;
      writeFileSync(path, contents, { mode: 0o600, flag: "wx", flush: true });
    }
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * Creates a file with mode 0600, complete from the moment at which it is there.
 *
 * @returns False when a file of that name exists already; it stays as it is.
 */
export function createFile(path: string, contents: string | Uint8Array, options?: TemporaryOptions): boolean {
  return withTemporary(path, contents, (temporary) => linkOrWrite(temporary, path, contents), options);
}

/** Creates a folder and the missing folders above it, with mode 0700 whatever the umask and a folder's default ACL. */
export function makeFolder(folder: string): void {
  const umask = process.umask(0o077);
  try {
    // A default ACL replaces the umask, but gives no right that this mode leaves out. See https://man7.org/linux/man-pages/man5/acl.5.html
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } finally {
    process.umask(umask);
  }
}

/** Waits until new names in a folder are on the disk, so that they survive a power cut. Not every system can do that. */
export function syncFolder(folder: string): void {
  try {
    const file = openSync(folder, "r");
    fsyncSync(file);
    closeSync(file);
  } catch {
    // The contents of the files are on the disk already.
  }
}
