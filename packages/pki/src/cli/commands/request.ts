import type { Command } from "commander";
import type { SubjectAlternativeName } from "../../certificate/subject-alternative-name.ts";
import type { SubjectAttribute } from "../../certificate/subject.ts";
import type { KeyType } from "../../keys/key-type.ts";
import {
  addAlternativeNameOption,
  addFolderOptions,
  addKeyTypeOption,
  addSubjectOption,
} from "../options.ts";
import type { FolderFlags } from "../options.ts";
import { printJson, printLines, shellWord, warnAbout } from "../report.ts";
import type { Warn } from "../report.ts";
import { startKeyPair } from "../start-key-pair.ts";

interface RequestFlags extends FolderFlags {
  readonly name: string;
  readonly keyType: KeyType;
  readonly subject?: readonly SubjectAttribute[] | undefined;
  readonly san?: readonly SubjectAlternativeName[] | undefined;
}

export function addRequest(program: Command, warn: Warn): void {
  const command = program
    .command("request")
    .description("On a server: make a key, <name>.key (0600), and a request for the CA, <name>.csr (0644).")
    .requiredOption("--name <cn>", "common name of the server and name of its files, 1 to 64 characters");
  addFolderOptions(command);
  addSubjectOption(command);
  addAlternativeNameOption(command);
  addKeyTypeOption(command);
  command
    .addHelpText("after", "\nExample:\n  ra-pki request --name server-a --key-type ec-p256")
    .action(async ({ dir, force, json, name, san, subject, keyType }: RequestFlags) => {
      const keys = startKeyPair(keyType);
      const { storeCertificateRequest } = await import("../../storage/store-request.ts");
      const stored = await storeCertificateRequest(
        {
          directory: dir,
          force,
          commonName: name,
          subjectAttributes: subject,
          subjectAlternativeNames: san,
          keyType,
        },
        keys,
      );
      printLines(`Made a request for a certificate of "${stored.commonName}"`, [
        ["request", stored.requestPath],
        ["private key", `${stored.privateKeyPath} (mode 0600; it stays on this machine)`],
        ["key type", stored.keyType],
        ["subject", stored.subject],
        [
          "next",
          `send ${stored.requestPath} to the CA; there: ra-pki sign ${shellWord(`${name}.csr`)} --name ${shellWord(name)}`,
        ],
      ]);
      warnAbout(stored.warnings, warn);
      const { requestPath, privateKeyPath, commonName, warnings } = stored;
      if (json) {
        printJson(
          { commonName, subject: stored.subject, keyType, warnings },
          { requestPath, privateKeyPath },
        );
      }
    });
}
