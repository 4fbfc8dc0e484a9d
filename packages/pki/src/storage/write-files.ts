import { randomBytes } from "node:crypto";
import {
  chmod,
  link,
  lstat,
  mkdir,
  open,
  readFile,
  readlink,
  rename,
  rm,
  rmdir,
  symlink,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { PkiError } from "../errors.ts";

export interface FileToWrite {
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Permission bits, set whatever the umask is. */
  readonly mode: number;
}

/** A symbolic link. */
export interface LinkToWrite {
  readonly path: string;
  readonly target: string;
}

export interface WriteFilesOptions {
  /** Replace files that exist. @default false */
  readonly force?: boolean | undefined;
  /** Where the temporary files are; it must be on the same file system. @default the folder of each file */
  readonly temporaryFolder?: string | undefined;
  /**
   * Names the temporary file of the nth file, so that a later command can finish what a killed one began.
   *
   * @default a random id for all of them
   */
  readonly temporaryId?: ((index: number) => Omit<TemporaryFile, "force">) | undefined;
  /** Files that go once all others have their names. After a failure they are put back. @default none */
  readonly oldFiles?: readonly string[] | undefined;
  /** Runs when all content is on disk, before the first file gets its name. What it throws stops the writing. */
  readonly beforeNaming?: (() => Promise<void>) | undefined;
  /** Runs when naming failed after `beforeNaming` succeeded. */
  readonly onFailedNaming?: (() => Promise<void>) | undefined;
  /** Gives a finished file its name; tests replace it to make it fail. @default `rename`; without `force`, never over a file */
  readonly moveFile?: ((from: string, to: string) => Promise<void>) | undefined;
}

/**
 * Checks that files can be written to these paths.
 *
 * @throws {PkiError} ERR_PKI_FILE_EXISTS when one of the paths exists and `force` is not set, or is not a file.
 */
export async function checkWritable(paths: readonly string[], force = false): Promise<void> {
  for (const path of paths) {
    const found = await ifThere(lstat(path)).catch((cause: unknown) => {
      throw fileSystemError(`cannot look at ${path}`, path, cause);
    });
    if (found?.isDirectory()) {
      throw new PkiError("ERR_PKI_FILE_EXISTS", `${path} is a folder; move it away`, { path });
    }
    if (found !== undefined && !force) {
      throw fileExists(path);
    }
  }
}

/**
 * Writes several files. Afterwards either all of them are complete, or nothing has changed.
 *
 * A missing folder is made with access for its owner only, because a user who may write to it can replace a CA. Each file
 * is written and flushed under a temporary name in its own folder, then gets its name at once and complete. Without `force`
 * a file that another process has made in the meantime stays, and this call is refused. After a failure the earlier files
 * are put back and the temporary files removed.
 *
 * @throws {PkiError} ERR_PKI_FILE_EXISTS when a path exists and `force` is not set; ERR_PKI_FILE_SYSTEM when the system
 *   refuses.
 */
export async function writeFiles(
  files: readonly (FileToWrite | LinkToWrite)[],
  { force = false, ...options }: WriteFilesOptions = {},
): Promise<void> {
  const id = randomId();
  const temporaryId = options.temporaryId ?? ((index: number) => ({ id, index }));
  const { beforeNaming, onFailedNaming, oldFiles = [], moveFile = force ? rename : nameNew } = options;
  await checkWritable(
    files.map(({ path }) => path),
    force,
  );
  const undo: (() => Promise<void>)[] = [];
  try {
    const finished: { readonly temporaryPath: string; readonly path: string }[] = [];
    for (const [index, file] of files.entries()) {
      const folder = dirname(file.path);
      undo.push(await makeFolder(folder));
      const temporaryPath = join(
        options.temporaryFolder ?? folder,
        temporaryName({ ...temporaryId(index), force }),
      );
      undo.push(() => rm(temporaryPath, { force: true }));
      if ("target" in file) await symlink(file.target, temporaryPath);
      else await writeNew(temporaryPath, file.content, file.mode);
      finished.push({ temporaryPath, path: file.path });
    }
    if (force) for (const { path } of finished) undo.push(await rememberFile(path));
    for (const path of oldFiles) undo.push(await rememberFile(path));
    if (beforeNaming !== undefined) {
      await beforeNaming();
      if (onFailedNaming !== undefined) undo.push(onFailedNaming);
    }
    for (const { temporaryPath, path } of finished) {
      await moveFile(temporaryPath, path);
      if (!force) undo.push(() => rm(path, { force: true }));
    }
    for (const path of oldFiles) await rm(path, { force: true });
    for (const folder of new Set(finished.map(({ path }) => dirname(path)))) await syncFolder(folder);
  } catch (cause) {
    const failures = await runAll(undo.toReversed());
    if (failures.length === 0 && cause instanceof PkiError) throw cause;
    const path = dirname(files[0]?.path ?? "");
    throw failures.length === 0
      ? fileSystemError(`cannot write into ${path}, where nothing has changed`, path, cause)
      : fileSystemError(
          `cannot write into ${path}, nor put everything back as it was`,
          path,
          new AggregateError([cause, ...failures], String(cause)),
        );
  }
}

/**
 * Makes a folder for its owner alone when it is missing.
 *
 * @returns a function that removes it again, unless somebody has put something into it
 */
export async function makeFolder(folder: string): Promise<() => Promise<void>> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (made === undefined) return async () => undefined;
  const remove = (): Promise<void> => removeFolders(made, folder);
  try {
    // The umask may have removed rights of the owner.
    await chmod(folder, 0o700);
  } catch (cause) {
    await remove();
    throw cause;
  }
  return remove;
}

/** Makes new names in a folder survive a crash of the machine. Windows does not let a program do that. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes new folders from the last to the first. Stops at a folder in which somebody else has put something. */
async function removeFolders(first: string, last: string): Promise<void> {
  for (let folder = last; ; folder = dirname(folder)) {
    try {
      await rmdir(folder);
    } catch (cause) {
      if (isSystemError(cause, "ENOTEMPTY") || isSystemError(cause, "EEXIST")) return;
      throw cause;
    }
    if (folder === first || folder === dirname(folder)) return;
  }
}

/** Runs every step even when one fails; returns the failures. */
async function runAll(steps: readonly (() => Promise<void>)[]): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (failure) {
      failures.push(failure);
    }
  }
  return failures;
}

/** Gives a finished file its name, unless a file of that name exists. */
export async function nameNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (cause) {
    if (isSystemError(cause, "EEXIST")) throw fileExists(to);
    // Some file systems, such as FAT, have no hard links.
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].some((code) => isSystemError(cause, code))) throw cause;
    await checkWritable([to]);
    await rename(from, to);
    return;
  }
  try {
    await rm(from);
  } catch (cause) {
    await rm(to);
    throw cause;
  }
}

/** Reads a file. Returns a function that puts it back as it is now. */
async function rememberFile(path: string): Promise<() => Promise<void>> {
  const before = await ifThere(lstat(path));
  if (before === undefined) {
    return () => rm(path, { force: true });
  }
  const temporaryPath = join(dirname(path), temporaryName({ id: randomId(), index: 0, force: true }));
  if (before.isSymbolicLink()) {
    const target = await readlink(path);
    return async () => {
      await symlink(target, temporaryPath);
      await rename(temporaryPath, path);
    };
  }
  const content = await readFile(path);
  return async () => {
    await writeNew(temporaryPath, content, before.mode & 0o777);
    await rename(temporaryPath, path);
  };
}

async function writeNew(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  // The file never has more rights than `mode`. chmod then adds the rights that the umask removed.
  const handle = await open(path, "wx", mode);
  try {
    await handle.writeFile(content);
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What the name of a temporary file says. */
export interface TemporaryFile {
  readonly id: string;
  /** Which of the files it is. */
  readonly index: number;
  /** Whether it replaces a file. */
  readonly force: boolean;
}

function randomId(): string {
  return randomBytes(6).toString("hex");
}

// In the same folder, because a rename cannot cross file systems. Short, because the final name may be near the limit.
function temporaryName({ id, index, force }: TemporaryFile): string {
  return `.ra-pki-${id}-${index}${force ? "-over" : ""}.tmp`;
}

/** Reads the name of a temporary file; undefined for other names. */
export function parseTemporaryName(name: string): TemporaryFile | undefined {
  const [, id, index, over] = /^\.ra-pki-([\dA-Fa-f]+)(?:-(\d+))?(-over)?\.tmp$/.exec(name) ?? [];
  return id === undefined ? undefined : { id, index: Number(index ?? 0), force: over !== undefined };
}

function fileExists(path: string): PkiError {
  return new PkiError(
    "ERR_PKI_FILE_EXISTS",
    `${path} exists and is left as it is; use --force to replace it, or another folder or name`,
    { path },
  );
}

export function fileSystemError(what: string, path: string, cause: unknown): PkiError {
  return new PkiError("ERR_PKI_FILE_SYSTEM", `${what}: ${systemReason(cause)}`, { cause, path });
}

/** What the common errors of the system mean, and what to do. */
const SYSTEM_REASONS: ReadonlyMap<unknown, string> = new Map([
  [
    "EACCES",
    "this user may not do that; run the command as the owner of file and folder, or change their mode",
  ],
  ["EDQUOT", "the quota of this user on the disk is used up; make room, and run the command again"],
  ["EEXIST", "a file is where a folder must be; give another path"],
  ["EISDIR", "it is a folder; give a file"],
  ["ENOENT", "it does not exist; check the path"],
  ["ENOSPC", "the disk is full; make room, and run the command again"],
  ["ENOTDIR", "a part of the path is a file where a folder must be; check the path"],
  ["EPERM", "the system does not allow it; run the command as the owner of file and folder"],
  ["EROFS", "the file system is read-only; use another folder, or mount it for writing"],
]);

/** What the system answered, in plain words where they are known. Begins with the code of the system. */
export function systemReason(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const words = SYSTEM_REASONS.get(code);
  if (words !== undefined) return `${String(code)}: ${words}`;
  return cause instanceof Error ? cause.message : String(cause);
}

/** What a call of the file system gives; undefined when there is no such file. */
export async function ifThere<Value>(call: Promise<Value>): Promise<Value | undefined> {
  try {
    return await call;
  } catch (cause) {
    if (isSystemError(cause, "ENOENT")) return undefined;
    throw cause;
  }
}

export function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
