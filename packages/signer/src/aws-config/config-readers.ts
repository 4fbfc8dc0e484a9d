import { isUtf8 } from "node:buffer";

import { splitWords } from "./credential-process-line.ts";

/**
 * How botocore (the AWS CLI, boto3) and the AWS SDK for JavaScript read config and credentials files. The two disagree in
 * many places, so a setting is trusted only where both have been asked.
 */

/** A setting as one reader sees it. */
export interface Setting {
  /** Section's name as the reader has it: `default`, `profile web`; `profile.web` with the JavaScript SDK. */
  readonly section: string;
  /** Name, in lower case. */
  readonly key: string;
  /** Value; botocore's continuation and nested lines are joined to it with line feeds. */
  readonly value: string;
  /** Index of its line in the document. */
  readonly line: number;
  /** How many lines it takes, continuation lines included. */
  readonly lineCount: number;
}

/** A section's header. */
export interface Header {
  readonly section: string;
  /** Index of its line in the document. */
  readonly line: number;
}

/** A line because of which botocore refuses the file, or SDKs read it in different ways. */
export interface Problem {
  /** Index of the line in the document. */
  readonly line: number;
  /** What is wrong there. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** The headers and settings that a reader sees in a file. */
export interface Reading {
  readonly headers: readonly Header[];
  readonly settings: readonly Setting[];
  /** Empty for the JavaScript SDK, which skips what it does not understand. */
  readonly problems: readonly Problem[];
}

/** The characters that Python's str.strip() and `\s` treat as white space, as a class of a regular expression. */
const PYTHON_SPACE =
  "[\\t-\\r\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const PYTHON_START = new RegExp(`^${PYTHON_SPACE}+`);
const PYTHON_END = new RegExp(`${PYTHON_SPACE}+$`);
/** Where Python's str.splitlines() splits. */
// oxlint-disable-next-line no-control-regex -- three of them are control characters
const PYTHON_LINE_ENDS = /\r\n|[\n\v\f\r\u001c-\u001e\u0085\u2028\u2029]/;

const BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";
const CONFLICT_MARKER = /^(?:<{7}|={7}|>{7}|\|{7})(?: |$)/;
/** The name of the section whose settings botocore adds to every other section. */
const DEFAULTS = "DEFAULT";

/**
 * Splits a file into lines with their endings. As Python does, a lone carriage return ends a line too.
 *
 * @param text The file's bytes, one character each (latin1).
 */
export function splitLines(text: string): readonly string[] {
  return text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
}

/**
 * Reads a file as botocore does, with the rules of Python's RawConfigParser, and goes on where botocore gives up.
 *
 * @param lines Lines of {@link splitLines}.
 * @see https://docs.python.org/3/library/configparser.html#supported-ini-file-structure
 */
export function readAsBotocore(lines: readonly string[]): Reading {
  const headers: Header[] = [];
  const settings: Setting[] = [];
  const problems: Problem[] = [...byteProblems(lines)];
  const problem = (line: number, message: string, remedy: string): void => {
    problems.push({ line, message, remedy });
  };
  const sections = new Map<string, number>();
  const seen = new Map<string, number>();
  const parts = new Map<number, { readonly line: number; readonly text: string }[]>();
  let section: string | undefined;
  let option: number | undefined;
  let indentation = 0;

  for (const [line, raw] of lines.entries()) {
    const text = decode(line === 0 ? withoutByteOrderMark(raw) : raw);
    const clean = pythonStrip(text);
    if (/^[#;]/.test(clean)) continue;
    if (clean === "") {
      if (option !== undefined) parts.get(option)?.push({ line, text: "" });
      continue;
    }
    const indented = PYTHON_START.exec(text)?.[0].length ?? 0;
    if (option !== undefined && indented > indentation) {
      parts.get(option)?.push({ line, text: clean });
      continue;
    }
    indentation = indented;
    if (CONFLICT_MARKER.test(clean)) {
      problem(line, "a marker of a merge conflict", "keep one of the two versions and delete the markers");
    }
    const header = /^\[(.+)\]/s.exec(clean)?.[1];
    if (header !== undefined) {
      const first = sections.get(header);
      if (first !== undefined && header !== DEFAULTS) {
        problem(line, `section [${header}] is there already, on line ${first + 1}`, "make the two one");
      }
      if (first === undefined) sections.set(header, line);
      headers.push({ section: header, line });
      section = header;
      option = undefined;
      continue;
    }
    if (section === undefined) {
      problem(
        line,
        "text before the first section",
        "put a header such as [default] above it, or delete the line",
      );
      continue;
    }
    const delimiter = clean.search(/[=:]/);
    if (delimiter <= 0) {
      problem(
        line,
        "a line that is neither a section nor a setting",
        "write it as key = value, or delete it",
      );
      if (delimiter === 0) option = undefined;
      continue;
    }
    const key = pythonStrip(clean.slice(0, delimiter)).toLowerCase();
    const id = `${section}\n${key}`;
    const first = seen.get(id);
    if (first !== undefined) {
      problem(line, `${key} is there already, on line ${first + 1}`, "keep one of the two");
    } else seen.set(id, line);
    option = settings.length;
    parts.set(option, [{ line, text: pythonStrip(clean.slice(delimiter + 1)) }]);
    settings.push({ section, key, value: "", line, lineCount: 1 });
  }

  const joined = settings.map(({ section: name, key, line }, index): Setting => {
    const all = parts.get(index) ?? [];
    const last = all.findLast(({ text }) => text !== "") ?? all[0];
    const value = all
      .map(({ text }) => text)
      .join("\n")
      .replace(PYTHON_END, "");
    if (value.startsWith("\n")) {
      const odd = all.find(({ text }) =>
        text.split(PYTHON_LINE_ENDS).some((part) => pythonStrip(part) !== "" && !part.includes("=")),
      );
      if (odd !== undefined) {
        problem(
          odd.line,
          `an indented line below "${key} =" that is no setting`,
          "write it as key = value, or delete it",
        );
      }
    }
    return { section: name, key, value, line, lineCount: (last?.line ?? line) - line + 1 };
  });
  return { headers, settings: joined, problems: problems.toSorted((one, other) => one.line - other.line) };
}

/** Finds bytes that botocore cannot read: it reads only UTF-8 without a byte order mark. */
function* byteProblems(lines: readonly string[]): Generator<Problem> {
  const [first = ""] = lines;
  if (/^(?:\u00ff\u00fe|\u00fe\u00ff)/.test(first) || lines.some((line) => line.includes("\0"))) {
    const line = lines.findIndex((text) => text.includes("\0"));
    yield {
      line: Math.max(line, 0),
      message: "the file is in UTF-16, or holds NUL bytes",
      remedy: "save it as UTF-8 without a byte order mark",
    };
    return;
  }
  if (first.startsWith(BYTE_ORDER_MARK)) {
    yield {
      line: 0,
      message: "the file begins with a byte order mark",
      remedy: "save it as UTF-8 without a byte order mark",
    };
  }
  const line = lines.findIndex((text) => !isUtf8(Buffer.from(text, "latin1")));
  if (line >= 0) yield { line, message: "a byte that is not UTF-8", remedy: "save the file as UTF-8" };
}

const PREFIXES: ReadonlySet<string> = new Set(["profile", "sso-session", "services"]);

/**
 * Reads a file as the AWS SDK for JavaScript does.
 *
 * @param lines Lines of {@link splitLines}.
 * @see https://github.com/smithy-lang/smithy-typescript parseIni of shared-ini-file-loader
 */
export function readAsJavaScript(lines: readonly string[]): Reading {
  const headers: Header[] = [];
  const settings: Setting[] = [];
  let section: string | undefined;
  let subsection: string | undefined;
  for (const { line, text } of javaScriptLines(lines)) {
    const trimmed = (text.split(/(^|\s)[;#]/)[0] ?? "").trim();
    if (trimmed.startsWith("[") && trimmed.endsWith("]")) {
      subsection = undefined;
      section = javaScriptSection(trimmed.slice(1, -1));
      if (section !== undefined) headers.push({ section, line });
      continue;
    }
    const equals = trimmed.indexOf("=");
    if (!section || equals < 1) continue;
    const key = trimmed.slice(0, equals).trim();
    const value = trimmed.slice(equals + 1).trim();
    if (value === "") {
      subsection = key;
      continue;
    }
    if (text.trimStart() === text) subsection = undefined;
    const name = subsection === undefined ? key : `${subsection}.${key}`;
    settings.push({ section, key: name.toLowerCase(), value, line, lineCount: 1 });
  }
  return { headers, settings, problems: [] };
}

function javaScriptSection(name: string): string | undefined {
  const found = /^([\w-]+)\s(["'])?([\w\-@+.%:/]+)\2$/.exec(name);
  if (found === null) return name;
  const [, prefix = "", , rest = ""] = found;
  return PREFIXES.has(prefix) ? `${prefix}.${rest}` : undefined;
}

/** Joins lines that end with a lone carriage return: the JavaScript SDK splits at line feeds only. */
function* javaScriptLines(
  lines: readonly string[],
): Generator<{ readonly line: number; readonly text: string }> {
  let text = "";
  let first = 0;
  for (const [line, raw] of lines.entries()) {
    text += raw;
    if (!raw.endsWith("\n") && line < lines.length - 1) continue;
    yield { line: first, text: decode(text.replace(/\r?\n$/, "")) };
    text = "";
    first = line + 1;
  }
}

/** The kind of file: profiles are named `[profile web]` in the config file, `[web]` in the credentials file. */
export type FileKind = "config" | "credentials";

/** Whether botocore reads a section as that of a profile. */
export function isProfileOfBotocore(section: string, kind: FileKind, profile: string): boolean {
  if (kind === "credentials") return section === profile;
  if (section === "default") return profile === "default";
  if (!section.startsWith("profile")) return false;
  const words = splitWords(section.replaceAll(/[\r\n]/g, " "));
  return words?.length === 2 && words[1] === profile;
}

/** Whether the AWS SDK for JavaScript reads a section as that of a profile. */
export function isProfileOfJavaScript(section: string, kind: FileKind, profile: string): boolean {
  if (kind === "credentials") return section === profile;
  return section === `profile.${profile}` || (profile === "default" && section === "default");
}

/** Whether some reader may take a section for that of a profile: blanks and quotes are ignored. */
export function mayBeProfile(section: string, kind: FileKind, profile: string): boolean {
  const [, prefix, quoted = ""] = /^\s*(profile[\s.]+)?(.*?)\s*$/s.exec(section) ?? [];
  const name = quoted.replace(/^(["'])(.*)\1$/s, "$2").trim();
  if (name !== profile) return false;
  return kind === "credentials" ? prefix === undefined : prefix !== undefined || profile === "default";
}

function decode(bytes: string): string {
  // oxlint-disable-next-line no-control-regex -- what is the same in ASCII and UTF-8
  return /^[\u0000-\u007f]*$/.test(bytes) ? bytes : Buffer.from(bytes, "latin1").toString("utf8");
}

function withoutByteOrderMark(line: string): string {
  return line.startsWith(BYTE_ORDER_MARK) ? line.slice(BYTE_ORDER_MARK.length) : line;
}

function pythonStrip(text: string): string {
  return text.replace(PYTHON_START, "").replace(PYTHON_END, "");
}
