import { isUtf8 } from "node:buffer";

import { splitWords } from "./credential-process-line.ts";

// How botocore (the AWS CLI, boto3) and the AWS SDK for JavaScript read config and credentials files. The two disagree in
// many places, so a setting is trusted only where both have been asked.

/** A section's header. */
export interface Header {
  /** Section's name as the reader has it: `default`, `profile web`; `profile.web` with the JavaScript SDK. */
  readonly section: string;
  /** Index of its line. */
  readonly line: number;
}

export interface Setting extends Header {
  /** In lower case. */
  readonly key: string;
  /** Value; botocore's continuation and nested lines are joined to it with line feeds. */
  readonly value: string;
  /** How many lines it takes, continuation lines included. */
  readonly lineCount: number;
}

/** A line because of which botocore refuses the file, or SDKs read it in different ways. */
export interface Problem {
  readonly line: number;
  readonly message: string;
  readonly remedy: string;
}

/** What a reader sees in a file. */
export interface Reading {
  readonly headers: readonly Header[];
  readonly settings: readonly Setting[];
  /** Empty for the JavaScript SDK, which skips what it does not understand. */
  readonly problems: readonly Problem[];
  readonly isProfile: IsProfile;
}

/** The kind of file: profiles are named `[profile web]` in the config file, `[web]` in the credentials file. */
export type FileKind = "config" | "credentials";

/** Whether a section is that of a profile. */
export type IsProfile = (section: string, kind: FileKind, profile: string) => boolean;

/** The characters that Python's str.strip() and `\s` treat as white space, as a class of a regular expression. */
const PYTHON_SPACE =
  "[\\t-\\r\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const PYTHON_START = new RegExp(`^${PYTHON_SPACE}+`);
const PYTHON_END = new RegExp(`${PYTHON_SPACE}+$`);
/** Where Python's str.splitlines() splits. */
// oxlint-disable-next-line no-control-regex -- three of them are control characters
const PYTHON_LINE_ENDS = /\r\n|[\n\v\f\r\u001c-\u001e\u0085\u2028\u2029]/;

const CONFLICT_MARKER = /^(?:<{7}|={7}|>{7}|\|{7})(?: |$)/;
const AS_SETTING = "write it as key = value, or delete it";
const AS_UTF8 = "save it as UTF-8 without a byte order mark";

/** Splits a file into lines with their endings. As Python does, a lone carriage return ends a line too. */
export function splitLines(text: string): readonly string[] {
  return text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
}

/**
 * Reads a file as botocore does, with the rules of Python's RawConfigParser, and goes on where botocore gives up.
 *
 * @see https://docs.python.org/3/library/configparser.html#supported-ini-file-structure
 */
export function readAsBotocore(bytes: string): Reading {
  const headers: Header[] = [];
  const drafts: (Header & { readonly key: string; readonly parts: { line: number; text: string }[] })[] = [];
  const problems: Problem[] = [...byteProblems(bytes)];
  const problem = (line: number, message: string, remedy: string): void =>
    void problems.push({ line, message, remedy });
  const seen = new Map<string, number>();
  const refuseTwins = (name: string, id: string, line: number, remedy: string): void => {
    const first = seen.get(id);
    if (first === undefined) seen.set(id, line);
    else problem(line, `${name} is there already, on line ${first + 1}`, remedy);
  };
  let section: string | undefined;
  let setting: (typeof drafts)[number] | undefined;
  let indentation = 0;

  for (const [line, text] of splitLines(decode(bytes).replace(/^\ufeff/, "")).entries()) {
    const clean = pythonStrip(text);
    const indented = PYTHON_START.exec(text)?.[0].length ?? 0;
    if (/^[#;]/.test(clean)) continue;
    if (clean === "" || (setting !== undefined && indented > indentation)) {
      setting?.parts.push({ line, text: clean });
      continue;
    }
    indentation = indented;
    if (CONFLICT_MARKER.test(clean)) {
      problem(line, "a marker of a merge conflict", "keep one of the two versions and delete the markers");
    }
    const header = /^\[(.+)\]/s.exec(clean)?.[1];
    const delimiter = clean.search(/[=:]/);
    if (header !== undefined) {
      // Botocore adds the settings of [DEFAULT] to every other section.
      if (header !== "DEFAULT") refuseTwins(`section [${header}]`, header, line, "make the two one");
      headers.push({ section: header, line });
      section = header;
      setting = undefined;
    } else if (section === undefined) {
      const remedy = "put a header such as [default] above it, or delete the line";
      problem(line, "text before the first section", remedy);
    } else if (delimiter <= 0) {
      problem(line, "a line that is neither a section nor a setting", AS_SETTING);
      if (delimiter === 0) setting = undefined;
    } else {
      const key = pythonStrip(clean.slice(0, delimiter)).toLowerCase();
      refuseTwins(key, `${section}\n${key}`, line, "keep one of the two");
      setting = { section, key, line, parts: [{ line, text: pythonStrip(clean.slice(delimiter + 1)) }] };
      drafts.push(setting);
    }
  }

  const settings = drafts.map(({ section: name, key, line, parts }): Setting => {
    const lines = parts.map(({ text }) => text).join("\n");
    const value = lines.replace(PYTHON_END, "");
    const isOdd = (part: string): boolean => pythonStrip(part) !== "" && !part.includes("=");
    const odd = parts.find(({ text }) => value.startsWith("\n") && text.split(PYTHON_LINE_ENDS).some(isOdd));
    if (odd !== undefined) {
      problem(odd.line, `an indented line below "${key} =" that is no setting`, AS_SETTING);
    }
    const last = parts.findLast(({ text }) => text !== "")?.line ?? line;
    return { section: name, key, value, line, lineCount: last - line + 1 };
  });
  return {
    headers,
    settings,
    problems: problems.toSorted((one, other) => one.line - other.line),
    isProfile: isProfileOfBotocore,
  };
}

/** Finds bytes that botocore cannot read: it reads only UTF-8 without a byte order mark. */
function* byteProblems(bytes: string): Generator<Problem> {
  const lines = splitLines(bytes);
  const nul = lines.findIndex((text) => text.includes("\0"));
  if (/^(?:\u00ff\u00fe|\u00fe\u00ff)/.test(bytes) || nul >= 0) {
    yield { line: Math.max(nul, 0), message: "the file is in UTF-16, or holds NUL bytes", remedy: AS_UTF8 };
    return;
  }
  if (bytes.startsWith("\u00ef\u00bb\u00bf")) {
    yield { line: 0, message: "the file begins with a byte order mark", remedy: AS_UTF8 };
  }
  const line = lines.findIndex((text) => !isUtf8(Buffer.from(text, "latin1")));
  if (line >= 0) yield { line, message: "a byte that is not UTF-8", remedy: "save the file as UTF-8" };
}

/** Reads a file as parseIni of the AWS SDK for JavaScript does, see https://github.com/smithy-lang/smithy-typescript */
export function readAsJavaScript(bytes: string): Reading {
  const headers: Header[] = [];
  const settings: Setting[] = [];
  let section: string | undefined;
  let subsection: string | undefined;
  let next = 0;
  for (const text of decode(bytes).split(/\r?\n/)) {
    const line = next;
    // It splits at line feeds only. The lines that are counted end at a lone carriage return too.
    next += text.split("\r").length;
    const trimmed = (text.split(/(^|\s)[;#]/)[0] ?? "").trim();
    const equals = trimmed.indexOf("=");
    if (trimmed.startsWith("[") && trimmed.endsWith("]")) {
      subsection = undefined;
      section = javaScriptSection(trimmed.slice(1, -1));
      if (section !== undefined) headers.push({ section, line });
    } else if (section && equals >= 1) {
      const key = trimmed.slice(0, equals).trim();
      const value = trimmed.slice(equals + 1).trim();
      if (value === "" || text.trimStart() === text) subsection = value === "" ? key : undefined;
      const name = subsection === undefined ? key : `${subsection}.${key}`;
      if (value !== "") settings.push({ section, key: name.toLowerCase(), value, line, lineCount: 1 });
    }
  }
  return { headers, settings, problems: [], isProfile: isProfileOfJavaScript };
}

function javaScriptSection(name: string): string | undefined {
  const [, prefix, , rest] = /^([\w-]+)\s(["'])?([\w\-@+.%:/]+)\2$/.exec(name) ?? [];
  if (prefix === undefined) return name;
  return ["profile", "sso-session", "services"].includes(prefix) ? `${prefix}.${rest}` : undefined;
}

const isProfileOfBotocore: IsProfile = (section, kind, profile) => {
  if (kind === "credentials") return section === profile;
  if (section === "default") return profile === "default";
  if (!section.startsWith("profile")) return false;
  const words = splitWords(section.replaceAll(/[\r\n]/g, " "));
  return words?.length === 2 && words[1] === profile;
};

const isProfileOfJavaScript: IsProfile = (section, kind, profile) => {
  if (kind === "credentials") return section === profile;
  return section === `profile.${profile}` || (profile === "default" && section === "default");
};

/** Whether one of the two readers takes a section for that of a profile. */
export const isReadFor: IsProfile = (...of) => isProfileOfBotocore(...of) || isProfileOfJavaScript(...of);

/** Whether some other reader may take a section for that of a profile: blanks and quotes are ignored. */
export const mayBeProfile: IsProfile = (section, kind, profile) => {
  const [, prefix, quoted = ""] = /^\s*(profile[\s.]+)?(.*?)\s*$/s.exec(section) ?? [];
  const name = quoted.replace(/^(["'])(.*)\1$/s, "$2").trim();
  if (name !== profile) return false;
  return kind === "credentials" ? prefix === undefined : prefix !== undefined || profile === "default";
};

/** The text of UTF-8 bytes, which are one character each. */
export function decode(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}

function pythonStrip(text: string): string {
  return text.replace(PYTHON_START, "").replace(PYTHON_END, "");
}
