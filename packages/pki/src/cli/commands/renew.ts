import { existsSync } from "node:fs";
import { Option } from "commander";
import type { Command } from "commander";
import { KEY_TYPES } from "../../keys/key-type.ts";
import type { KeyType } from "../../keys/key-type.ts";
import type { StoredRenewedCertificate } from "../../storage/store-renewed-certificate.ts";
import { parseDays } from "../options.ts";
import { addPassphraseOptions, passphraseOf } from "../passphrase.ts";
import type { PassphraseFlags } from "../passphrase.ts";
import { certificateJson, certificateLines, printJson, printLines, warnAbout } from "../report.ts";
import type { Warn } from "../report.ts";

interface RenewFlags extends PassphraseFlags {
  readonly dir: string;
  readonly json: boolean;
  readonly ca?: string | undefined;
  readonly newKey: boolean;
  readonly keyType?: KeyType | undefined;
  readonly validityDays?: number | undefined;
}

export function addRenew(program: Command, warn: Warn): void {
  const command = program
    .command("renew")
    .description("Replace a client certificate by one with the same names, while a server uses it.")
    .argument("<name>", "common name of the certificate")
    .option("--dir <folder>", "folder of the CA and its certificates", "pki")
    .option("--ca <name>", "the CA that signs (default: the one that signed before)")
    .option("--new-key", "make a new key as well", false)
    .addOption(
      new Option(
        "--key-type <type>",
        "kind of the new key (default: that of the old one); implies --new-key",
      ).choices(KEY_TYPES),
    )
    .option("--validity-days <days>", "days until it expires (default: as many as before)", parseDays)
    .option("--json", "print one line of JSON on stdout: paths, serial number, dates, warnings", false);
  addPassphraseOptions(command);
  command
    .addHelpText("after", "\nExample:\n  ra-pki renew server-a --new-key")
    .action(async (name: string, flags: RenewFlags) => {
      const { dir, json, ca, newKey, keyType, validityDays } = flags;
      const { storeRenewedCertificate } = await import("../../storage/store-renewed-certificate.ts");
      const stored = await storeRenewedCertificate({
        directory: dir,
        commonName: name,
        authorityName: ca,
        newKey: newKey || keyType !== undefined,
        keyType,
        validityDays,
        passphrase: passphraseOf(flags, warn),
      });
      const key = stored.privateKeyPem === undefined ? "the same key" : "a new key";
      printLines(`Renewed the client certificate "${stored.commonName}" with ${key}`, [
        ...certificateLines(stored),
        ["replaces", `${stored.renews}, which stays valid until it expires or is revoked`],
        ["next", nextStep(stored)],
      ]);
      warnAbout(stored.warnings, warn);
      if (json) {
        const { renews, privateKeyPath } = stored;
        printJson(
          { ...certificateJson(stored), renews },
          existsSync(privateKeyPath) ? { privateKeyPath } : {},
        );
      }
    });
}

function nextStep({
  certificatePath,
  privateKeyPath,
  chainPath,
  chainPem,
}: StoredRenewedCertificate): string {
  // The server made the key of a request, so it does not read the files here.
  if (!existsSync(privateKeyPath)) {
    const files = chainPem === "" ? certificatePath : `${certificatePath} and ${chainPath}`;
    return `send ${files} to the server, beside its key: it uses the old certificate until then`;
  }
  return "nothing: a server that uses these files reads the new ones the next time";
}
