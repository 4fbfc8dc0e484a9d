import { isDeepStrictEqual } from "node:util";

import { quoted, SignerError } from "../errors.ts";
import {
  decode,
  isReadFor,
  mayBeProfile,
  readAsBotocore,
  readAsJavaScript,
  splitLines,
} from "./config-readers.ts";
import type { FileKind, IsProfile, Problem, Reading, Setting } from "./config-readers.ts";

export type { FileKind, Setting } from "./config-readers.ts";

/**
 * An AWS config or credentials file that was read. Edits of it keep every other byte.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export interface ConfigFile {
  /** The file's bytes, one character each (latin1), so that a file in any encoding survives. */
  readonly text: string;
  /** What the AWS CLI and boto3 read. */
  readonly botocore: Reading;
  /** What the AWS SDK for JavaScript reads. */
  readonly javaScript: Reading;
}

/** New values of settings, in the order to write them; `undefined` removes a setting. */
export type Values = Readonly<Record<string, string | undefined>>;

/** Names of profiles that every SDK reads; the AWS SDK for JavaScript takes no others. */
const PROFILE_NAME = /^[\w@+.%:/-]+$/;

/** Settings that give a profile another way to its credentials; most SDKs prefer most of them to credential_process. */
const RIVAL_KEYS: ReadonlySet<string> = new Set([
  "aws_access_key_id",
  "aws_secret_access_key",
  "aws_session_token",
  "role_arn",
  "source_profile",
  "credential_source",
  "web_identity_token_file",
  "sso_session",
  "sso_start_url",
  "sso_account_id",
  "sso_role_name",
  "sso_region",
  "login_session",
]);

/** Reads the text of a file, which may be in any state: problems are part of what is returned. */
export function parseConfig(text: string): ConfigFile {
  return { text, botocore: readAsBotocore(text), javaScript: readAsJavaScript(text) };
}

/** Refuses, with ERR_SIGNER_CONFIG_VALUE_INVALID, a profile name that cannot be written into a section's header. */
export function checkProfileName(name: string): void {
  // The JavaScript SDK gives up on a file that has a profile of that name.
  if (PROFILE_NAME.test(name) && name !== "__proto__") return;
  const message = `profile name ${quoted(name)} is not readable by every SDK; use letters, digits and _ @ + . % : / -`;
  throw new SignerError("ERR_SIGNER_CONFIG_VALUE_INVALID", message);
}

const belongsTo: IsProfile = (...of) => isReadFor(...of) || mayBeProfile(...of);

function settingsOf({ settings, isProfile }: Reading, kind: FileKind, profile: string): readonly Setting[] {
  return settings.filter(({ section }) => isProfile(section, kind, profile));
}

/** Settings of a profile as botocore reads them, those of other spellings of its section included. */
export function profileSettings(file: ConfigFile, kind: FileKind, profile: string): readonly Setting[] {
  return file.botocore.settings.filter(({ section }) => belongsTo(section, kind, profile));
}

/** Whether a profile has a section. */
export function hasProfile(file: ConfigFile, kind: FileKind, profile: string): boolean {
  return file.botocore.headers.some(({ section }) => belongsTo(section, kind, profile));
}

/** The last value of a profile's setting that is not empty; undefined when there is none. */
export function profileValue(
  file: ConfigFile,
  kind: FileKind,
  profile: string,
  key: string,
): string | undefined {
  const settings = profileSettings(file, kind, profile);
  return settings.findLast((setting) => setting.key === key && setting.value !== "")?.value;
}

/**
 * Settings that give a profile's credentials in another way. Both readers are asked, and `[DEFAULT]` counts, whose
 * settings botocore takes for every profile.
 * A `credential_process` line that is ours is no rival.
 */
export function rivalSettings(
  { botocore, javaScript }: ConfigFile,
  kind: FileKind,
  profile: string,
  isOurs: (line: string) => boolean,
): readonly Setting[] {
  const found = [
    ...botocore.settings.filter(({ section }) => section === "DEFAULT" || belongsTo(section, kind, profile)),
    ...settingsOf(javaScript, kind, profile),
  ].filter(({ key, value }) =>
    key === "credential_process" ? value !== "" && !isOurs(value) : RIVAL_KEYS.has(key),
  );
  const named = found.map((setting) => [`${setting.section === "DEFAULT"} ${setting.key}`, setting] as const);
  return [...new Map(named).values()];
}

/** The endpoint that a profile configures for a service. */
export interface ProfileEndpoint {
  /** From the profile's `services` section, else the profile's own `endpoint_url`. */
  readonly url?: string | undefined;
  /** `ignore_configured_endpoint_urls`, when it is there. */
  readonly ignored?: boolean | undefined;
}

/**
 * Finds the endpoint that a profile of the config file configures for a service, named as in a `services` section: `sts`.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export function profileEndpoint(file: ConfigFile, profile: string, service: string): ProfileEndpoint {
  const valueOf = (key: string): string | undefined => profileValue(file, "config", profile, key);
  const services = `services.${valueOf("services")}`;
  const nested = file.javaScript.settings.findLast(
    ({ section, key }) => section === services && key === `${service}.endpoint_url`,
  );
  const ignored = valueOf("ignore_configured_endpoint_urls")?.toLowerCase();
  return {
    url: nested?.value ?? valueOf("endpoint_url"),
    ignored: ignored === undefined ? undefined : ignored === "true",
  };
}

/** Describes a problem for people, without what to do about it. */
export function describeProblem(path: string, { line, message }: Problem): string {
  return `"${path}" line ${line + 1}: ${message}`;
}

/** Finds the lines of a profile that only some SDKs read, of those that decide about its credentials or its region. */
export function readDifferences(
  { botocore, javaScript }: ConfigFile,
  kind: FileKind,
  profile: string,
): readonly Problem[] {
  const remedy = adviceFor(kind, profile);
  const matters = ({ key, value }: Setting): boolean =>
    value !== "" && (RIVAL_KEYS.has(key) || key === "credential_process" || key === "region");
  const onlyIn = (reading: Reading, other: Reading, readers: string): readonly Problem[] => {
    const others = settingsOf(other, kind, profile).filter(matters);
    return settingsOf(reading, kind, profile)
      .filter((setting) => matters(setting) && !others.some(({ key }) => key === setting.key))
      .map(({ line, key }) => ({ line, message: `${key} is a setting for ${readers} only`, remedy }));
  };
  const untaken = botocore.headers.filter(
    ({ section }) => mayBeProfile(section, kind, profile) && !botocore.isProfile(section, kind, profile),
  );
  return [
    ...onlyIn(botocore, javaScript, "the AWS CLI and boto3"),
    ...onlyIn(javaScript, botocore, "the AWS SDK for JavaScript"),
    ...untaken.map(({ line, section }) => ({
      line,
      message: `the AWS CLI and boto3 do not take [${section}] for profile "${profile}"`,
      remedy,
    })),
  ];
}

/** Refuses, with ERR_SIGNER_CONFIG_INVALID, a file in which the AWS CLI and boto3 could not use an added profile. */
export function refuseProblems(file: ConfigFile, path: string): void {
  const [first, ...more] = file.botocore.problems;
  if (first === undefined) return;
  const others = more.length === 0 ? "" : ` (${more.length} more such lines follow)`;
  const message = `the AWS CLI and boto3 cannot read ${describeProblem(path, first)}${others}; nothing was written; ${first.remedy}`;
  throw new SignerError("ERR_SIGNER_CONFIG_INVALID", message, { path });
}

/**
 * Sets a profile's settings; a section is appended when there is none. A setting that stands more than once is set
 * everywhere. The result is read again by both readers: where one of them would not find just the new values, or would
 * find anything else changed, nothing is returned.
 *
 * @throws {SignerError} ERR_SIGNER_CONFIG_INVALID naming the line that the readers disagree about.
 */
export function setProfile(
  file: ConfigFile,
  kind: FileKind,
  profile: string,
  values: Values,
  path: string,
): string {
  // With the JavaScript SDK nested settings are `s3.addressing_style`.
  const isSet = ({ key }: Setting): boolean =>
    Object.hasOwn(values, key.replace(/\..*$/s, "")) || Object.hasOwn(values, key);
  const show = ({ section, key, value }: Pick<Setting, "section" | "key" | "value">): string =>
    JSON.stringify([section, key, value]);
  const isRight = (before: Reading, now: Reading): boolean => {
    const rest = ({ settings }: Reading): readonly string[] =>
      settings.filter((each) => !isSet(each) || !isReadFor(each.section, kind, profile)).map(show);
    // Of two sections for one profile, [default] and [profile default], each reader takes another one.
    const sections = now.headers.filter(({ section }) => now.isProfile(section, kind, profile));
    const wanted = sections.flatMap(({ section }) =>
      Object.entries(values).flatMap(([key, value]) =>
        value === undefined ? [] : [show({ section, key, value: decode(value) })],
      ),
    );
    const found = settingsOf(now, kind, profile).filter(isSet).map(show);
    return (
      sections.length > 0 && isDeepStrictEqual([new Set(found), rest(now)], [new Set(wanted), rest(before)])
    );
  };
  const edited = edit(file, kind, profile, values);
  const after = parseConfig(edited);
  const isRead =
    isRight(file.botocore, after.botocore) &&
    // It cannot read profiles of other names at all.
    (!PROFILE_NAME.test(profile) || isRight(file.javaScript, after.javaScript));
  if (isRead && (file.botocore.problems.length > 0 || after.botocore.problems.length === 0)) return edited;

  const linesOf = (reading: Reading): readonly number[] =>
    settingsOf(reading, kind, profile)
      .filter(isSet)
      .map(({ line }) => line);
  const [one, other] = [linesOf(file.botocore), linesOf(file.javaScript)] as const;
  const odd = [...one, ...other].filter((line) => one.includes(line) !== other.includes(line));
  const header = file.botocore.headers.find(({ section }) => belongsTo(section, kind, profile));
  const line = odd.length > 0 ? Math.min(...odd) : (header?.line ?? file.botocore.problems[0]?.line ?? 0);
  const message = `"${path}" line ${line + 1}: AWS SDKs read this line, or those below it, in different ways; nothing was written; ${adviceFor(kind, profile)}`;
  throw new SignerError("ERR_SIGNER_CONFIG_INVALID", message, { path });
}

function adviceFor(kind: FileKind, profile: string): string {
  return `write the section as ${headerOf(kind, profile)} and each of its settings on a line of its own, without indentation, as key = value`;
}

function headerOf(kind: FileKind, profile: string): string {
  return kind === "credentials" || profile === "default" ? `[${profile}]` : `[profile ${profile}]`;
}

function edit(file: ConfigFile, kind: FileKind, profile: string, values: Values): string {
  const old = splitLines(file.text);
  const eol = old.filter((line) => line.endsWith("\r\n")).length * 2 > old.length ? "\r\n" : "\n";
  const settings = profileSettings(file, kind, profile);
  const lines: (string | undefined)[] = [...old];
  const added: string[] = [];
  for (const [key, value] of Object.entries(values)) {
    const found = settings.filter((setting) => setting.key === key);
    for (const { line, lineCount } of found) {
      const ending = endingOf(old[line + lineCount - 1]);
      const [indentation = ""] = /^[ \t]*/.exec(old[line] ?? "") ?? [];
      lines.fill(undefined, line, line + lineCount);
      if (value !== undefined) lines[line] = `${indentation}${key} = ${value}${ending}`;
    }
    if (found.length === 0 && value !== undefined) added.push(`${key} = ${value}`);
  }
  const header = file.botocore.headers.find(({ section }) => belongsTo(section, kind, profile));
  if (header === undefined) {
    const gap = file.text === "" ? "" : /[\r\n]$/.test(file.text) ? eol : `${eol}${eol}`;
    return `${file.text}${gap}${[headerOf(kind, profile), ...added].join(eol)}${eol}`;
  }
  if (added.length > 0) {
    const place = insertionLine(file, old, header.line);
    const before = lines[place] ?? "";
    // A line that ends the file without a line ending leaves the file without one.
    const ending = endingOf(before);
    const start = before.slice(0, before.length - ending.length);
    lines[place] = `${[start, ...added].join(ending || eol)}${ending}`;
  }
  return lines.filter((line) => line !== undefined).join("");
}

// It is the header, so that the new setting does not become part of a nested block; if indented lines follow the header,
// it is the last of them, since botocore would read them as a continuation of the new setting.
function insertionLine({ botocore }: ConfigFile, lines: readonly string[], header: number): number {
  let place = header;
  for (const [line, text] of lines.entries()) {
    if (line <= header || /^[ \t]*(?:[#;].*)?[\r\n]*$/.test(text)) continue;
    if (!/^[ \t]/.test(text) || botocore.headers.some((other) => other.line === line)) break;
    place = line;
  }
  return place;
}

function endingOf(line = ""): string {
  return /(?:\r\n|\n|\r)$/.exec(line)?.[0] ?? "";
}
