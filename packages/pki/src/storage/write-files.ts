import { randomBytes } from "node:crypto";
import { chmod, lstat, mkdir, open, readFile, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PkiError } from "../errors.ts";

export interface FileToWrite {
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Permission bits, set whatever the umask is. */
  readonly mode: number;
}

export interface WriteFilesOptions {
  /** Replace files that exist. @default false */
  readonly force?: boolean | undefined;
  /** Renames a finished file; tests replace it to make it fail. @default `rename` of node:fs/promises */
  readonly moveFile?: ((from: string, to: string) => Promise<void>) | undefined;
}

/**
 * Checks that files can be written to these paths.
 *
 * @throws {PkiError} ERR_PKI_FILE_EXISTS when one of the paths exists and `force` is not set, or is not a file.
 */
export async function checkWritable(paths: readonly string[], force = false): Promise<void> {
  for (const path of paths) {
    const found = await lstat(path).catch((cause: unknown) => {
      if (isSystemError(cause, "ENOENT")) return undefined;
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
 * is written and flushed under a temporary name in its own folder, then renamed. Without `force` each final name is first
 * created exclusively, so when two processes write the same file at the same time, one of them is refused. After a failure
 * the earlier files are put back and the temporary files removed.
 *
 * @throws {PkiError} ERR_PKI_FILE_EXISTS when a path exists and `force` is not set; ERR_PKI_FILE_SYSTEM when the system
 *   refuses.
 */
export async function writeFiles(
  files: readonly FileToWrite[],
  { force = false, moveFile = rename }: WriteFilesOptions = {},
): Promise<void> {
  await checkWritable(
    files.map(({ path }) => path),
    force,
  );
  const undo: (() => Promise<void>)[] = [];
  try {
    const finished: { readonly temporaryPath: string; readonly path: string }[] = [];
    for (const file of files) {
      const folder = dirname(file.path);
      const made = await mkdir(folder, { recursive: true, mode: 0o700 });
      if (made !== undefined) {
        undo.push(() => removeFolders(made, folder));
        // The umask may have removed rights of the owner.
        await chmod(folder, 0o700);
      }
      const temporaryPath = temporaryName(file.path);
      undo.push(() => rm(temporaryPath, { force: true }));
      await writeNew(temporaryPath, file.content, file.mode);
      finished.push({ temporaryPath, path: file.path });
    }
    for (const { path } of finished) {
      undo.push(force ? await rememberFile(path) : await claimName(path));
    }
    for (const { temporaryPath, path } of finished) {
      await moveFile(temporaryPath, path);
    }
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
  if (force) await checkReplaced(files);
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

/** With `force` two processes may each have replaced one file of a pair: checks that both files are of this process. */
async function checkReplaced(files: readonly FileToWrite[]): Promise<void> {
  for (const { path, content } of files) {
    const found = await readFile(path).catch((cause: unknown) => {
      throw fileSystemError(`cannot read ${path}, which was just written`, path, cause);
    });
    if (!found.equals(Buffer.from(content))) {
      throw new PkiError(
        "ERR_PKI_FILE_SYSTEM",
        `another process has written ${path} at the same time, so the files may not belong together; ` +
          "run one command at a time with --force",
        { path },
      );
    }
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

/** Creates the file exclusively. Returns a function that removes it again. */
async function claimName(path: string): Promise<() => Promise<void>> {
  try {
    await (await open(path, "wx", 0o600)).close();
  } catch (cause) {
    throw isSystemError(cause, "EEXIST") ? fileExists(path) : cause;
  }
  return () => rm(path, { force: true });
}

/** Reads a file. Returns a function that puts it back as it is now. */
async function rememberFile(path: string): Promise<() => Promise<void>> {
  const before = await stat(path).catch((cause: unknown) => {
    if (isSystemError(cause, "ENOENT")) return undefined;
    throw cause;
  });
  if (before === undefined) {
    return () => rm(path, { force: true });
  }
  const content = await readFile(path);
  return async () => {
    const temporaryPath = temporaryName(path);
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

// In the same folder, because a rename cannot cross file systems. Short, because the final name may be near the limit.
function temporaryName(path: string): string {
  return join(dirname(path), `.ra-pki-${randomBytes(6).toString("hex")}.tmp`);
}

function fileExists(path: string): PkiError {
  return new PkiError(
    "ERR_PKI_FILE_EXISTS",
    `${path} exists and is left as it is; use --force to replace it, or another folder or name`,
    { path },
  );
}

export function fileSystemError(what: string, path: string, cause: unknown): PkiError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PkiError("ERR_PKI_FILE_SYSTEM", `${what}: ${reason}`, { cause, path });
}

export function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
