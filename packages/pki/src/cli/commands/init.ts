import type { Command } from "commander";
import type { SubjectAttribute } from "../../certificate/subject.ts";
import { DEFAULT_AUTHORITY_COMMON_NAME, DEFAULT_AUTHORITY_VALIDITY_DAYS } from "../../authority/defaults.ts";
import {
  addAuthorityLimitOptions,
  addFolderOptions,
  addKeyTypeOption,
  addSubjectOption,
  addValidityOption,
} from "../options.ts";
import type { AuthorityLimitFlags, CertificateFlags } from "../options.ts";
import { addNewPassphraseOptions, newPassphraseOf } from "../passphrase.ts";
import type { NewPassphraseFlags } from "../passphrase.ts";
import { dirFlag, report } from "../report.ts";
import type { Warn } from "../report.ts";
import { startKeyPair } from "../start-key-pair.ts";

interface InitFlags extends CertificateFlags, AuthorityLimitFlags, NewPassphraseFlags {
  readonly subject?: readonly SubjectAttribute[] | undefined;
  readonly commonName: string;
}

export function addInit(program: Command, warn: Warn): void {
  const command = program
    .command("init")
    .description("Make a root CA: rootCA.pem (0644) and rootCA.key (0400).")
    .option(
      "--common-name <name>",
      "common name of the CA, 1 to 64 characters",
      DEFAULT_AUTHORITY_COMMON_NAME,
    );
  addFolderOptions(command);
  addValidityOption(command, DEFAULT_AUTHORITY_VALIDITY_DAYS, "days until the CA expires");
  addKeyTypeOption(command);
  addSubjectOption(command);
  addNewPassphraseOptions(command);
  addAuthorityLimitOptions(command);
  command
    .addHelpText(
      "after",
      '\nExample:\n  ra-pki init --dir pki --common-name "Example Root" --key-type ec-p384',
    )
    .action(async ({ dir, force, json, subject, ...flags }: InitFlags) => {
      const keyPassphrase = await newPassphraseOf(flags, warn);
      const keys = startKeyPair(flags.keyType);
      const { storeRootCertificateAuthority } = await import("../../storage/store-certificate.ts");
      const stored = await storeRootCertificateAuthority(
        { ...flags, subjectAttributes: subject, keyPassphrase, directory: dir, force },
        keys,
      );
      report(
        stored,
        { json, warn },
        {
          title: `Made the root CA "${stored.commonName}"`,
          keyNote: "mode 0400; whoever has it can issue certificates",
          next: `ra-pki issue${dirFlag(dir)} --name my-server`,
        },
      );
    });
}
