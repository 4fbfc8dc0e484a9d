import type { Command } from "commander";
import { DEFAULT_CLIENT_VALIDITY_DAYS } from "../../authority/defaults.ts";
import type { SubjectAlternativeName } from "../../certificate/subject-alternative-name.ts";
import {
  addAlternativeNameOption,
  addAuthorityOption,
  addFolderOptions,
  addKeyTypeOption,
  addValidityOption,
} from "../options.ts";
import type { CertificateFlags } from "../options.ts";
import { report, shellWord } from "../report.ts";
import type { Warn } from "../report.ts";
import { startKeyPair } from "../start-key-pair.ts";

interface IssueFlags extends CertificateFlags {
  readonly name: string;
  readonly ca: string;
  readonly san?: readonly SubjectAlternativeName[] | undefined;
}

export function addIssue(program: Command, warn: Warn): void {
  const command = program
    .command("issue")
    .description("Issue a client certificate: <name>.pem (0644) and <name>.key (0600).")
    .requiredOption("--name <cn>", "common name of the client and name of its files, 1 to 64 characters");
  addFolderOptions(command);
  addAuthorityOption(command);
  addValidityOption(
    command,
    DEFAULT_CLIENT_VALIDITY_DAYS,
    "days until the certificate expires, not after its CA",
  );
  addKeyTypeOption(command);
  addAlternativeNameOption(command);
  command
    .addHelpText("after", "\nExample:\n  ra-pki issue --name nestjs-external-server --validity-days 90")
    .action(async ({ dir, force, json, name, ca, san, ...flags }: IssueFlags) => {
      const keys = startKeyPair(flags.keyType);
      const { storeClientCertificate } = await import("../../storage/store-certificate.ts");
      const stored = await storeClientCertificate(
        {
          ...flags,
          commonName: name,
          subjectAlternativeNames: san,
          authorityName: ca,
          directory: dir,
          force,
        },
        keys,
      );
      const intermediates = stored.chainPem === "" ? "" : ` --intermediates ${shellWord(stored.chainPath)}`;
      report(
        stored,
        { json, warn },
        {
          title: `Issued the client certificate "${stored.commonName}"`,
          keyNote: "mode 0600; it stays on the client's machine",
          next:
            `ra-signer credential-process --certificate ${shellWord(stored.certificatePath)} ` +
            `--private-key ${shellWord(stored.privateKeyPath)}${intermediates} ` +
            "--trust-anchor-arn <arn> --profile-arn <arn> --role-arn <arn>",
        },
      );
    });
}
