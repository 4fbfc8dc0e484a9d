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

/**
 * The code of a system error, such as `ENOENT`; an empty text for an error without one. Looks at members, because in Jest
 * the errors of Node.js are no instances of the `Error` that the tests and we see.
 */
export function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}

export function messageOf(error: unknown): string {
  return typeof error === "object" && error !== null && "message" in error
    ? String(error.message)
    : String(error);
}
