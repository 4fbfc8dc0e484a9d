import type { Command } from "commander";
import { newPassphraseOf } from "../passphrase.ts";
import type { NewPassphraseFlags } from "../passphrase.ts";
import { printJson, printLines, shellWord } from "../report.ts";
import type { Warn } from "../report.ts";

interface ExportFlags extends Omit<NewPassphraseFlags, "encryptKey"> {
  readonly dir: string;
  readonly out?: string | undefined;
  readonly force: boolean;
  readonly json: boolean;
}

export function addExport(program: Command, warn: Warn): void {
  program
    .command("export")
    .description("Put a certificate, its chain and its key into one PKCS#12 file: <name>.p12 (0600).")
    .argument("<name>", "name of the certificate")
    .requiredOption("--p12", "as PKCS#12, encrypted with AES-256")
    .option("--dir <folder>", "folder of the CA and its certificates", "pki")
    .option("--out <file>", "where to write (default: <name>.p12 in the folder)")
    .option("--new-passphrase-env <variable>", "environment variable with the passphrase of the file")
    .option("--new-passphrase-file <file>", "file with the passphrase of the file (default: asks for it)")
    .option("--force", "replace a file that exists", false)
    .option("--json", "print one line of JSON on stdout: the path", false)
    .addHelpText("after", "\nExample:\n  ra-pki export server-a --p12 --new-passphrase-file passphrase.txt")
    .action(async (name: string, { dir, out, force, json, ...flags }: ExportFlags) => {
      const passphrase = (await newPassphraseOf({ ...flags, encryptKey: true }, warn)) ?? "";
      const { storePkcs12 } = await import("../../storage/store-pkcs12.ts");
      const path = await storePkcs12({ directory: dir, name, passphrase, path: out, force });
      printLines(`Exported the certificate "${name}" with its key`, [
        ["file", `${path} (mode 0600; the passphrase protects it where it goes)`],
        ["next", `openssl pkcs12 -info -nokeys -in ${shellWord(path)}`],
      ]);
      if (json) printJson({}, { path });
    });
}
