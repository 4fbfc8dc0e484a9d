import {
  closeSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { SignedCertificate } from "../certificate/issued-certificate.ts";
import { toIsoSeconds } from "../certificate/validity.ts";
import { PkiError } from "../errors.ts";
import { readPem } from "../pem.ts";
import { allOf, fileSystemError, flush, isSystemError, syncFolder } from "./write-files.ts";

/** The file of the issuance log: one record of JSON a line, appended, never changed. */
export const LOG_FILE_NAME = "issued.jsonl";

export type CertificateKind = "root" | "intermediate" | "client";

/** A certificate was signed. The record is on disk before the certificate is in its file. */
export interface IssuedRecord {
  readonly event: "issued";
  /** When, as RFC 3339. */
  readonly time: string;
  readonly kind: CertificateKind;
  /** 32 upper-case hexadecimal digits. */
  readonly serialNumber: string;
  /** As `openssl -subj` takes it: `/O=Example/CN=server-1`. */
  readonly subject: string;
  readonly commonName: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly keyType: string;
  /** The name of the CA that signed: `rootCA`, or that of an intermediate. A root names itself. */
  readonly authority: string;
  /** The serial number of the certificate that this one replaces. */
  readonly renews?: string | undefined;
  /** The files that it is handed out in, relative to the folder. */
  readonly files: readonly string[];
  /** DER in base64. */
  readonly certificate: string;
}

/** Its files could not be written, so nobody has the certificate. */
export interface DiscardedRecord {
  readonly event: "discarded";
  readonly time: string;
  readonly serialNumber: string;
}

/** The CA has revoked a certificate. */
export interface RevokedRecord {
  readonly event: "revoked";
  readonly time: string;
  readonly serialNumber: string;
  /** The name of the CA that signed the certificate. */
  readonly authority: string;
  /** A reason code by its name in RFC 5280 §5.3.1, such as `keyCompromise`. */
  readonly reason: string;
}

/** The CA has made a revocation list. The record is on disk before the list is in its file. */
export interface RevocationListRecord {
  readonly event: "crl";
  readonly time: string;
  /** The name of the CA. */
  readonly authority: string;
  /** Decimal; each list of a CA has a greater one than the lists before. */
  readonly number: string;
  readonly nextUpdate: string;
}

export type LogRecord = IssuedRecord | DiscardedRecord | RevokedRecord | RevocationListRecord;

/** What became of a certificate. A renewed one is valid until it expires or is revoked. A revoked one stays revoked. */
export type Fate = "issued" | "renewed" | "revoked" | "discarded";

/** A certificate of the log, with what became of it. */
export interface LogEntry extends IssuedRecord {
  readonly fate: Fate;
  readonly revocation?: RevokedRecord | undefined;
}

/**
 * Reads the issuance log of a folder.
 *
 * @returns the certificates in the order in which they were signed; none when the folder has no log
 * @example
 * const live = (await readIssuanceLog("pki")).filter(({ fate }) => fate === "issued");
 *
 * @throws {PkiError} ERR_PKI_LOG_INVALID when a line is no record; ERR_PKI_FILE_SYSTEM
 */
export async function readIssuanceLog(directory: string): Promise<LogEntry[]> {
  return entriesOf(recordsIn(readLogText(directory), logPath(directory)));
}

/** The record of a certificate. */
export function issuedRecord(
  certificate: SignedCertificate,
  details: Pick<IssuedRecord, "kind" | "authority" | "files" | "renews"> & { readonly now: Date },
): IssuedRecord {
  const { now, ...rest } = details;
  const [block] = readPem(certificate.certificatePem);
  return {
    event: "issued",
    time: toIsoSeconds(now),
    kind: rest.kind,
    serialNumber: certificate.serialNumber,
    subject: certificate.subject,
    commonName: certificate.commonName,
    notBefore: toIsoSeconds(certificate.notBefore),
    notAfter: toIsoSeconds(certificate.notAfter),
    keyType: certificate.keyType,
    authority: rest.authority,
    renews: rest.renews,
    files: rest.files,
    certificate: block === undefined ? "" : toBase64(block),
  };
}

/** The content of a PEM block as the log has it. */
export function toBase64({ text }: { readonly text: string }): string {
  return text.replaceAll(/-----[^-]+-----|\n/g, "");
}

/**
 * Appends records and waits until they are on disk. Only whoever has locked the folder may call it. After an error the log
 * is as it was.
 *
 * @throws {Error} the error of the system
 */
export async function appendRecords(directory: string, records: readonly LogRecord[]): Promise<void> {
  const path = logPath(directory);
  const file = openSync(path, "a+", 0o600);
  try {
    const { size } = fstatSync(file);
    const end = size - tornTail(file, size);
    try {
      if (end < size) ftruncateSync(file, end);
      if (size === 0) fchmodSync(file, 0o600);
      writeFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
      await allOf([flush(file), ...(size === 0 ? [syncFolder(directory)] : [])]);
    } catch (cause) {
      if (size === 0) rmSync(path, { force: true });
      else ftruncateSync(file, end);
      throw cause;
    }
  } finally {
    closeSync(file);
  }
}

/** How many octets at the end belong to a record that a crash cut off. Nobody has got that certificate. */
function tornTail(file: number, size: number): number {
  const block = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0; end -= block.length) {
    const start = Math.max(0, end - block.length);
    const octets = readSync(file, block, 0, end - start, start);
    const lineEnd = block.subarray(0, octets).lastIndexOf("\n");
    if (lineEnd >= 0) return size - (start + lineEnd + 1);
  }
  return size;
}

export function readLogText(directory: string): string {
  const path = logPath(directory);
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (isSystemError(cause, "ENOENT") || isSystemError(cause, "ENOTDIR")) return "";
    throw fileSystemError(`cannot read ${path}`, path, cause);
  }
}

/** Reads the lines of a log. A last line without its end was cut off by a crash before it counted. */
export function recordsIn(text: string, path: string): LogRecord[] {
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line, index) => {
    const record = parseRecord(line);
    if (record !== undefined) return record;
    throw new PkiError(
      "ERR_PKI_LOG_INVALID",
      `${path}: line ${index + 1} is not a record of the issuance log; put back what was there, from a backup`,
      { path },
    );
  });
}

/** Puts the records of each certificate together. */
export function entriesOf(records: readonly LogRecord[]): LogEntry[] {
  const entries = new Map<string, LogEntry>();
  const change = (serialNumber: string | undefined, news: Pick<LogEntry, "fate" | "revocation">): void => {
    const entry = entries.get(serialNumber ?? "");
    // A revocation cannot be taken back, whatever becomes of the certificate afterwards.
    if (entry === undefined || entry.fate === "revoked") return;
    entries.set(entry.serialNumber, { ...entry, ...news });
  };
  for (const record of records) {
    switch (record.event) {
      case "issued":
        entries.set(record.serialNumber, { ...record, fate: "issued" });
        change(record.renews, { fate: "renewed" });
        break;
      case "discarded": {
        const renewed = entries.get(record.serialNumber)?.renews;
        change(record.serialNumber, { fate: "discarded" });
        // The folder may have been put back to an earlier state, and the certificate renewed a second time.
        const isReplaced = [...entries.values()].some(
          ({ renews, fate }) => renews !== undefined && renews === renewed && fate !== "discarded",
        );
        if (!isReplaced) change(renewed, { fate: "issued" });
        break;
      }
      case "revoked":
        change(record.serialNumber, { fate: "revoked", revocation: record });
        break;
      case "crl":
        break;
    }
  }
  return [...entries.values()];
}

function parseRecord(line: string): LogRecord | undefined {
  const value = parseObject(line);
  if (value === undefined) return undefined;
  const text = (name: string): string => (typeof value[name] === "string" ? value[name] : "");
  const { event, kind, files, renews } = value;
  if (event === "crl") {
    const list = { time: text("time"), authority: text("authority"), number: text("number") };
    return list.time === "" || !/^\d+$/.test(list.number)
      ? undefined
      : { event, ...list, nextUpdate: text("nextUpdate") };
  }
  const common = { time: text("time"), serialNumber: text("serialNumber") };
  if (common.time === "" || !/^[\dA-F]+$/.test(common.serialNumber)) return undefined;
  if (event === "discarded") return { event, ...common };
  if (event === "revoked") return { event, ...common, authority: text("authority"), reason: text("reason") };
  if (event !== "issued" || !isKind(kind) || !isTexts(files)) return undefined;
  return {
    event,
    ...common,
    kind,
    subject: text("subject"),
    commonName: text("commonName"),
    notBefore: text("notBefore"),
    notAfter: text("notAfter"),
    keyType: text("keyType"),
    authority: text("authority"),
    renews: typeof renews === "string" ? renews : undefined,
    files,
    certificate: text("certificate"),
  };
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function isKind(value: unknown): value is CertificateKind {
  return value === "root" || value === "intermediate" || value === "client";
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function logPath(directory: string): string {
  return join(directory, LOG_FILE_NAME);
}
