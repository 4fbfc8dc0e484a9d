import { Option } from "commander";
import type { Command } from "commander";
import { REVOCATION_REASONS } from "../../revocation/revocation-reason.ts";
import type { RevocationReason } from "../../revocation/revocation-reason.ts";
import { dirFlag, printJson, printLines, shellWord } from "../report.ts";

interface RevokeFlags {
  readonly dir: string;
  readonly reason: RevocationReason;
  readonly all: boolean;
  readonly ca?: string | undefined;
  readonly json: boolean;
}

export function addRevoke(program: Command): void {
  program
    .command("revoke")
    .description("Record that a certificate is revoked. It needs no key; the next `ra-pki crl` has it.")
    .argument("<certificate>", "common name, or serial number in hexadecimal")
    .option("--dir <folder>", "folder of the CA and its certificates", "pki")
    .addOption(
      new Option("--reason <reason>", "why").choices(Object.keys(REVOCATION_REASONS)).default("unspecified"),
    )
    .option("--all", "every certificate of that name that is valid, renewed ones too", false)
    .option("--ca <name>", "the CA that issued a serial number that another program gave")
    .option("--json", "print one line of JSON on stdout", false)
    .addHelpText("after", "\nExample:\n  ra-pki revoke server-a --reason keyCompromise && ra-pki crl")
    .action(async (certificate: string, { dir, reason, all, ca, json }: RevokeFlags) => {
      const { revokeCertificate } = await import("../../storage/revoke-certificate.ts");
      const revoked = await revokeCertificate({
        directory: dir,
        certificate,
        reason,
        all,
        authorityName: ca,
      });
      const authorities = [...new Set(revoked.map(({ authority }) => authority))];
      printLines(`Revoked ${revoked.length === 1 ? "a certificate" : `${revoked.length} certificates`}`, [
        ...revoked.map(({ serialNumber, commonName }): [string, string] => [
          "revoked",
          `${serialNumber}${commonName === undefined ? "" : ` "${commonName}"`} (${reason})`,
        ]),
        ...authorities.map((name): [string, string] => [
          "next",
          `ra-pki crl${dirFlag(dir)}${name === "rootCA" ? "" : ` --ca ${shellWord(name)}`}; AWS accepts it until you import the list`,
        ]),
      ]);
      if (json) printJson({ revoked });
    });
}
