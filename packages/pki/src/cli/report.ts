import { resolve } from "node:path";
import { writeAll } from "@roles-anywhere/files";
import type { SignedCertificate } from "../certificate/issued-certificate.ts";
import { toIsoSeconds } from "../certificate/validity.ts";
import type { PkiWarning } from "../errors.ts";
import type { CertificatePaths } from "../storage/layout.ts";
import { jsonLine, printable } from "./printable.ts";

/** Writes one line about the command to stderr. */
export type Warn = (message: string) => void;

export interface ReportText {
  /** What was made, and for whom. */
  readonly title: string;
  /** What to know about the key file. */
  readonly keyNote: string;
  /** The command to run next. */
  readonly next: string;
}

/** Prints what was made, where and until when: on stderr for people and, with `json`, on stdout. Never prints the key. */
export function report(
  stored: SignedCertificate & CertificatePaths,
  { json, warn }: { readonly json: boolean; readonly warn: Warn },
  { title, keyNote, next }: ReportText,
): void {
  printLines(title, [...certificateLines(stored, keyNote), ["next", next]]);
  warnAbout(stored.warnings, warn);
  if (json) printJson(certificateJson(stored), { privateKeyPath: stored.privateKeyPath });
}

/** Prints a title and labelled lines on stderr. Control characters, which may come from a request, become escapes. */
export function printLines(title: string, lines: readonly (readonly [label: string, text: string])[]): void {
  const text = [title, ...lines.map(([label, value]) => `  ${label.padEnd(11)}  ${value}`)];
  writeAll(2, text.map((line) => `${printable(line)}\n`).join(""));
}

/** Where a certificate is, and what of it people need to know. */
export function certificateLines(
  stored: SignedCertificate & CertificatePaths,
  keyNote?: string,
): [label: string, text: string][] {
  return [
    ["certificate", stored.certificatePath],
    ...(stored.chainPem === ""
      ? []
      : [
          ["chain", `${stored.chainPath} (the client sends it as its intermediates)`] satisfies [
            string,
            string,
          ],
        ]),
    ...(keyNote === undefined
      ? []
      : [["private key", `${stored.privateKeyPath} (${keyNote})`] satisfies [string, string]]),
    ["key type", stored.keyType],
    ["valid", `${toIsoSeconds(stored.notBefore)} to ${toIsoSeconds(stored.notAfter)}`],
    ["serial", stored.serialNumber],
  ];
}

/** What `--json` prints of a certificate. */
export function certificateJson(stored: SignedCertificate & CertificatePaths) {
  return {
    commonName: stored.commonName,
    subject: stored.subject,
    certificatePath: resolve(stored.certificatePath),
    chainPath: stored.chainPem === "" ? undefined : resolve(stored.chainPath),
    keyType: stored.keyType,
    serialNumber: stored.serialNumber,
    serialNumberDecimal: BigInt(`0x${stored.serialNumber}`).toString(),
    notBefore: toIsoSeconds(stored.notBefore),
    notAfter: toIsoSeconds(stored.notAfter),
    warnings: stored.warnings,
  };
}

/** Prints one line of JSON on stdout. Paths become absolute. */
export function printJson(data: object, paths: Readonly<Record<string, string>> = {}): void {
  const absolute = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, resolve(path)]));
  writeAll(1, jsonLine({ ...data, ...absolute }));
}

export function warnAbout(warnings: readonly PkiWarning[], warn: Warn): void {
  for (const { code, message } of warnings) warn(`warning: ${message} [${code}]`);
}

/** A word of a command line, in quotes where the shell needs them. */
export function shellWord(text: string): string {
  return /^[\w./:=@,+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** `--dir <folder>` for the next command, unless the folder is the default one. */
export function dirFlag(dir: string): string {
  return dir === "pki" ? "" : ` --dir ${shellWord(dir)}`;
}
