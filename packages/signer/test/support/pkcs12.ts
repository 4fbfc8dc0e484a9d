import { writeFileSync } from "node:fs";

import { opensslBytes, temporaryFolder } from "@roles-anywhere/testing";
import type { TestIdentity } from "@roles-anywhere/testing";

/** What is put into a PKCS#12 file. */
export interface Pkcs12Contents extends TestIdentity {
  /** PEM of further certificates, in the order of the file. */
  readonly others?: readonly string[];
}

/**
 * Makes a PKCS#12 file with OpenSSL.
 *
 * @param args Further arguments of `openssl pkcs12 -export`.
 */
export function exportPkcs12(contents: Pkcs12Contents, password = "", args: readonly string[] = []): Buffer {
  using folder = temporaryFolder();
  writeFileSync(folder.join("key.pem"), contents.privateKeyPem);
  writeFileSync(folder.join("certificate.pem"), contents.certificatePem);
  writeFileSync(folder.join("others.pem"), (contents.others ?? []).join("\n"));
  return opensslBytes([
    ...["pkcs12", "-export", "-inkey", folder.join("key.pem"), "-in", folder.join("certificate.pem")],
    ...(contents.others === undefined ? [] : ["-certfile", folder.join("others.pem")]),
    ...["-passout", `pass:${password}`, ...args],
  ]);
}

/** One DER value: a tag and what it holds. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const size = content.length;
  const length =
    size < 0x80 ? [size] : size < 0x1_00 ? [0x81, size] : [0x82, Math.floor(size / 0x1_00), size % 0x1_00];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents);
export const octetString = (content: Uint8Array): Buffer => der(0x04, content);
export const explicit = (tag: number, ...contents: readonly Uint8Array[]): Buffer =>
  der(0xa0 + tag, ...contents);
export const integer = (value: number): Buffer =>
  der(0x02, Buffer.from(value < 0x80 ? [value] : [Math.floor(value / 0x1_00), value % 0x1_00]));

/** An OBJECT IDENTIFIER from its dotted form. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(arc: number): readonly number[] {
  const digits = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
    digits.unshift((left % 128) + 128);
  }
  return digits;
}

const DATA = "1.2.840.113549.1.7.1";
const BAGS = "1.2.840.113549.1.12.10.1";

/** A bag of a PKCS#12 file: 1 key, 2 encrypted key, 3 certificate, 6 a group of bags. */
export function bag(kind: 1 | 2 | 3 | 6, content: Uint8Array): Buffer {
  const value =
    kind === 3
      ? sequence(objectIdentifier("1.2.840.113549.1.9.22.1"), explicit(0, octetString(content)))
      : content;
  return sequence(objectIdentifier(`${BAGS}.${kind}`), explicit(0, value));
}

/** The content of a PKCS#12 file with these bags, none of them encrypted by it: what its MAC protects. */
export function authenticatedSafe(bags: readonly Uint8Array[]): Buffer {
  return sequence(dataContent(sequence(...bags)));
}

/** A PKCS#12 file as OpenSSL would not make it. */
export function pfx(safe: Uint8Array, macData?: Uint8Array): Buffer {
  return sequence(integer(3), dataContent(safe), ...(macData === undefined ? [] : [macData]));
}

function dataContent(content: Uint8Array): Buffer {
  return sequence(objectIdentifier(DATA), explicit(0, octetString(content)));
}
