/** How many characters of a text from outside this server one line of the log holds. */
const LONGEST_TEXT = 1000;

/**
 * Makes text from outside this server safe for one line of a log or a terminal: control characters, which could move the
 * cursor or forge a line, become escapes, and the length is limited.
 */
export function printable(text: string): string {
  const bounded = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;
  // Cc: control characters. Cf: invisible ones such as those that turn the writing direction. Zl, Zp: line ends of Unicode.
  return bounded.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === "\n" ? "\\n" : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/**
 * Says in one line for the log why something failed. The line may hold the words of a credential process or of AWS, so
 * clients must not see it.
 *
 * When a credential process fails, the SDK's message is `Command failed: <the whole command line>` and, from the next
 * line on, what the process wrote to stderr. The command line may hold a password, so it is left out.
 *
 * @param error - Whatever was thrown.
 */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  if (!message.startsWith("Command failed:")) return printable(message.trim()) || "no reason was given";
  const [, ...written] = message.split("\n");
  return printable(written.join("\n").trim()) || "the credential process failed without saying why";
}
