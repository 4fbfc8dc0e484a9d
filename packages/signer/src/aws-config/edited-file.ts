import * as files from "@roles-anywhere/files";

import { SignerError } from "../errors.ts";

// What the package `files` does with files that people edit, with the errors of this package.

const PROGRAM = "ra-signer";
const CODES = {
  CHANGED: "ERR_SIGNER_CONFIG_CHANGED",
  UNREADABLE: "ERR_SIGNER_FILE_UNREADABLE",
  UNWRITABLE: "ERR_SIGNER_FILE_UNWRITABLE",
} as const satisfies Record<files.FileErrorCode, string>;

function asSigner<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof files.FileError)) throw error;
    throw new SignerError(CODES[error.code], error.message, { path: error.path, cause: error.cause });
  }
}

/** The file's bytes, one character each (latin1); undefined when it is missing. */
export function readIfPresent(path: string): string | undefined {
  return asSigner(() => files.readIfPresent(path));
}

/** The same of a file that is to be edited: what a killed process has left is put in order first. */
export function readToEdit(path: string): string | undefined {
  asSigner(() => files.recover(path, PROGRAM));
  return readIfPresent(path);
}

export function keepCopy(path: string, text: string): string {
  return asSigner(() => files.keepCopy(path, text));
}

/** @param secret Whether only the owner may read the file afterwards. */
export function replaceFile(path: string, text: string, expected: string | undefined, secret = false): void {
  asSigner(() => files.replaceFile(path, text, expected, { program: PROGRAM, secret }));
}
