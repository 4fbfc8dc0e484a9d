#!/usr/bin/env node
import { CommanderError } from "commander";
import { PkiError, type PkiErrorCode } from "../errors.ts";
import { createProgram } from "./program.ts";

/** Refusals that no state of the disk would change: the command line itself is wrong. */
const usageErrors: ReadonlySet<PkiErrorCode> = new Set([
  "ERR_PKI_INVALID_SUBJECT",
  "ERR_PKI_INVALID_VALIDITY",
  "ERR_PKI_UNSAFE_FILE_NAME",
]);

try {
  await createProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Already printed; the code is 0 when the "error" was a request for help.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof PkiError) {
    process.stderr.write(`ra-pki: ${error.message} [${error.code}]\n`);
    process.exitCode = usageErrors.has(error.code) ? 2 : 1;
  } else {
    process.stderr.write(
      `ra-pki: unexpected error: ${error instanceof Error ? error.stack : String(error)}\n`,
    );
    process.exitCode = 1;
  }
}
