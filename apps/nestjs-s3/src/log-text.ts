/** Longest text of others that one line of the log holds, in characters. */
const LONGEST_TEXT = 1000;

/**
 * Text that others wrote, as it may stand in one line of a log or a terminal: control characters (which could move the
 * cursor or forge a line) are shown as escapes, and the length is bounded.
 */
export function printable(text: string): string {
  const bounded = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;
  // Cc: control characters. Cf: invisible ones such as those that turn the writing direction. Zl, Zp: line ends of Unicode.
  return bounded.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === "\n" ? "\\n" : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/**
 * Why something failed, in one line for the log. It may hold what a credential process or AWS said, so clients do not
 * get to see it.
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
