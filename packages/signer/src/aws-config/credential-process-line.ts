import { quoted, SignerError } from "../errors.ts";

/**
 * Quotes a word of a credential_process line so that every SDK reads it back as it was. Some SDKs hand the line to `sh -c`
 * (JavaScript, Go, Rust), some split it as Python's shlex does (boto3, AWS CLI); on Windows it goes to cmd.exe or to the
 * C run-time rules.
 *
 * @param platform Value of process.platform where the line will run.
 * @throws {SignerError} ERR_SIGNER_CONFIG_VALUE_INVALID for characters that no quoting protects in all SDKs: line breaks
 *   and other control characters; white space before `#` or `;`, where some config readers see a comment; `"` and `%` on
 *   Windows.
 */
export function quoteWord(word: string, platform: string): string {
  const refuse = (what: RegExp, why: string): void => {
    if (!what.test(word)) return;
    const message = `${quoted(word)} cannot be written into credential_process: it holds ${why}; use another path or name`;
    throw new SignerError("ERR_SIGNER_CONFIG_VALUE_INVALID", message);
  };
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  refuse(/[\u0000-\u001f\u007f\u0085\u2028\u2029]/, "a control character");
  refuse(/\s[#;]/, "a space before # or ;, where config readers see a comment");
  if (platform === "win32") {
    refuse(/["%]/, '" or %, which cmd.exe interprets');
    return `"${word.replace(/\\+$/, "$&$&")}"`;
  }
  if (!/["$`\\!]/.test(word)) return `"${word}"`;
  // In single quotes both sh and shlex take everything literally, but a single quote has to stand in double quotes.
  return word
    .split(/('+)/)
    .filter((part) => part !== "")
    .map((part) => (part.startsWith("'") ? `"${part}"` : `'${part}'`))
    .join("");
}

/** Text in single and in double quotes, an escaped character, blanks; else one character, or a quote that is left open. */
const PART = /'([^']*)'|"((?:[^"\\]|\\["\\]|\\(?!["\\]))*)"|\\(.)|[ \t]+|[^]/gs;

/** Splits a line into words by the rules that sh and shlex share. Undefined when a quote is left open. */
export function splitWords(line: string): readonly string[] | undefined {
  const words: string[] = [];
  let isInWord = false;
  for (const [part, single, double, escaped] of line.matchAll(PART)) {
    if (part === "'" || part === '"') return undefined;
    const isBlank = /^[ \t]/.test(part);
    const text = single ?? double?.replaceAll(/\\(["\\])/g, "$1") ?? escaped ?? part;
    if (!isBlank) words.push(`${isInWord ? words.pop() : ""}${text}`);
    isInWord = !isBlank;
  }
  return words;
}

/** Whether a credential_process line runs `ra-signer credential-process`, installed or from its built file. */
export function runsThisProgram(line: string): boolean {
  const words = splitWords(line) ?? [];
  const command = words.indexOf("credential-process");
  if (command < 1) return false;
  const program = (words[command - 1] ?? "").replaceAll("\\", "/");
  return (
    /(^|\/)ra-signer(\.cmd|\.exe|\.c?js)?$/.test(program) || /signer\/dist\/cli\/main\.c?js$/.test(program)
  );
}
