/**
 * An AWS config or credentials file, for edits that leave every other byte alone.
 *
 * Texts are "binary" (latin1) strings, one character per byte, so that a file in any encoding survives.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export interface ConfigDocument {
  /** Lines with their line endings; joined they are the file. */
  readonly lines: readonly string[];
}

/** A setting of a section. */
export interface Setting {
  /** Index of its line. */
  readonly line: number;
  /** How many lines it takes, continuation or nested lines included. */
  readonly lineCount: number;
  readonly key: string;
  readonly value: string;
}

/** A section, from its header to the line before the next one. */
export interface Section {
  /** Name in brackets: `default`, `profile web`, `sso-session x`. */
  readonly name: string;
  /** Index of the header's line. */
  readonly line: number;
  readonly settings: readonly Setting[];
}

// Not \s, which would match single bytes of UTF-8 characters.
const HEADER = /^[ \t]*\[([^\]]*)\][ \t]*(?:[#;].*)?$/;
const IGNORED = /^[ \t]*([#;].*)?$/;
const INDENTED = /^[ \t]/;
const BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

/** Splits a file into lines; `\r\n` and `\n` may be mixed. */
export function parseConfig(text: string): ConfigDocument {
  return { lines: text.match(/[^\n]*\n|[^\n]+$/g) ?? [] };
}

/** The file again. */
export function formatConfig(document: ConfigDocument): string {
  return document.lines.join("");
}

/** All sections in order. */
export function sectionsOf(document: ConfigDocument): readonly Section[] {
  const sections: { readonly name: string; readonly line: number; readonly settings: Setting[] }[] = [];
  // Whether an indented line belongs to the last setting, and not to a line that is none.
  let continues = false;
  for (const [line, raw] of document.lines.entries()) {
    const text = withoutEnding(line === 0 && raw.startsWith(BYTE_ORDER_MARK) ? raw.slice(3) : raw);
    const header = HEADER.exec(text);
    if (header !== null) {
      sections.push({ name: normalName(header[1] ?? ""), line, settings: [] });
      continues = false;
      continue;
    }
    const section = sections.at(-1);
    if (section === undefined || IGNORED.test(text)) continue;
    const previous = section.settings.at(-1);
    if (INDENTED.test(text)) {
      if (previous !== undefined && continues) {
        section.settings[section.settings.length - 1] = { ...previous, lineCount: line - previous.line + 1 };
      }
      continue;
    }
    const equals = text.indexOf("=");
    continues = equals > 0;
    if (!continues) continue;
    const key = text.slice(0, equals).trim().toLowerCase();
    section.settings.push({ line, lineCount: 1, key, value: text.slice(equals + 1).trim() });
  }
  return sections;
}

/** The sections of a profile in a config file (`[profile web]`; `[default]` and `[profile default]`). */
export function profileSections(document: ConfigDocument, profile: string): readonly Section[] {
  const names = profile === "default" ? ["default", "profile default"] : [`profile ${profile}`];
  return sectionsOf(document).filter(({ name }) => names.includes(name));
}

/** The sections of a profile in a credentials file, where they are named without `profile `. */
export function credentialsSections(document: ConfigDocument, profile: string): readonly Section[] {
  return sectionsOf(document).filter(({ name }) => name === profile);
}

/**
 * Sets keys of a profile in a config file; a section is appended when there is none. A key that stands more than once is
 * set everywhere, so that no two readers disagree.
 *
 * @param document The file.
 * @param profile Name without `profile `.
 * @param values New values in the order to write them; `undefined` removes the key.
 */
export function setProfile(document: ConfigDocument, profile: string, values: Values): ConfigDocument {
  const header = profile === "default" ? "[default]" : `[profile ${profile}]`;
  return setKeys(document, profileSections(document, profile), header, values);
}

/** The same for a credentials file. */
export function setCredentials(document: ConfigDocument, profile: string, values: Values): ConfigDocument {
  return setKeys(document, credentialsSections(document, profile), `[${profile}]`, values);
}

type Values = Readonly<Record<string, string | undefined>>;

function setKeys(
  document: ConfigDocument,
  sections: readonly Section[],
  header: string,
  values: Values,
): ConfigDocument {
  const [first] = sections;
  const eol = dominantEnding(document);
  if (first === undefined) return appendSection(document, header, values, eol);

  const lines: (string | undefined)[] = [...document.lines];
  const added: string[] = [];
  for (const [key, value] of Object.entries(values)) {
    const settings = sections.flatMap((section) => section.settings).filter((setting) => setting.key === key);
    for (const setting of settings) {
      const ending = endingOf(document.lines[setting.line + setting.lineCount - 1] ?? "");
      lines.fill(undefined, setting.line, setting.line + setting.lineCount);
      if (value !== undefined) lines[setting.line] = `${key} = ${value}${ending}`;
    }
    if (settings.length === 0 && value !== undefined) added.push(`${key} = ${value}`);
  }
  if (added.length > 0) {
    const place = insertionLine(document, first);
    const before = lines[place] ?? "";
    // A line that ends the file without a line ending leaves the file without one.
    const ending = endingOf(before);
    lines[place] = `${withoutEnding(before)}${ending || eol}${added.join(ending || eol)}${ending}`;
  }
  const text = lines.filter((line) => line !== undefined).join("");
  return parseConfig(text);
}

/**
 * The line after which a new setting can stand: the header, so that no nested block swallows it. But where indented lines
 * follow the header directly, only below them: boto3 would read them as a continuation of the new setting.
 */
function insertionLine(document: ConfigDocument, section: Section): number {
  let place = section.line;
  for (let line = section.line + 1; line < document.lines.length; line += 1) {
    const text = withoutEnding(document.lines[line] ?? "");
    if (IGNORED.test(text)) continue;
    if (!INDENTED.test(text) || HEADER.test(text)) break;
    place = line;
  }
  return place;
}

function appendSection(
  document: ConfigDocument,
  header: string,
  values: Values,
  eol: string,
): ConfigDocument {
  const text = formatConfig(document);
  const settings = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key} = ${value}${eol}`],
  );
  const gap = text === "" ? "" : text.endsWith("\n") ? eol : `${eol}${eol}`;
  return parseConfig(`${text}${gap}${header}${eol}${settings.join("")}`);
}

/** `profile "web"` and `profile   web` are `profile web`. */
function normalName(name: string): string {
  const [, prefix, quoted] = /^\s*(profile\s+)?(.*?)\s*$/.exec(name) ?? [];
  const plain = (quoted ?? "").replace(/^(["'])(.*)\1$/, "$2");
  return prefix === undefined ? plain : `profile ${plain}`;
}

function dominantEnding(document: ConfigDocument): string {
  const crlf = document.lines.filter((line) => line.endsWith("\r\n")).length;
  return crlf * 2 > document.lines.length ? "\r\n" : "\n";
}

function endingOf(line: string): string {
  return /\r?\n$/.exec(line)?.[0] ?? "";
}

function withoutEnding(line: string): string {
  return line.slice(0, line.length - endingOf(line).length);
}
