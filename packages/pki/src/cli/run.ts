import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CommanderError } from "commander";
import { writeAll } from "@roles-anywhere/files";
import { PkiError } from "../errors.ts";
import type { PkiErrorCode } from "../errors.ts";
import { printable } from "./printable.ts";
import { createProgram } from "./program.ts";
import type { Commands } from "./program.ts";

/** Errors of the command line itself. The other errors depend on files. */
const USAGE_ERRORS: ReadonlySet<PkiErrorCode> = new Set([
  "ERR_PKI_INVALID_SUBJECT",
  "ERR_PKI_LIST_INVALID",
  "ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME",
  "ERR_PKI_INVALID_NAME_CONSTRAINT",
  "ERR_PKI_INVALID_VALIDITY",
  "ERR_PKI_UNSAFE_FILE_NAME",
]);

/** Runs the command line of this process with the commands that a script has, in the order of `--help`. */
export function run(commands: Commands): void {
  createProgram({ version: readVersion(), warn: printLine, commands }).parseAsync().catch(fail);
}

function fail(error: unknown): void {
  if (error instanceof CommanderError) {
    // commander has printed the message. The exit code is 0 after --help and --version.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof PkiError) {
    printLine(`${error.message} [${error.code}]`);
    process.exitCode = USAGE_ERRORS.has(error.code) ? 2 : 1;
  } else {
    printLine(`unexpected error: ${error instanceof Error ? error.stack : String(error)}`);
    process.exitCode = 1;
  }
}

function readVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(import.meta.filename, "../../../package.json"), "utf8"),
  );
  return version;
}

/** Prints one line on stderr. */
function printLine(message: string): void {
  writeAll(2, `ra-pki: ${printable(message)}\n`);
}
