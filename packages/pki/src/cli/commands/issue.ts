import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import type { SubjectAttribute } from "../../certificate/subject.ts";
import { DEFAULT_CLIENT_VALIDITY_DAYS } from "../../authority/defaults.ts";
import type { SubjectAlternativeName } from "../../certificate/subject-alternative-name.ts";
import {
  addAlternativeNameOption,
  addAuthorityOption,
  addFolderOptions,
  addKeyTypeOption,
  addSubjectOption,
  addValidityOption,
} from "../options.ts";
import type { CertificateFlags } from "../options.ts";
import { addPassphraseOptions, passphraseOf } from "../passphrase.ts";
import type { PassphraseFlags } from "../passphrase.ts";
import { Progress } from "../progress.ts";
import { certificateJson, printJson, printLines, report, shellWord, warnAbout } from "../report.ts";
import type { Warn } from "../report.ts";
import { startKeyPair } from "../start-key-pair.ts";

interface IssueFlags extends CertificateFlags, PassphraseFlags {
  readonly subject?: readonly SubjectAttribute[] | undefined;
  readonly name?: string | undefined;
  readonly list?: string | undefined;
  readonly ca: string;
  readonly san?: readonly SubjectAlternativeName[] | undefined;
}

export function addIssue(program: Command, warn: Warn): void {
  const command = program
    .command("issue")
    .description("Issue client certificates: <name>.pem (0644) and <name>.key (0600).")
    .option("--name <cn>", "common name of the client and name of its files, 1 to 64 characters")
    .option(
      "--list <file>",
      "CSV or JSON file with many clients: name, and if needed subject, san, validityDays",
    );
  addFolderOptions(command);
  addAuthorityOption(command);
  addValidityOption(
    command,
    DEFAULT_CLIENT_VALIDITY_DAYS,
    "days until the certificate expires, not after its CA",
  );
  addKeyTypeOption(command);
  addSubjectOption(command);
  addAlternativeNameOption(command);
  addPassphraseOptions(command);
  command
    .addHelpText(
      "after",
      "\nExamples:\n  ra-pki issue --name nestjs-external-server --validity-days 90\n  ra-pki issue --list servers.csv",
    )
    .action(async ({ name, list, ...flags }: IssueFlags) => {
      if (list !== undefined && (name !== undefined || flags.san !== undefined)) {
        command.error("error: --list brings its own names; leave --name and --san out");
      }
      if (list !== undefined) await issueList(list, flags, warn);
      else if (name !== undefined) await issueOne(name, flags, warn);
      else command.error("error: required option '--name <cn>' not specified (or --list <file>)");
    });
}

type Flags = Omit<IssueFlags, "name" | "list">;

async function issueOne(name: string, flags: Flags, warn: Warn): Promise<void> {
  const { dir, force, json, ca, san, subject, keyType, validityDays } = flags;
  const keys = startKeyPair(keyType);
  const { storeClientCertificate } = await import("../../storage/store-certificate.ts");
  const stored = await storeClientCertificate(
    {
      commonName: name,
      subjectAttributes: subject,
      subjectAlternativeNames: san,
      validityDays,
      keyType,
      authorityName: ca,
      passphrase: passphraseOf(flags, warn),
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
}

async function issueList(list: string, flags: Flags, warn: Warn): Promise<void> {
  const { dir, force, json, ca, subject, keyType, validityDays } = flags;
  const { readServerList } = await import("../server-list.ts");
  const clients = readServerList(list, { validityDays, subjectAttributes: subject });
  const { storeClientCertificates } = await import("../../storage/store-client-certificates.ts");
  const progress = new Progress(clients.length);
  const { issued, skipped } = await storeClientCertificates({
    clients,
    keyType,
    authorityName: ca,
    passphrase: passphraseOf(flags, warn),
    directory: dir,
    force,
    // Of the four threads of Node.js, files need one.
    concurrency: Math.min(3, availableParallelism()),
    onStored: (stored) => {
      progress.step();
      warnAbout(stored.warnings, warn);
      if (json) printJson(certificateJson(stored), { privateKeyPath: stored.privateKeyPath });
    },
  });
  progress.end();
  printLines(`Issued ${issued} client certificate${issued === 1 ? "" : "s"} for the servers in ${list}`, [
    ["files", `${join(dir, "<name>.pem")} and .key (mode 0600; they stay on the machine of each server)`],
    ...(skipped.length === 0
      ? []
      : [["skipped", `${skipped.length} that had a certificate already`] satisfies [string, string]]),
    ["next", "copy certificate and key to each server; ra-pki issue --list goes on where it was stopped"],
  ]);
}
