import type { Command } from "commander";
import { DEFAULT_CLIENT_VALIDITY_DAYS } from "../../authority/defaults.ts";
import type { SubjectAlternativeName } from "../../certificate/subject-alternative-name.ts";
import type { SubjectAttribute } from "../../certificate/subject.ts";
import { PkiError } from "../../errors.ts";
import { readInput } from "../inputs.ts";
import {
  addAuthorityOption,
  addFolderOptions,
  addSubjectOption,
  addValidityOption,
  collectAlternativeNames,
} from "../options.ts";
import type { FolderFlags } from "../options.ts";
import { addPassphraseOptions, passphraseOf } from "../passphrase.ts";
import type { PassphraseFlags } from "../passphrase.ts";
import { certificateJson, certificateLines, printJson, printLines, shellWord, warnAbout } from "../report.ts";
import type { Warn } from "../report.ts";

interface SignFlags extends FolderFlags, PassphraseFlags {
  readonly name?: string | undefined;
  readonly subject?: readonly SubjectAttribute[] | undefined;
  readonly ca: string;
  readonly validityDays: number;
  readonly grantNames: boolean;
  readonly grant: readonly SubjectAlternativeName[];
  readonly show: boolean;
}

export function addSign(program: Command, warn: Warn): void {
  const command = program
    .command("sign")
    .description("At the CA: sign the request of a server, and write its certificate, <name>.pem (0644).")
    .argument("<csr>", "file of the request")
    .option("--name <cn>", "common name that the request must have (required to sign)")
    .option(
      "--grant <type:value>",
      "an alternative name that the request may have (repeatable)",
      collectAlternativeNames,
      [],
    )
    .option("--grant-names", "grant every alternative name of the request", false)
    .option("--show", "show what the request asks for, and sign nothing", false);
  addSubjectOption(command);
  addFolderOptions(command);
  addAuthorityOption(command);
  addValidityOption(
    command,
    DEFAULT_CLIENT_VALIDITY_DAYS,
    "days until the certificate expires, not after its CA",
  );
  addPassphraseOptions(command);
  command
    .addHelpText(
      "after",
      "\nExample:\n  ra-pki sign server-a.csr --name server-a --grant dns:server-a.example.org",
    )
    .action(async (csr: string, flags: SignFlags) => {
      const { name } = flags;
      if (name === undefined && !flags.show) {
        command.error("error: required option '--name <cn>' not specified (or --show, which signs nothing)");
      }
      const requestPem = (await readInput(csr)).toString("utf8");
      if (flags.show || name === undefined) await show(csr, requestPem, flags.json);
      else await sign(csr, requestPem, { ...flags, name }, warn);
    });
}

async function show(csr: string, requestPem: string, json: boolean): Promise<void> {
  const { readCertificateRequest } = await import("../../authority/sign-certificate-request.ts");
  const { commonName, subject, subjectAttributes, keyType, wishes } = readCertificateRequest(requestPem);
  // The names come from whoever made the request.
  const words = [
    csr,
    "--name",
    commonName,
    ...(subjectAttributes === "" ? [] : ["--subject", subjectAttributes]),
  ];
  printLines(`The request of "${commonName}" asks for`, [
    ["subject", subject],
    ["key type", keyType],
    ...wishes.map((wish): [string, string] => ["wish", wish]),
    ["next", `if that is what this server is: ra-pki sign ${words.map(shellWord).join(" ")}`],
  ]);
  if (json) printJson({ commonName, subject, keyType, wishes });
}

async function sign(
  csr: string,
  requestPem: string,
  flags: SignFlags & { readonly name: string },
  warn: Warn,
): Promise<void> {
  const { dir, force, json, name, subject, ca, validityDays, grantNames, grant } = flags;
  const { readCertificateRequest } = await import("../../authority/sign-certificate-request.ts");
  const { wishes } = readCertificateRequest(requestPem);
  for (const { type, value } of grant) {
    if (!wishes.includes(`${type}:${value}`)) {
      throw new PkiError(
        "ERR_PKI_REQUEST_INVALID",
        `the request does not ask for ${type}:${value}, so it cannot be granted; it asks for ${wishes.join(", ")}`,
        { path: csr },
      );
    }
  }
  const { storeSignedRequest } = await import("../../storage/store-request.ts");
  const stored = await storeSignedRequest({
    directory: dir,
    force,
    requestPem,
    commonName: name,
    subjectAttributes: subject,
    authorityName: ca,
    validityDays,
    passphrase: passphraseOf(flags, warn),
    grantName: (wish) =>
      grantNames || grant.some(({ type, value }) => type === wish.type && value === wish.value),
  });
  const isName = (wish: string): boolean => /^[a-z]+:/.test(wish);
  printLines(`Signed the request of "${stored.commonName}" (${csr})`, [
    ["subject", stored.subject],
    ...stored.granted.map((wish): [string, string] => ["granted", wish]),
    ...stored.notGranted.map((wish): [string, string] => [
      "not granted",
      isName(wish) ? `${wish} (--grant ${shellWord(wish)} grants it)` : wish,
    ]),
    ...certificateLines(stored),
    [
      "next",
      `send ${[stored.certificatePath, ...(stored.chainPem === "" ? [] : [stored.chainPath])].join(" and ")} ` +
        "to the server, beside its key",
    ],
  ]);
  warnAbout(stored.warnings, warn);
  if (!json) return;
  const { granted, notGranted } = stored;
  printJson({ ...certificateJson(stored), granted, notGranted });
}
