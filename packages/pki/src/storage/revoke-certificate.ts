import { join } from "node:path";
import { toIsoSeconds } from "../certificate/validity.ts";
import { systemDependencies } from "../dependencies.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { PkiError } from "../errors.ts";
import { checkReason } from "../revocation/revocation-reason.ts";
import type { RevocationReason } from "../revocation/revocation-reason.ts";
import { changeFolder, isAuthority } from "./authority-folder.ts";
import { appendRecords, entriesOf, LOG_FILE_NAME, readLogText, recordsIn } from "./issuance-log.ts";
import type { LogEntry, LogRecord, RevokedRecord } from "./issuance-log.ts";
import { authorityPaths } from "./layout.ts";
import { readIfThere } from "./write-files.ts";

export interface RevocationOptions {
  /** Folder of the CA. */
  readonly directory: string;
  /** The common name of a certificate, or its serial number in hexadecimal. */
  readonly certificate: string;
  /** @default "unspecified" */
  readonly reason?: RevocationReason | undefined;
  /** Revoke every certificate of the name, when it has several that are valid. @default false */
  readonly all?: boolean | undefined;
  /**
   * The name of the CA that issued the certificate: needed only for a serial number that the issuance log does not know,
   * because another program issued it.
   */
  readonly authorityName?: string | undefined;
}

/** A revocation, and the certificate, where the log knows it. */
export interface StoredRevocation extends RevokedRecord {
  readonly commonName?: string | undefined;
  readonly notAfter?: string | undefined;
}

/**
 * Records that certificates are revoked. It needs no key. The next revocation list of their CA has them.
 *
 * @returns what was revoked, more than one with `all` only
 * @throws {PkiError} ERR_PKI_CERTIFICATE_NOT_FOUND when the log has no such certificate that is still valid;
 *   ERR_PKI_CERTIFICATE_AMBIGUOUS when a name has several; ERR_PKI_CERTIFICATE_REVOKED when it is revoked;
 *   ERR_PKI_AUTHORITY_NOT_FOUND when the folder has no CA `authorityName`;
 *   ERR_PKI_LOG_INVALID, ERR_PKI_LOCKED, ERR_PKI_FILE_SYSTEM
 * @example
 * await revokeCertificate({ directory: "pki", certificate: "server-a", reason: "keyCompromise" });
 */
export async function revokeCertificate(
  options: RevocationOptions,
  dependencies: Partial<Pick<PkiDependencies, "now">> = {},
): Promise<StoredRevocation[]> {
  const { directory, reason = "unspecified" } = options;
  checkReason(reason);
  const { now } = { ...systemDependencies, ...dependencies };
  return changeFolder(directory, async () => {
    const time = toIsoSeconds(now());
    const records = recordsIn(readLogText(directory), join(directory, LOG_FILE_NAME));
    if (options.authorityName !== undefined) checkAuthority(directory, options.authorityName);
    const found = findCertificates(records, options, time);
    const revocations = found.map(({ commonName, notAfter, serialNumber, authority }) => {
      const record: RevokedRecord = { event: "revoked", time, serialNumber, authority, reason };
      return { record, stored: { ...record, commonName, notAfter } };
    });
    await appendRecords(
      directory,
      revocations.map(({ record }) => record),
    );
    return revocations.map(({ stored }) => stored);
  });
}

interface Found {
  readonly serialNumber: string;
  readonly authority: string;
  readonly commonName?: string | undefined;
  readonly notAfter?: string | undefined;
}

function findCertificates(
  records: readonly LogRecord[],
  { certificate, all = false, authorityName, directory }: RevocationOptions,
  time: string,
): readonly Found[] {
  const entries = entriesOf(records);
  const serialNumber = toSerialNumber(certificate);
  const known = entries.find((entry) => entry.serialNumber === serialNumber && entry.fate !== "discarded");
  if (known !== undefined) return [notRevoked(known)];
  const named = entries.filter(({ commonName, fate }) => commonName === certificate && fate !== "discarded");
  const valid = named.filter(({ fate, notAfter }) => fate !== "revoked" && notAfter > time);
  if (valid.length > 1 && !all) {
    throw new PkiError(
      "ERR_PKI_CERTIFICATE_AMBIGUOUS",
      `${JSON.stringify(certificate)} has ${valid.length} certificates that are valid: ${valid.map(describe).join("; ")}; ` +
        "give the serial number of one, or --all for all of them",
    );
  }
  if (valid.length > 0) return valid;
  const revoked = named.findLast(({ fate }) => fate === "revoked");
  if (revoked !== undefined) return [notRevoked(revoked)];
  if (serialNumber !== undefined && authorityName !== undefined) {
    checkNew(records, serialNumber, authorityName);
    return [{ serialNumber, authority: authorityName }];
  }
  throw new PkiError(
    "ERR_PKI_CERTIFICATE_NOT_FOUND",
    named.length > 0
      ? `every certificate of ${JSON.stringify(certificate)} has expired; there is nothing to revoke`
      : `the issuance log of ${directory} has no certificate ${JSON.stringify(certificate)}; give a common name or a serial ` +
          "number, and --ca <name> for a serial number that another program issued",
  );
}

/** A typing error in the name of the CA would put the serial number on no list. */
function checkAuthority(directory: string, name: string): void {
  const { certificatePath } = authorityPaths(directory, name);
  const pem = readIfThere(certificatePath);
  if (pem !== undefined && isAuthority(pem)) return;
  throw new PkiError(
    "ERR_PKI_AUTHORITY_NOT_FOUND",
    `${directory} has no CA ${JSON.stringify(name)}: ${certificatePath} is missing, or not the certificate of a CA; ` +
      "give rootCA or the common name of an intermediate",
    { path: certificatePath },
  );
}

/** A serial number that another program issued is recorded once. */
function checkNew(records: readonly LogRecord[], serialNumber: string, authorityName: string): void {
  const before = records.find(
    (record) =>
      record.event === "revoked" &&
      record.authority === authorityName &&
      BigInt(`0x${record.serialNumber}`) === BigInt(`0x${serialNumber}`),
  );
  if (before === undefined) return;
  throw new PkiError(
    "ERR_PKI_CERTIFICATE_REVOKED",
    `${serialNumber} of ${JSON.stringify(authorityName)} was revoked at ${before.time}; there is nothing to do`,
  );
}

function notRevoked(entry: LogEntry): LogEntry {
  if (entry.revocation === undefined) return entry;
  throw new PkiError(
    "ERR_PKI_CERTIFICATE_REVOKED",
    `${JSON.stringify(entry.commonName)} (${entry.serialNumber}) was revoked at ${entry.revocation.time} ` +
      `(${entry.revocation.reason}); there is nothing to do`,
  );
}

function describe({ serialNumber, time, notAfter }: LogEntry): string {
  return `${serialNumber} of ${time}, valid until ${notAfter}`;
}

/** A serial number as the log has it: `4f:0e:d3` becomes `4F0ED3`. `undefined` for other text. */
function toSerialNumber(text: string): string | undefined {
  const digits = text.replaceAll(":", "").toUpperCase();
  return /^(?:[\dA-F]{2})+$/.test(digits) ? digits : undefined;
}
