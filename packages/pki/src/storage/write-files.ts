import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fchmodSync,
  fsync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { PkiError } from "../errors.ts";

// Only flushes run on another thread: each of the other calls takes less time than to hand it over.

/** Undoes a step. */
type Undo = () => void | Promise<void>;

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
  readonly moveFile?: ((from: string, to: string) => void | Promise<void>) | undefined;
}

/**
 * Checks that files can be written to these paths.
 *
 * @throws {PkiError} ERR_PKI_FILE_EXISTS when one of the paths exists and `force` is not set, or is not a file.
 */
export function checkWritable(paths: readonly string[], force = false): void {
  for (const path of paths) {
    const found = ifThere(
      () => lstatSync(path),
      (cause) => fileSystemError(`cannot look at ${path}`, path, cause),
    );
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
  const { beforeNaming, onFailedNaming, oldFiles = [], moveFile = force ? renameSync : nameNew } = options;
  checkWritable(
    files.map(({ path }) => path),
    force,
  );
  const undo: Undo[] = [];
  try {
    const finished = files.map((file, index) => {
      const folder = dirname(file.path);
      undo.push(makeFolder(folder));
      const name = temporaryName({ ...temporaryId(index), force });
      return { file, path: file.path, temporaryPath: join(options.temporaryFolder ?? folder, name) };
    });
    undo.push(
      ...finished.map(
        ({ temporaryPath }) =>
          () =>
            rmSync(temporaryPath, { force: true }),
      ),
    );
    await allOf(finished.map(({ file, temporaryPath }) => writeNew(temporaryPath, file)));
    if (force) for (const { path } of finished) undo.push(rememberFile(path));
    for (const path of oldFiles) undo.push(rememberFile(path));
    if (beforeNaming !== undefined) {
      await beforeNaming();
      if (onFailedNaming !== undefined) undo.push(onFailedNaming);
    }
    for (const { temporaryPath, path } of finished) {
      await moveFile(temporaryPath, path);
      if (!force) undo.push(() => rmSync(path, { force: true }));
    }
    for (const path of oldFiles) rmSync(path, { force: true });
    await allOf([...new Set(finished.map(({ path }) => dirname(path)))].map(syncFolder));
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
export function makeFolder(folder: string): () => void {
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (made === undefined) return () => undefined;
  const remove = (): void => removeFolders(made, folder);
  try {
    // The umask may have removed rights of the owner.
    chmodSync(folder, 0o700);
  } catch (cause) {
    remove();
    throw cause;
  }
  return remove;
}

/** Makes new names in a folder survive a crash of the machine. Windows does not let a program do that. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const file = openSync(folder, "r");
  try {
    await flush(file);
  } finally {
    closeSync(file);
  }
}

/** Waits until the content of an open file, or the names in an open folder, are on disk. */
export async function flush(file: number): Promise<void> {
  await promisify(fsync)(file);
}

/** Waits until all have come to an end. Throws the first error only then, so that what follows meets no work under way. */
export async function allOf(work: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(work)) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
}

/** Removes new folders from the last to the first. Stops at a folder in which somebody else has put something. */
function removeFolders(first: string, last: string): void {
  for (let folder = last; ; folder = dirname(folder)) {
    try {
      rmdirSync(folder);
    } catch (cause) {
      if (isSystemError(cause, "ENOTEMPTY") || isSystemError(cause, "EEXIST")) return;
      throw cause;
    }
    if (folder === first || folder === dirname(folder)) return;
  }
}

/** Runs every step even when one fails; returns the failures. */
async function runAll(steps: readonly Undo[]): Promise<unknown[]> {
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
export function nameNew(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (cause) {
    if (isSystemError(cause, "EEXIST")) throw fileExists(to);
    // Some file systems, such as FAT, have no hard links.
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].some((code) => isSystemError(cause, code))) throw cause;
    checkWritable([to]);
    renameSync(from, to);
    return;
  }
  try {
    rmSync(from);
  } catch (cause) {
    rmSync(to);
    throw cause;
  }
}

/** Reads a file. Returns a function that puts it back as it is now. */
function rememberFile(path: string): Undo {
  const before = ifThere(() => lstatSync(path));
  if (before === undefined) {
    return () => rmSync(path, { force: true });
  }
  const temporaryPath = join(dirname(path), temporaryName({ id: randomId(), index: 0, force: true }));
  if (before.isSymbolicLink()) {
    const target = readlinkSync(path);
    return () => {
      symlinkSync(target, temporaryPath);
      renameSync(temporaryPath, path);
    };
  }
  const content = readFileSync(path);
  return async () => {
    await writeNew(temporaryPath, { content, mode: before.mode & 0o777 });
    renameSync(temporaryPath, path);
  };
}

async function writeNew(
  path: string,
  file: Pick<FileToWrite, "content" | "mode"> | Pick<LinkToWrite, "target">,
): Promise<void> {
  if ("target" in file) return symlinkSync(file.target, path);
  // The file never has more rights than `mode`. chmod then adds the rights that the umask removed.
  const handle = openSync(path, "wx", file.mode);
  try {
    writeFileSync(handle, file.content);
    fchmodSync(handle, file.mode);
    await flush(handle);
  } finally {
    closeSync(handle);
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
  // Members, because in Jest the errors of Node.js are no instances of the `Error` that the tests and we see.
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  const words = SYSTEM_REASONS.get(code);
  if (words !== undefined) return `${String(code)}: ${words}`;
  return cause instanceof Error ? cause.message : String(cause);
}

/** What a call of the file system gives; undefined when there is no such file. `asError` says what another failure means. */
export function ifThere<Value>(
  call: () => Value,
  asError: (cause: unknown) => unknown = (cause) => cause,
): Value | undefined {
  try {
    return call();
  } catch (cause) {
    if (isSystemError(cause, "ENOENT")) return undefined;
    throw asError(cause);
  }
}

/**
 * Reads a text file; undefined when there is none.
 *
 * @throws {PkiError} ERR_PKI_FILE_SYSTEM
 */
export function readIfThere(path: string): string | undefined {
  return ifThere(
    () => readFileSync(path, "utf8"),
    (cause) => fileSystemError(`cannot read ${path}`, path, cause),
  );
}

export function isSystemError(error: unknown, code: string): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === code;
}
