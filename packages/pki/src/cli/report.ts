import { resolve } from "node:path";
import { toIsoSeconds } from "../certificate/validity.ts";
import type { StoredCertificate } from "../storage/store-certificate.ts";

export interface ReportOptions {
  readonly json: boolean;
  readonly title: string;
  readonly keyNote: string;
}

/** Tells people on stderr what was made, where, until when; with `json`, programs on stdout. Never the key. */
export function report(stored: StoredCertificate, { json, title, keyNote }: ReportOptions): void {
  const notBefore = toIsoSeconds(stored.notBefore);
  const notAfter = toIsoSeconds(stored.notAfter);
  process.stderr.write(
    [
      title,
      `  certificate  ${stored.certificatePath}`,
      `  private key  ${stored.privateKeyPath} (${keyNote})`,
      `  valid        ${notBefore} to ${notAfter}`,
      `  serial       ${stored.serialNumber}`,
      "",
    ].join("\n"),
  );
  if (json) {
    const data = {
      commonName: stored.commonName,
      certificatePath: resolve(stored.certificatePath),
      privateKeyPath: resolve(stored.privateKeyPath),
      serialNumber: stored.serialNumber,
      serialNumberDecimal: BigInt(`0x${stored.serialNumber}`).toString(),
      notBefore,
      notAfter,
    };
    process.stdout.write(`${JSON.stringify(data)}\n`);
  }
}
