import { readFileSync, statSync } from "node:fs";
import { Option } from "commander";
import type { Command } from "commander";
import { PkiError } from "../errors.ts";
import { systemReason } from "../storage/write-files.ts";
import type { Warn } from "./report.ts";

/** Where the passphrase of the CA's key comes from. Never an argument: every user of the machine can read arguments. */
export interface PassphraseFlags {
  readonly passphraseEnv?: string | undefined;
  readonly passphraseFile?: string | undefined;
}

/** Where the passphrase of a new CA key comes from. */
export interface NewPassphraseFlags {
  readonly encryptKey: boolean;
  readonly newPassphraseEnv?: string | undefined;
  readonly newPassphraseFile?: string | undefined;
}

export function addPassphraseOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--passphrase-env <variable>",
        "environment variable with the passphrase of the CA's key",
      ).conflicts("passphraseFile"),
    )
    .option("--passphrase-file <file>", "file with the passphrase of the CA's key (default: asks for it)");
}

export function addNewPassphraseOptions(command: Command): Command {
  return command
    .option("--encrypt-key", "encrypt the new key with a passphrase", false)
    .addOption(
      new Option("--new-passphrase-env <variable>", "environment variable with the new passphrase").conflicts(
        "newPassphraseFile",
      ),
    )
    .option("--new-passphrase-file <file>", "file with the new passphrase (default: asks for it)");
}

/** The passphrase of the CA's key, read or asked for when the key turns out to be encrypted. */
export function passphraseOf(
  { passphraseEnv, passphraseFile }: PassphraseFlags,
  warn: Warn,
): () => string | Promise<string> {
  return () =>
    readPassphrase(passphraseEnv, passphraseFile, warn) ?? ask("Passphrase of the CA's key", "--passphrase");
}

/** The passphrase of a new key; undefined when the key is not to be encrypted. */
export async function newPassphraseOf(
  { encryptKey, newPassphraseEnv, newPassphraseFile }: NewPassphraseFlags,
  warn: Warn,
): Promise<string | undefined> {
  const given = readPassphrase(newPassphraseEnv, newPassphraseFile, warn);
  if (given !== undefined || !encryptKey) return given;
  const first = await ask("New passphrase", "--new-passphrase");
  if (first !== (await ask("The same again", "--new-passphrase"))) {
    throw new PkiError("ERR_PKI_PASSPHRASE", "the two passphrases differ; run the command again");
  }
  return first;
}

function readPassphrase(
  variable: string | undefined,
  file: string | undefined,
  warn: Warn,
): string | undefined {
  if (variable !== undefined) {
    return checked(process.env[variable], `the environment variable ${variable} is not set or empty`);
  }
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
    if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0) {
      warn(`warning: others may read ${file}; close it with: chmod 600 ${file}`);
    }
  } catch (cause) {
    throw new PkiError(
      "ERR_PKI_PASSPHRASE",
      `cannot read the passphrase from ${file}: ${systemReason(cause)}`,
      {
        cause,
        path: file,
      },
    );
  }
  return checked(text.replace(/\r?\n$/, ""), `${file} is empty`);
}

function checked(passphrase: string | undefined, problem: string): string {
  if (passphrase !== undefined && passphrase !== "") return passphrase;
  throw new PkiError("ERR_PKI_PASSPHRASE", `${problem}; put the passphrase there`);
}

/** Asks on the terminal, and shows nothing of what is typed. */
async function ask(question: string, flag: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) {
    throw new PkiError(
      "ERR_PKI_PASSPHRASE",
      `the key needs a passphrase, and there is no terminal to ask for it; give ${flag}-env or ${flag}-file`,
    );
  }
  // First: the terminal must not show an answer that comes at once.
  stdin.setRawMode(true);
  stderr.write(`${question}: `);
  stdin.setEncoding("utf8");
  try {
    let typed = "";
    for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
      for (const character of String(chunk)) {
        if (character === "\r" || character === "\n") return checked(typed, "the passphrase is empty");
        if (character === "\u0003" || character === "\u0004") {
          throw new PkiError("ERR_PKI_PASSPHRASE", "no passphrase was given; run the command again");
        }
        typed =
          character === "\u007F" || character === "\b" ? [...typed].slice(0, -1).join("") : typed + character;
      }
    }
    return checked(typed, "the passphrase is empty");
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write("\n");
  }
}
