/** PFX ::= SEQUENCE { version INTEGER (3), … }, its length in any form that BER allows. */
// oxlint-disable-next-line no-control-regex -- these are bytes
const PFX = /^\x30(?:[\x00-\x80]|\x81[^]|\x82[^]{2}|\x83[^]{3}|\x84[^]{4})\x02\x01\x03/;

/**
 * Whether a file is PKCS#12, by its first bytes.
 *
 * @param text The file, one character for each byte (latin1).
 * @see RFC 7292 §4
 */
export function isPkcs12(text: string): boolean {
  return text.startsWith("\u0030") && PFX.test(text.slice(0, 9));
}
