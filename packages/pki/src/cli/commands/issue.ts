import type { Command } from "commander";
import { defaultClientValidityDays } from "../../authority/issue-client-certificate.ts";
import { storeClientCertificate } from "../../storage/store-certificate.ts";
import { addStorageOptions, parseDays, type StorageFlags } from "../options.ts";
import { report } from "../report.ts";

interface IssueFlags extends StorageFlags {
  readonly name: string;
  readonly validityDays: number;
}

export function addIssueCommand(program: Command): void {
  const command = program
    .command("issue")
    .description("Issue a client certificate: <name>.pem (0644) and <name>.key (0600).")
    .requiredOption("--name <cn>", "common name of the client and name of its files, 1 to 64 characters")
    .option(
      "--validity-days <days>",
      "days until the certificate expires, not after its CA",
      parseDays,
      defaultClientValidityDays,
    );
  addStorageOptions(command).action(async ({ dir, name, validityDays, force, json }: IssueFlags) => {
    const stored = await storeClientCertificate({ directory: dir, commonName: name, validityDays, force });
    report(stored, {
      json,
      title: `Issued the client certificate "${stored.commonName}"`,
      keyNote: "mode 0600; it stays on the client's machine",
    });
  });
}
