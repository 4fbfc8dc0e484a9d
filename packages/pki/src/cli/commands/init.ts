import type { Command } from "commander";
import {
  defaultAuthorityCommonName,
  defaultAuthorityValidityDays,
} from "../../authority/create-root-certificate-authority.ts";
import { storeRootCertificateAuthority } from "../../storage/store-certificate.ts";
import { addStorageOptions, parseDays, type StorageFlags } from "../options.ts";
import { report } from "../report.ts";

interface InitFlags extends StorageFlags {
  readonly commonName: string;
  readonly validityDays: number;
}

export function addInitCommand(program: Command): void {
  const command = program
    .command("init")
    .description("Make a root CA: rootCA.pem (0644) and rootCA.key (0400).")
    .option("--common-name <name>", "common name of the CA, 1 to 64 characters", defaultAuthorityCommonName)
    .option("--validity-days <days>", "days until the CA expires", parseDays, defaultAuthorityValidityDays);
  addStorageOptions(command).action(async ({ dir, commonName, validityDays, force, json }: InitFlags) => {
    const stored = await storeRootCertificateAuthority({
      directory: dir,
      commonName,
      validityDays,
      force,
    });
    report(stored, {
      json,
      title: `Made the root CA "${stored.commonName}"`,
      keyNote: "mode 0400; whoever has it can issue certificates",
    });
  });
}
