import type { Command } from "commander";
import type { SubjectAttribute } from "../../certificate/subject.ts";
import {
  DEFAULT_INTERMEDIATE_PATH_LENGTH,
  DEFAULT_INTERMEDIATE_VALIDITY_DAYS,
} from "../../authority/defaults.ts";
import {
  addAuthorityLimitOptions,
  addAuthorityOption,
  addFolderOptions,
  addKeyTypeOption,
  addSubjectOption,
  parseDays,
} from "../options.ts";
import type { AuthorityLimitFlags, CertificateFlags } from "../options.ts";
import {
  addPassphraseOptions,
  passphraseOf,
  addNewPassphraseOptions,
  newPassphraseOf,
} from "../passphrase.ts";
import type { PassphraseFlags, NewPassphraseFlags } from "../passphrase.ts";
import { dirFlag, report, shellWord } from "../report.ts";
import type { Warn } from "../report.ts";
import { startKeyPair } from "../start-key-pair.ts";

interface IntermediateFlags
  extends Omit<CertificateFlags, "validityDays">, AuthorityLimitFlags, PassphraseFlags, NewPassphraseFlags {
  readonly subject?: readonly SubjectAttribute[] | undefined;
  readonly name: string;
  readonly ca: string;
  readonly validityDays?: number | undefined;
}

export function addIntermediate(program: Command, warn: Warn): void {
  const command = program
    .command("intermediate")
    .description("Make a CA below another one: <name>.pem (0644) and <name>.key (0400).")
    .requiredOption("--name <cn>", "common name of the CA and name of its files, 1 to 64 characters");
  addFolderOptions(command);
  addAuthorityOption(command);
  command.option(
    "--validity-days <days>",
    `days until it expires, not after its issuer (default: ${DEFAULT_INTERMEDIATE_VALIDITY_DAYS}, or what its issuer has left)`,
    parseDays,
  );
  addKeyTypeOption(command);
  addSubjectOption(command);
  addPassphraseOptions(command);
  addNewPassphraseOptions(command);
  addAuthorityLimitOptions(command, DEFAULT_INTERMEDIATE_PATH_LENGTH);
  command
    .addHelpText(
      "after",
      '\nExample:\n  ra-pki intermediate --name issuing --name-constraints "permitted;dns:example.org"',
    )
    .action(async ({ dir, force, json, name, ca, subject, ...flags }: IntermediateFlags) => {
      const keyPassphrase = await newPassphraseOf(flags, warn);
      const keys = startKeyPair(flags.keyType);
      const { storeIntermediateCertificateAuthority } = await import("../../storage/store-certificate.ts");
      const stored = await storeIntermediateCertificateAuthority(
        {
          ...flags,
          commonName: name,
          subjectAttributes: subject,
          authorityName: ca,
          passphrase: passphraseOf(flags, warn),
          keyPassphrase,
          directory: dir,
          force,
        },
        keys,
      );
      report(
        stored,
        { json, warn },
        {
          title: `Made the intermediate CA "${stored.commonName}"`,
          keyNote: "mode 0400; whoever has it can issue certificates",
          next: `ra-pki issue${dirFlag(dir)} --ca ${shellWord(name)} --name my-server`,
        },
      );
    });
}
