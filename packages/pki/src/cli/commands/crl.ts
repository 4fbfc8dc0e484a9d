import type { Command } from "commander";
import { toIsoSeconds } from "../../certificate/validity.ts";
import { addAuthorityOption, parseDays } from "../options.ts";
import { addPassphraseOptions, passphraseOf } from "../passphrase.ts";
import type { PassphraseFlags } from "../passphrase.ts";
import { printJson, printLines, shellWord, warnAbout } from "../report.ts";
import type { Warn } from "../report.ts";

interface CrlFlags extends PassphraseFlags {
  readonly dir: string;
  readonly ca: string;
  readonly nextUpdateDays: number;
  readonly json: boolean;
}

export function addCrl(program: Command, warn: Warn): void {
  const command = program
    .command("crl")
    .description("Make the revocation list of a CA: <CA>.crl.pem (0644), with the next number.")
    .option("--dir <folder>", "folder of the CA and its certificates", "pki")
    .option("--next-update-days <days>", "days until the next list comes at the latest", parseDays, 30)
    .option("--json", "print one line of JSON on stdout", false);
  addAuthorityOption(command);
  addPassphraseOptions(command);
  command
    .addHelpText("after", "\nExample:\n  ra-pki crl --next-update-days 7")
    .action(async (flags: CrlFlags) => {
      const { dir, ca, nextUpdateDays, json } = flags;
      const { storeRevocationList } = await import("../../storage/store-revocation-list.ts");
      const list = await storeRevocationList({
        directory: dir,
        authorityName: ca,
        nextUpdateDays,
        passphrase: passphraseOf(flags, warn),
      });
      const [thisUpdate, nextUpdate] = [toIsoSeconds(list.thisUpdate), toIsoSeconds(list.nextUpdate)];
      printLines(`Made the revocation list ${list.number} of the CA "${ca}"`, [
        ["list", list.crlPath],
        ["revoked", String(list.revokedCount)],
        ["valid", `${thisUpdate} to ${nextUpdate}; make the next one before`],
        [
          "next",
          `aws rolesanywhere import-crl --name ${shellWord(ca)} --crl-data fileb://${shellWord(list.crlPath)} ` +
            "--trust-anchor-arn <arn> --enabled; update-crl --crl-id <id> the next times",
        ],
      ]);
      warnAbout(list.warnings, warn);
      if (json) {
        const { authorityName, number, revokedCount, warnings } = list;
        const data = {
          authorityName,
          number: number.toString(),
          revokedCount,
          thisUpdate,
          nextUpdate,
          warnings,
        };
        printJson(data, { crlPath: list.crlPath });
      }
    });
}
