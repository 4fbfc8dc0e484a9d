/** Why a file was not read or written: another program changed it or holds its lock, or it cannot be read or written. */
export type FileErrorCode = "CHANGED" | "UNREADABLE" | "UNWRITABLE";

/**
 * What this package throws for a file that people edit. The message says what failed, what was found and what to do next;
 * it never quotes the file. The commands turn it into an error of their own.
 */
export class FileError extends Error {
  override readonly name = "FileError";

  readonly code: FileErrorCode;
  /** The file, as the caller named it. */
  readonly path: string;

  constructor(code: FileErrorCode, path: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
  }
}

/** The code of a system error, such as `ENOENT`; an empty text for an error without one. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
