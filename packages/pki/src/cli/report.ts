import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { SignedCertificate } from "../certificate/issued-certificate.ts";
import { toIsoSeconds } from "../certificate/validity.ts";
import type { PkiWarning } from "../errors.ts";
import type { CertificatePaths } from "../storage/layout.ts";

/** Writes one line about the command to stderr. */
export type Warn = (message: string) => void;

export interface ReportText {
  /** What was made, and for whom. */
  readonly title: string;
  /** What to know about the key file; without it there is no key file. */
  readonly keyNote?: string | undefined;
  /** The command to run next. */
  readonly next: string;
}

/** Prints what was made, where and until when: on stderr for people and, with `json`, on stdout. Never prints the key. */
export function report(
  stored: SignedCertificate & CertificatePaths,
  { json, warn }: { readonly json: boolean; readonly warn: Warn },
  { title, keyNote, next }: ReportText,
): void {
  const notBefore = toIsoSeconds(stored.notBefore);
  const notAfter = toIsoSeconds(stored.notAfter);
  const chainPath = stored.chainPem === "" ? undefined : stored.chainPath;
  process.stderr.write(
    [
      title,
      `  certificate  ${stored.certificatePath}`,
      ...(chainPath === undefined
        ? []
        : [`  chain        ${chainPath} (the client sends it as its intermediates)`]),
      ...(keyNote === undefined ? [] : [`  private key  ${stored.privateKeyPath} (${keyNote})`]),
      `  key type     ${stored.keyType}`,
      `  valid        ${notBefore} to ${notAfter}`,
      `  serial       ${stored.serialNumber}`,
      `  next         ${next}`,
      "",
    ].join("\n"),
  );
  warnAbout(stored.warnings, warn);
  if (!json) return;
  const data = {
    commonName: stored.commonName,
    subject: stored.subject,
    certificatePath: resolve(stored.certificatePath),
    chainPath: chainPath === undefined ? undefined : resolve(chainPath),
    privateKeyPath: existsSync(stored.privateKeyPath) ? resolve(stored.privateKeyPath) : undefined,
    keyType: stored.keyType,
    serialNumber: stored.serialNumber,
    serialNumberDecimal: BigInt(`0x${stored.serialNumber}`).toString(),
    notBefore,
    notAfter,
    warnings: stored.warnings,
  };
  process.stdout.write(`${JSON.stringify(data)}\n`);
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
