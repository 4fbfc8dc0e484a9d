import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { loadSharedConfigFiles } from "@smithy/core/config";
import * as fc from "fast-check";

import {
  checkProfileName,
  parseConfig,
  profileValue,
  refuseProblems,
  rivalSettings,
  setProfile,
} from "../../src/aws-config/config-file.ts";
import type { ConfigFile, FileKind, Values } from "../../src/aws-config/config-file.ts";
import { runsThisProgram } from "../../src/aws-config/credential-process-line.ts";
import { SignerError } from "../../src/errors.ts";

/** What botocore makes of a file; `error` when it refuses the file as a whole. */
export interface BotocoreReading {
  readonly error?: string;
  /** Settings by section, as RawConfigParser has them. */
  readonly raw?: Sections;
  /** Settings by profile, if the file is the config file. */
  readonly profiles?: Sections;
}

export type Sections = Readonly<Record<string, Readonly<Record<string, string>>>>;

const indentation = fc.constantFrom("", "", "", "", " ", "  ", "    ", "\t");
const ending = fc.constantFrom("\n", "\n", "\n", "\n", "\n", "\n", "\r\n", "\r");
const comment = fc.constantFrom("", "", "", "", " # c", " ;c", ";c", "#c", " x");
const header = fc.constantFrom(
  ...["[default]", "[default]", "[web]", "[web]", "[profile web]", "[profile web]", "[profile web]"],
  ...['[profile "web"]', "[profile 'web']", "[profile  web]", "[ profile web ]", "[ web ]", "[profile.web]"],
  ...["[profile default]", "[DEFAULT]", "[other]", "[profile other]", "[services web]", "[]", "[web", "web]"],
  ...["[we]b]", '["web"]', "[Web]", "[profile\tweb]", "[profile web ]", "[profileweb]", "[profiles web]"],
);
const key = fc.constantFrom(
  ...["aws_access_key_id", "aws_secret_access_key", "aws_session_token", "credential_process", "region"],
  ...["aws_access_key_id", "aws_secret_access_key", "aws_session_token", "credential_process", "region"],
  ...["AWS_ACCESS_KEY_ID", "Region", "role_arn", "sso_session", "s3", "output", "aws_secret_access_key_old"],
  ...["aws_secret_access_key\u00a0", "\u2003aws_access_key_id", "region\u0085", "aws_access_\u212aey_id"],
);
const separator = fc.constantFrom(" = ", " = ", " = ", "=", ": ", ":", " =", "\u001c= ", " == ", "=:");
/** The number makes the value one that stands nowhere else. */
const value = fc.constantFrom(
  "VALUE",
  "VALUE",
  "VALUE",
  "VALUE",
  "VALUE",
  "",
  "VALUE = x",
  "a # VALUE",
  "\u00fcVALUE",
);
const setting = fc.tuple(indentation, key, separator, value, comment).map((parts) => parts.join(""));
const plain = fc.oneof(
  { weight: 8, arbitrary: setting },
  { weight: 3, arbitrary: fc.tuple(indentation, header, comment).map((parts) => parts.join("")) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...["", "", " ", "\t", "# c", "  # c", "; c", "#[web]", "\u0085", "\u00a0", "\u2028", "\f"],
      ...["  max_concurrent_requests = 20", "  endpoint_url = http://VALUE", "s3 =", "  s3 =", "sts ="],
    ),
  },
);
const line = fc.oneof(
  { weight: 14, arbitrary: plain },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.constantFrom("junk", "  nested", "<<<<<<< HEAD", "=======", ">>>>>>> a: b", "= x", ": x", "\u0000"),
      fc.string({ maxLength: 8, unit: fc.constantFrom(..."[]=:#; \tab\u00e9\u3000\v".split("")) }),
    ),
  },
);

/** Lines of which botocore refuses some, or none for that no section and no setting stands there twice. */
const wildLines = fc.array(fc.tuple(line, ending), { maxLength: 12 });
const tameLines = fc
  .tuple(
    fc.constantFrom("[default]", "[web]", "[profile web]", "[other]"),
    fc.uniqueArray(fc.tuple(plain, ending), {
      maxLength: 12,
      selector: ([text]) =>
        text
          .replaceAll(/\s/g, "")
          .toLowerCase()
          .split(/[=:\]]/)[0],
    }),
  )
  .map(([first, lines]) => [[first, "\n"] as [string, string]].concat(lines));

/** Files of all kinds, each byte a character (latin1). */
export const iniFile: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("", "", "", "", "", "", "", "", "", "\ufeff"),
    fc.oneof(wildLines, tameLines),
    fc.tuple(line, fc.constantFrom("", "\n")),
    fc.constantFrom(false, false, false, false, false, false, false, false, false, true),
  )
  .map(([mark, lines, last, isLatin1]) => {
    let count = 0;
    const text = `${mark}${[...lines, last].flat().join("")}`.replaceAll("VALUE", () => `v${(count += 1)}v`);
    // Of those with other characters one in ten is not UTF-8.
    return isLatin1 ? text : Buffer.from(text, "utf8").toString("latin1");
  });

/** A change that update or configure makes. */
export interface Edit {
  readonly command: "configure" | "update";
  readonly kind: FileKind;
  readonly profile: string;
  readonly values: Values;
  /** The new text; undefined when the command refuses. */
  readonly after: string | undefined;
}

/** What update and configure do to a file. */
export function editsOf(text: string): readonly Edit[] {
  const file = parseConfig(text);
  return ["default", "web"].flatMap((profile) => [update(file, profile), configure(file, profile)]);
}

function update(file: ConfigFile, profile: string): Edit {
  const values = { aws_access_key_id: "NEW1", aws_secret_access_key: "NEW2", aws_session_token: "NEW3" };
  return attempt(file, "update", "credentials", profile, values);
}

function configure(file: ConfigFile, profile: string): Edit {
  const rivals = rivalSettings(file, "config", profile, runsThisProgram);
  const values = {
    ...Object.fromEntries(rivals.map((rival) => [rival.key, undefined])),
    credential_process: "NEW1",
    ...(profileValue(file, "config", profile, "region") === undefined ? { region: "NEW2" } : {}),
  };
  // As the command does with --force.
  const isRefused = file.botocore.problems.length > 0 || rivals.some(({ section }) => section === "DEFAULT");
  return isRefused
    ? { command: "configure", kind: "config", profile, values, after: undefined }
    : attempt(file, "configure", "config", profile, values);
}

function attempt(
  file: ConfigFile,
  command: Edit["command"],
  kind: FileKind,
  profile: string,
  values: Values,
): Edit {
  checkProfileName(profile);
  const edit = { command, kind, profile, values };
  try {
    if (command === "configure") refuseProblems(file, "file");
    return { ...edit, after: setProfile(file, kind, profile, values, "file") };
  } catch (error) {
    if (error instanceof SignerError && error.code === "ERR_SIGNER_CONFIG_INVALID")
      return { ...edit, after: undefined };
    throw error;
  }
}

/** What is wrong with how the two readers of ours read a file, compared with those that they stand for. */
export function readingFaults(
  text: string,
  botocore: BotocoreReading,
  javaScript: Sections,
): readonly string[] {
  const { botocore: ours, javaScript: oursToo } = parseConfig(text);
  const faults: string[] = [];
  const [problem] = ours.problems;
  // Botocore takes some markers of merge conflicts and NUL bytes for text; those are refused all the same.
  const isStricter =
    problem !== undefined && (/marker of a merge|NUL/.test(problem.message) || hasOnlyDefaults(text));
  if (botocore.error !== undefined && problem === undefined) faults.push(`overlooked: ${botocore.error}`);
  if (botocore.error === undefined && problem !== undefined && !isStricter)
    faults.push(`refused: ${problem.message}`);
  if (botocore.error === undefined && problem === undefined) {
    const defaults = ours.settings.filter(({ section }) => section === "DEFAULT");
    const sections = new Map(
      ours.headers
        .filter(({ section }) => section !== "DEFAULT")
        .map(({ section }) => [
          section,
          [...defaults, ...ours.settings.filter((setting) => setting.section === section)],
        ]),
    );
    const read = toSections([...sections].map(([section, settings]) => [section, settings]));
    if (!isSame(read, botocore.raw ?? {})) faults.push(`botocore: ${show(read)} is ${show(botocore.raw)}`);
  }
  const read = toSections(
    [...new Set(oursToo.settings.map(({ section }) => section))].map((section) => [
      section,
      oursToo.settings.filter((setting) => setting.section === section),
    ]),
  );
  if (!isSame(read, lowerCased(javaScript)) && !hasTwins(javaScript)) {
    faults.push(`JavaScript: ${show(read)} is ${show(javaScript)}`);
  }
  return faults;
}

function toSections(
  entries: readonly (readonly [string, readonly { readonly key: string; readonly value: string }[]])[],
): Sections {
  return Object.fromEntries(
    entries.map(([section, settings]) => [
      section,
      Object.fromEntries(settings.map(({ key: name, value: text }) => [name, text])),
    ]),
  );
}

function lowerCased(sections: Sections): Sections {
  return Object.fromEntries(
    Object.entries(sections).map(([section, settings]) => [
      section,
      Object.fromEntries(Object.entries(settings).map(([name, text]) => [name.toLowerCase(), text])),
    ]),
  );
}

/** Whether two keys differ in nothing but their case: their order in the file is lost. */
function hasTwins(sections: Sections): boolean {
  return Object.values(sections).some((settings) => {
    const names = Object.keys(settings).map((name) => name.toLowerCase());
    return new Set(names).size < names.length;
  });
}

const RIVALS = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token", "role_arn", "sso_session"];

/** What was lost, doubled or overlooked by an edit, by the readings before and after it. */
export function editFaults(
  text: string,
  { command, kind, profile, values, after }: Edit,
  botocore: { readonly before: BotocoreReading; readonly after: BotocoreReading | undefined },
  javaScript: { readonly before: Sections; readonly after: Sections | undefined },
): readonly string[] {
  const of = `${command} ${profile}`;
  const faults: string[] = [];
  const botocoreBefore =
    (kind === "config" ? botocore.before.profiles : botocore.before.raw)?.[profile] ?? {};
  const javaScriptName = (sections: Sections): string =>
    kind === "credentials"
      ? profile
      : sections[`profile.${profile}`] === undefined && profile === "default"
        ? "default"
        : `profile.${profile}`;
  const javaScriptBefore = lowerCased(javaScript.before)[javaScriptName(javaScript.before)] ?? {};
  if (command === "configure") {
    const seen = new Set(
      rivalSettings(parseConfig(text), kind, profile, runsThisProgram).map((rival) => rival.key),
    );
    const missed = RIVALS.filter(
      (name) => !seen.has(name) && (name in botocoreBefore || name in javaScriptBefore),
    );
    if (missed.length > 0) faults.push(`${of} overlooks ${missed.join(", ")}`);
  }
  if (after === undefined || botocore.after === undefined || javaScript.after === undefined) return faults;
  if (botocore.before.error === undefined && botocore.after.error !== undefined && !hasOnlyDefaults(text)) {
    faults.push(`${of} breaks the file: ${botocore.after.error}`);
  }
  // No old value of a setting that was set or removed may remain where a reader had found it.
  for (const name of Object.keys(values)) {
    for (const old of [botocoreBefore[name], javaScriptBefore[name]]) {
      const [mark] = /v\d+v/.exec(old ?? "") ?? [];
      // Those of [DEFAULT] are every other profile's as well.
      const isShared = Object.values(defaultsOf(text)).some((shared) => shared.includes(mark ?? ""));
      if (mark !== undefined && !isShared && after.includes(mark))
        faults.push(`${of} leaves the old ${name} ${mark}`);
    }
  }
  const compare = (reader: string, before: Sections, now: Sections, name: string): void => {
    const expected: Record<string, string> = {
      ...(before[name] ?? (reader === "botocore" ? defaultsOf(text) : {})),
    };
    for (const [setKey, setValue] of Object.entries(values)) {
      for (const old of Object.keys(expected)) if (old.startsWith(`${setKey}.`)) delete expected[old];
      if (setValue === undefined) delete expected[setKey];
      else expected[setKey] = setValue;
    }
    if (!isSame(now[name] ?? {}, expected))
      faults.push(`${of}, ${reader}: ${show(now[name])} should be ${show(expected)}`);
    // The JavaScript SDK knows two sections for the profile default, of which one may have held nothing but what goes.
    const isTwin = (section: string): boolean =>
      reader === "JavaScript" &&
      kind === "config" &&
      profile === "default" &&
      /^(profile\.)?default$/.test(section);
    const others = (sections: Sections): Sections =>
      Object.fromEntries(
        Object.entries(sections)
          .filter(([section]) => section !== name)
          .map(([section, settings]): [string, Readonly<Record<string, string>>] => [
            section,
            isTwin(section)
              ? Object.fromEntries(Object.entries(settings).filter(([setKey]) => !(setKey in values)))
              : settings,
          ])
          .filter(([, settings]) => Object.keys(settings).length > 0),
      );
    if (!isSame(others(now), others(before))) {
      faults.push(`${of}, ${reader}, others: ${show(others(now))} should be ${show(others(before))}`);
    }
  };
  if (botocore.before.error === undefined && botocore.after.error === undefined) {
    if (kind === "config")
      compare("botocore", botocore.before.profiles ?? {}, botocore.after.profiles ?? {}, profile);
    else compare("botocore", botocore.before.raw ?? {}, botocore.after.raw ?? {}, profile);
  }
  if (!hasTwins(javaScript.before)) {
    compare(
      "JavaScript",
      lowerCased(javaScript.before),
      lowerCased(javaScript.after),
      javaScriptName(javaScript.after),
    );
  }
  return faults;
}

/** Whether there is no section that botocore would read the settings of [DEFAULT] for. */
function hasOnlyDefaults(text: string): boolean {
  return parseConfig(text).botocore.headers.every(({ section }) => section === "DEFAULT");
}

/** What botocore takes for a section that it has not seen yet. */
function defaultsOf(text: string): Readonly<Record<string, string>> {
  const settings = parseConfig(text).botocore.settings.filter(({ section }) => section === "DEFAULT");
  return Object.fromEntries(settings.map((found) => [found.key, found.value]));
}

function isSame(one: Sections | Sections[string], other: Sections | Sections[string]): boolean {
  return sorted(one) === sorted(other);
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "object" && member !== null
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

function show(value: unknown): string {
  return JSON.stringify(value);
}

/** The parser of the AWS SDK for JavaScript. */
export function javaScriptReader(): Disposable & { read(text: string): Promise<Sections> } {
  const folder = mkdtempSync(join(tmpdir(), "ra-signer-ini-"));
  const path = join(folder, "credentials");
  return {
    async read(text) {
      writeFileSync(path, Buffer.from(text, "latin1"));
      const files = await loadSharedConfigFiles({
        filepath: path,
        configFilepath: join(folder, "none"),
        ignoreCache: true,
      });
      const found: Record<string, Record<string, string>> = {};
      for (const [section, settings] of Object.entries(files.credentialsFile)) {
        found[section] = Object.fromEntries(
          Object.entries(settings).flatMap(([name, text_]) => (text_ === undefined ? [] : [[name, text_]])),
        );
      }
      return found;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
