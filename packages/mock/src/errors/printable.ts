/** Control and format characters, line separators and lone surrogates. They change how other text is shown. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A quick test for text that needs no escapes. */
const PLAIN = /^[ -~]*$/;

/** The length at which logs and the audit cut off the text of an error, in UTF-16 units. */
export const MAX_MESSAGE_LENGTH = 4000;

/**
 * Prepares text that others wrote for a log, an audit or an error message. Unprintable characters become escapes, so
 * that the text can neither start a new line nor send commands to a terminal. Long text is cut off.
 *
 * @param maxLength how many UTF-16 units of the text to keep; `…` marks the cut
 * @example
 * printable("CN=x\nCreateSession granted"); // String.raw`CN=x\u000aCreateSession granted`
 */
export function printable(text: string, maxLength = 1000): string {
  if (text.length <= maxLength && PLAIN.test(text)) return text;
  return clip(text, maxLength).replaceAll(UNPRINTABLE, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16);
    return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
  });
}

/** The beginning of a long text, with `…` where it was cut off. */
export function clip(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  // The beginning is copied, because a slice keeps the whole text in memory.
  return `${Buffer.from(text.slice(0, maxLength), "utf16le").toString("utf16le")}…`;
}
