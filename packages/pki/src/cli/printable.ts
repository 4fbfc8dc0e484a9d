/**
 * One line of JSON. Characters that a terminal acts upon, or that a reader of lines takes for an end, become `\uXXXX`: it is the
 * same JSON.
 */
export function jsonLine(data: object): string {
  const json = JSON.stringify(data).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
  return `${json}\n`;
}

/** Makes one line that a terminal can show: control characters, which may come from a certificate, become escapes. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
