import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import type { NameConstraint, NameConstraints } from "../certificate/name-constraints.ts";
import type { SubjectAlternativeName } from "../certificate/subject-alternative-name.ts";
import { parseSlashName } from "../certificate/subject.ts";
import type { SubjectAttribute } from "../certificate/subject.ts";
import { DEFAULT_KEY_TYPE, KEY_TYPES } from "../keys/key-type.ts";
import type { KeyType } from "../keys/key-type.ts";

/** What every command has that writes into a folder. */
export interface FolderFlags {
  readonly dir: string;
  readonly force: boolean;
  readonly json: boolean;
}

/** What every command has that makes a certificate. */
export interface CertificateFlags extends FolderFlags {
  readonly validityDays: number;
  readonly keyType: KeyType;
}

export function addFolderOptions(command: Command): Command {
  return command
    .option("--dir <folder>", "folder of the CA and its certificates", "pki")
    .option("--force", "replace files that exist", false)
    .option("--json", "print one line of JSON on stdout: paths, serial number, dates, warnings", false);
}

export function addValidityOption(command: Command, days: number, description: string): Command {
  return command.option("--validity-days <days>", description, parseDays, days);
}

export function addKeyTypeOption(command: Command): Command {
  return command.addOption(
    new Option("--key-type <type>", "kind of the new key").choices(KEY_TYPES).default(DEFAULT_KEY_TYPE),
  );
}

/** Which CA of the folder signs. */
export function addAuthorityOption(command: Command): Command {
  return command.option("--ca <name>", "the CA that signs: rootCA, or the name of an intermediate", "rootCA");
}

export interface AuthorityLimitFlags {
  readonly pathLength?: number | undefined;
  readonly nameConstraints?: NameConstraints | undefined;
}

export function addAuthorityLimitOptions(command: Command, pathLength?: number): Command {
  return command
    .option(
      "--path-length <number>",
      "how many CAs may stand between it and a client certificate",
      parsePathLength,
      pathLength,
    )
    .option(
      "--name-constraints <list>",
      'names below it: permitted or excluded, type and value, for example "permitted;dns:example.org" (repeatable)',
      collectNameConstraints,
    );
}

/** `--subject /O=Example/OU=Servers`: what stands before the common name. */
export function addSubjectOption(command: Command): Command {
  return command.option(
    "--subject <parts>",
    "parts of the subject before the common name: C, ST, L, O, OU, for example /O=Example/OU=Servers",
    parseSubject,
  );
}

export function parseSubject(text: string): readonly SubjectAttribute[] {
  const attributes = parseSlashName(text)?.flatMap(({ type, value }) =>
    type === "CN" ? [] : [{ type, value }],
  );
  if (attributes === undefined || attributes.length === 0 || /\/CN=/.test(text)) {
    throw new InvalidArgumentError("Write it as /O=Example/OU=Servers, without the common name.");
  }
  return attributes;
}

/** `--san dns:server.example.org`, as often as needed. */
export function addAlternativeNameOption(command: Command): Command {
  return command.option(
    "--san <type:value>",
    "another name: dns, uri, email, ip or directory, for example uri:spiffe://example.org/a (repeatable)",
    collectAlternativeNames,
  );
}

export function parseDays(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) {
    throw new InvalidArgumentError("Give a whole number of days, at least 1.");
  }
  return Number(text);
}

function parsePathLength(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError("Give a whole number from 0 to 127.");
  return Number(text);
}

export function collectAlternativeNames(
  text: string,
  names: readonly SubjectAlternativeName[] = [],
): readonly SubjectAlternativeName[] {
  return [...names, parseTypedName(text)];
}

function collectNameConstraints(text: string, { permitted = [], excluded = [] }: NameConstraints = {}) {
  const [, kind, name = ""] = /^(permitted|excluded);(.*)$/s.exec(text) ?? [];
  if (kind === undefined) throw new InvalidArgumentError("Begin with permitted; or excluded;.");
  const constraint: NameConstraint = parseTypedName(name);
  return kind === "permitted"
    ? { permitted: [...permitted, constraint], excluded }
    : { permitted, excluded: [...excluded, constraint] };
}

/** `dns:example.org`: a type and a value. */
export function parseTypedName(text: string): SubjectAlternativeName {
  const [, type, value = ""] = /^([a-z]+):(.*)$/is.exec(text) ?? [];
  switch (type?.toLowerCase()) {
    case "dns":
      return { type: "dns", value };
    case "uri":
      return { type: "uri", value };
    case "email":
      return { type: "email", value };
    case "ip":
      return { type: "ip", value };
    case "directory":
      return { type: "directory", value };
    default:
      throw new InvalidArgumentError("Begin with dns:, uri:, email:, ip: or directory:.");
  }
}
