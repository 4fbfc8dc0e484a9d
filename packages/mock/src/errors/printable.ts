/** Control and format characters, line separators and lone surrogates: what changes how the text around it is shown. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Text that needs no escapes, found fast. */
const PLAIN = /^[ -~]*$/;

/** How much of an error's text logs and the audit show, in UTF-16 units. */
export const MAX_MESSAGE_LENGTH = 4000;

/**
 * Prepares text that others wrote for a log, an audit or an error message: unprintable characters become escapes, so
 * that the text can neither start a line of its own nor speak to a terminal, and long text is cut off.
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
  // Copied, since a slice keeps the whole text in memory for as long as it lives.
  return `${Buffer.from(text.slice(0, maxLength), "utf16le").toString("utf16le")}…`;
}
