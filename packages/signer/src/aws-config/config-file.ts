import { quoted, SignerError } from "../errors.ts";
import {
  isProfileOfBotocore,
  isProfileOfJavaScript,
  mayBeProfile,
  readAsBotocore,
  readAsJavaScript,
  splitLines,
} from "./config-readers.ts";
import type { FileKind, Problem, Reading, Setting } from "./config-readers.ts";

export type { FileKind, Problem, Setting } from "./config-readers.ts";

/**
 * An AWS config or credentials file that was read. Edits of it keep every other byte.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export interface ConfigFile {
  /** The file's bytes, one character each (latin1), so that a file in any encoding survives. */
  readonly text: string;
  /** The text in lines with their endings. */
  readonly lines: readonly string[];
  /** The headers and settings that the AWS CLI and boto3 read. */
  readonly botocore: Reading;
  /** The headers and settings that the AWS SDK for JavaScript reads. */
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
  const lines = splitLines(text);
  return { text, lines, botocore: readAsBotocore(lines), javaScript: readAsJavaScript(lines) };
}

/**
 * Refuses a profile name that cannot be written into a section's header.
 *
 * @throws {SignerError} ERR_SIGNER_CONFIG_VALUE_INVALID
 */
export function checkProfileName(name: string): void {
  // The JavaScript SDK gives up on a file that has a profile of that name.
  if (PROFILE_NAME.test(name) && name !== "__proto__") return;
  throw new SignerError(
    "ERR_SIGNER_CONFIG_VALUE_INVALID",
    `profile name ${quoted(name)} is not readable by every SDK; use letters, digits and _ @ + . % : / -`,
  );
}

/** Settings of a profile as botocore reads them, those of other spellings of its section included. */
export function profileSettings(file: ConfigFile, kind: FileKind, profile: string): readonly Setting[] {
  return file.botocore.settings.filter(({ section }) => belongsTo(section, kind, profile));
}

/** How many sections a profile has. */
export function countSections(file: ConfigFile, kind: FileKind, profile: string): number {
  return file.botocore.headers.filter(({ section }) => belongsTo(section, kind, profile)).length;
}

/**
 * The value of a profile's setting.
 *
 * @returns The last value that is not empty; undefined when there is none.
 */
export function profileValue(
  file: ConfigFile,
  kind: FileKind,
  profile: string,
  key: string,
): string | undefined {
  return profileSettings(file, kind, profile).findLast(
    (setting) => setting.key === key && setting.value !== "",
  )?.value;
}

/**
 * Settings that give a profile's credentials in another way. Both readers are asked, and `[DEFAULT]` counts, whose
 * settings botocore takes for every profile.
 *
 * @param isOurs Whether a `credential_process` line is no rival.
 */
export function rivalSettings(
  file: ConfigFile,
  kind: FileKind,
  profile: string,
  isOurs: (line: string) => boolean,
): readonly Setting[] {
  const found = [
    ...file.botocore.settings.filter(
      ({ section }) => section === "DEFAULT" || belongsTo(section, kind, profile),
    ),
    ...file.javaScript.settings.filter(({ section }) => isProfileOfJavaScript(section, kind, profile)),
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
 * Finds the endpoint that a profile of the config file configures.
 *
 * @param service As a `services` section names it: `sts`.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export function profileEndpoint(file: ConfigFile, profile: string, service: string): ProfileEndpoint {
  const services = profileValue(file, "config", profile, "services");
  const block = file.botocore.settings.findLast(
    ({ section, key }) => key === service && section.split(/\s+/).join(" ") === `services ${services}`,
  );
  const nested = block?.value
    .split("\n")
    .map((line) => /^endpoint_url\s*=\s*(.+)$/.exec(line.trim())?.[1])
    .findLast((url) => url !== undefined);
  const ignored = profileValue(file, "config", profile, "ignore_configured_endpoint_urls");
  return {
    url: nested ?? profileValue(file, "config", profile, "endpoint_url"),
    ignored: ignored === undefined ? undefined : ignored.toLowerCase() === "true",
  };
}

/**
 * Describes a problem for people, without what to do about it.
 *
 * @param path The file.
 */
export function describeProblem(path: string, { line, message }: Problem): string {
  return `"${path}" line ${line + 1}: ${message}`;
}

/** Whether a setting decides where credentials come from or which region they are for. */
function matters(key: string): boolean {
  return RIVAL_KEYS.has(key) || key === "credential_process" || key === "region";
}

/** Finds the lines of a profile that only some SDKs read. */
export function readDifferences(file: ConfigFile, kind: FileKind, profile: string): readonly Problem[] {
  const linesOf = (name: "botocore" | "javaScript", isProfile: typeof mayBeProfile): readonly Setting[] =>
    file[name].settings.filter(
      ({ section, key, value }) => isProfile(section, kind, profile) && matters(key) && value !== "",
    );
  const botocore = linesOf("botocore", isProfileOfBotocore);
  const javaScript = linesOf("javaScript", isProfileOfJavaScript);
  const missing = (from: readonly Setting[], to: readonly Setting[], readers: string): readonly Problem[] =>
    from
      .filter(({ key }) => !to.some((setting) => setting.key === key))
      .map(({ line, key }) => ({
        line,
        message: `${key} is a setting for ${readers} only`,
        remedy: adviceFor(kind, profile),
      }));
  return [
    ...missing(botocore, javaScript, "the AWS CLI and boto3"),
    ...missing(javaScript, botocore, "the AWS SDK for JavaScript"),
    ...file.botocore.headers
      .filter(
        ({ section }) => mayBeProfile(section, kind, profile) && !isProfileOfBotocore(section, kind, profile),
      )
      .map(({ line, section }) => ({
        line,
        message: `the AWS CLI and boto3 do not take [${section}] for profile "${profile}"`,
        remedy: adviceFor(kind, profile),
      })),
  ];
}

function adviceFor(kind: FileKind, profile: string): string {
  return `write the section as ${headerOf(kind, profile)} and each of its settings on a line of its own, without indentation, as key = value`;
}

/**
 * Refuses a file that the AWS CLI and boto3 refuse, since they could not use a profile that is added to it.
 *
 * @throws {SignerError} ERR_SIGNER_CONFIG_INVALID with line and remedy.
 */
export function refuseProblems(file: ConfigFile, path: string): void {
  const [first, ...more] = file.botocore.problems;
  if (first === undefined) return;
  const others = more.length === 0 ? "" : ` (${more.length} more such lines follow)`;
  throw new SignerError(
    "ERR_SIGNER_CONFIG_INVALID",
    `the AWS CLI and boto3 cannot read ${describeProblem(path, first)}${others}; nothing was written; ${first.remedy}`,
    { path },
  );
}

/**
 * Sets a profile's settings; a section is appended when there is none. A setting that stands more than once is set
 * everywhere. The result is read again by both readers: where one of them would not find just the new values, or would
 * find anything else changed, nothing is returned.
 *
 * @param path Name of the file in messages.
 * @returns The new text.
 * @throws {SignerError} ERR_SIGNER_CONFIG_INVALID naming the line that the readers disagree about.
 */
export function setProfile(
  file: ConfigFile,
  kind: FileKind,
  profile: string,
  values: Values,
  path: string,
): string {
  const edited = edit(file, kind, profile, values);
  const after = parseConfig(edited);
  const readers = [
    { name: "botocore", isProfile: isProfileOfBotocore },
    // It cannot read profiles of other names at all.
    ...(PROFILE_NAME.test(profile)
      ? [{ name: "javaScript", isProfile: isProfileOfJavaScript } as const]
      : []),
  ] as const;
  for (const { name, isProfile } of readers) {
    const isRight = (key: string): boolean => {
      const found = after[name].settings.filter(
        (setting) => isProfile(setting.section, kind, profile) && isSetBy(setting, { [key]: undefined }),
      );
      const value = values[key];
      if (value === undefined) return found.length === 0;
      // Of two sections for one profile, [default] and [profile default], each reader takes another one.
      const sections = new Set(
        after[name].headers
          .map(({ section }) => section)
          .filter((section) => isProfile(section, kind, profile)),
      );
      return (
        sections.size > 0 &&
        [...sections].every((section) => found.some((setting) => setting.section === section)) &&
        found.every((setting) => setting.key === key && setting.value === fromBytes(value))
      );
    };
    const rest = (of: ConfigFile): string =>
      JSON.stringify(
        of[name].settings
          .filter((setting) => !(isSetBy(setting, values) && isReadFor(setting.section, kind, profile)))
          .map(({ section, key, value }) => [section, key, value]),
      );
    const isClean = file.botocore.problems.length > 0 || after.botocore.problems.length === 0;
    if (Object.keys(values).every(isRight) && rest(file) === rest(after) && isClean) continue;
    throw doubtful(file, kind, profile, values, path);
  }
  return edited;
}

/** Whether an edit sets or removes a setting; with the JavaScript SDK the nested ones are `s3.addressing_style`. */
function isSetBy({ key }: Setting, values: Values): boolean {
  return Object.hasOwn(values, key) || Object.hasOwn(values, key.replace(/\..*$/s, ""));
}

function doubtful(
  file: ConfigFile,
  kind: FileKind,
  profile: string,
  values: Values,
  path: string,
): SignerError {
  const linesOf = (name: "botocore" | "javaScript", isProfile: typeof mayBeProfile): ReadonlySet<number> =>
    new Set(
      file[name].settings
        .filter((setting) => isSetBy(setting, values) && isProfile(setting.section, kind, profile))
        .map(({ line }) => line),
    );
  const one = linesOf("botocore", isProfileOfBotocore);
  const other = linesOf("javaScript", isProfileOfJavaScript);
  const [odd] = [...one, ...other]
    .filter((line) => one.has(line) !== other.has(line))
    .toSorted((a, b) => a - b);
  const header = file.botocore.headers.find(({ section }) => belongsTo(section, kind, profile));
  const line = odd ?? header?.line ?? file.botocore.problems[0]?.line ?? 0;
  return new SignerError(
    "ERR_SIGNER_CONFIG_INVALID",
    `"${path}" line ${line + 1}: AWS SDKs read this line, or those below it, in different ways; nothing was written; ${adviceFor(kind, profile)}`,
    { path },
  );
}

/** Whether one of the two readers takes a section for a profile's. */
function isReadFor(section: string, kind: FileKind, profile: string): boolean {
  return isProfileOfBotocore(section, kind, profile) || isProfileOfJavaScript(section, kind, profile);
}

function belongsTo(section: string, kind: FileKind, profile: string): boolean {
  return isReadFor(section, kind, profile) || mayBeProfile(section, kind, profile);
}

function headerOf(kind: FileKind, profile: string): string {
  return kind === "credentials" || profile === "default" ? `[${profile}]` : `[profile ${profile}]`;
}

function edit(file: ConfigFile, kind: FileKind, profile: string, values: Values): string {
  const eol = dominantEnding(file.lines);
  const first = file.botocore.headers.find(({ section }) => belongsTo(section, kind, profile));
  if (first === undefined) return appendSection(file.text, headerOf(kind, profile), values, eol);

  const lines: (string | undefined)[] = [...file.lines];
  const added: string[] = [];
  const settings = profileSettings(file, kind, profile);
  for (const [key, value] of Object.entries(values)) {
    const found = settings.filter((setting) => setting.key === key);
    for (const { line, lineCount } of found) {
      const ending = endingOf(file.lines[line + lineCount - 1] ?? "");
      const [indentation = ""] = /^[ \t]*/.exec(file.lines[line] ?? "") ?? [];
      lines.fill(undefined, line, line + lineCount);
      if (value !== undefined) lines[line] = `${indentation}${key} = ${value}${ending}`;
    }
    if (found.length === 0 && value !== undefined) added.push(`${key} = ${value}`);
  }
  if (added.length > 0) {
    const place = insertionLine(file, first.line);
    const before = lines[place] ?? "";
    // A line that ends the file without a line ending leaves the file without one.
    const ending = endingOf(before);
    lines[place] = `${withoutEnding(before)}${ending || eol}${added.join(ending || eol)}${ending}`;
  }
  return lines.filter((line) => line !== undefined).join("");
}

/**
 * Finds the line after which a new setting is inserted. It is the header, so that the setting does not become part of a
 * nested block; if indented lines follow the header, it is the last of them, since botocore would read them as a
 * continuation of the new setting.
 */
function insertionLine({ lines, botocore }: ConfigFile, header: number): number {
  let place = header;
  for (let line = header + 1; line < lines.length; line += 1) {
    const text = withoutEnding(lines[line] ?? "");
    if (/^[ \t]*(?:[#;].*)?$/.test(text)) continue;
    if (!/^[ \t]/.test(text) || botocore.headers.some((other) => other.line === line)) break;
    place = line;
  }
  return place;
}

function appendSection(text: string, header: string, values: Values, eol: string): string {
  const settings = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key} = ${value}${eol}`],
  );
  const gap = text === "" ? "" : /[\r\n]$/.test(text) ? eol : `${eol}${eol}`;
  return `${text}${gap}${header}${eol}${settings.join("")}`;
}

function dominantEnding(lines: readonly string[]): string {
  return lines.filter((line) => line.endsWith("\r\n")).length * 2 > lines.length ? "\r\n" : "\n";
}

function endingOf(line: string): string {
  return /(?:\r\n|\n|\r)$/.exec(line)?.[0] ?? "";
}

function withoutEnding(line: string): string {
  return line.slice(0, line.length - endingOf(line).length);
}

/** The text that readers see in a value of UTF-8 bytes. */
function fromBytes(value: string): string {
  return Buffer.from(value, "latin1").toString("utf8");
}
