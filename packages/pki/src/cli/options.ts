import { type Command, InvalidArgumentError } from "commander";

export interface StorageFlags {
  readonly dir: string;
  readonly force: boolean;
  readonly json: boolean;
}

/** The options that every command which writes a certificate has. */
export function addStorageOptions(command: Command): Command {
  return command
    .option("--dir <folder>", "folder of the CA and its certificates", "pki")
    .option("--force", "replace files that exist", false)
    .option("--json", "print one line of JSON on stdout: paths, serial number, dates", false);
}

export function parseDays(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) {
    throw new InvalidArgumentError("Give a whole number of days, at least 1.");
  }
  return Number(text);
}
