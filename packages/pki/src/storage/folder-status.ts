import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { toIsoSeconds } from "../certificate/validity.ts";
import { systemDependencies } from "../dependencies.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { parseCertificates } from "../inspection/parse-certificate.ts";
import { parseRevocationLists } from "../inspection/revocation-list.ts";
import { readPem } from "../pem.ts";
import { readIssuanceLog } from "./issuance-log.ts";
import type { LogEntry } from "./issuance-log.ts";
import { fileSystemError } from "./write-files.ts";

/** A certificate or revocation list, and how long it lasts. */
export interface StatusEntry {
  readonly kind: "root" | "intermediate" | "client" | "crl";
  /** The common name or the subject; of a list the name of its CA. */
  readonly name: string;
  /** The file in the folder; absent when only the log knows the certificate. */
  readonly file?: string | undefined;
  /** Hexadecimal; of a list its number in decimal. */
  readonly serialNumber: string;
  /** RFC 3339; of a list its next update. */
  readonly expires: string;
  /** Whole days until then, rounded down; negative when it has passed. */
  readonly daysLeft: number;
  readonly state: "valid" | "expiring" | "expired" | "revoked" | "renewed";
}

export interface FolderStatus {
  /** What expires first comes first. */
  readonly entries: readonly StatusEntry[];
  /** How many are `expiring` or `expired`. */
  readonly dueCount: number;
}

export interface StatusOptions {
  readonly directory: string;
  /** What expires in less than so many days is `expiring`; a list in the last quarter of its life. @default 30 */
  readonly withinDays?: number | undefined;
}

/**
 * Lists what in a folder expires when: the certificates in its files, those that only the issuance log knows and that are
 * still valid, and the revocation lists.
 *
 * @throws {PkiError} ERR_PKI_FILE_SYSTEM, ERR_PKI_CERTIFICATE_INVALID, ERR_PKI_REVOCATION_LIST_INVALID, ERR_PKI_LOG_INVALID
 * @example
 * const { dueCount } = await folderStatus({ directory: "pki", withinDays: 14 });
 */
export async function folderStatus(
  { directory, withinDays = 30 }: StatusOptions,
  dependencies: Partial<Pick<PkiDependencies, "now">> = {},
): Promise<FolderStatus> {
  const { now } = { ...systemDependencies, ...dependencies };
  const log = await readIssuanceLog(directory);
  const found = await Promise.all(
    (await pemFiles(directory)).map((file) => readEntries(directory, file, log)),
  );
  const inFiles = found.flat();
  const known = new Set(inFiles.map(({ serialNumber }) => serialNumber));
  const elsewhere = log.filter(
    ({ serialNumber, fate, notAfter }) =>
      fate === "issued" && !known.has(serialNumber) && notAfter > toIsoSeconds(now()),
  );
  const entries = [...inFiles, ...elsewhere.map(fromLog)]
    .map((entry) => judge(entry, withinDays, now()))
    .toSorted((a, b) => a.expires.localeCompare(b.expires));
  return {
    entries,
    dueCount: entries.filter(({ state }) => state === "expiring" || state === "expired").length,
  };
}

const DAY_MS = 86_400_000;

type Found = Omit<StatusEntry, "daysLeft" | "state"> & {
  readonly fate?: LogEntry["fate"] | undefined;
  /** A list lives for days only. It is due in the last quarter of its life. */
  readonly lifeDays?: number | undefined;
};

async function pemFiles(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory);
    // A chain holds certificates that have files of their own.
    return names.filter(
      (name) => name.endsWith(".pem") && !name.startsWith(".") && !name.endsWith(".chain.pem"),
    );
  } catch (cause) {
    throw fileSystemError(`cannot read the folder ${directory}`, directory, cause);
  }
}

async function readEntries(directory: string, file: string, log: readonly LogEntry[]): Promise<Found[]> {
  const path = join(directory, file);
  const text = await readFile(path, "latin1").catch((cause: unknown) => {
    throw fileSystemError(`cannot read ${path}`, path, cause);
  });
  if (readPem(text).some(({ label }) => label === "X509 CRL")) {
    return parseRevocationLists(text, path).flatMap(({ issuer, number, thisUpdate, nextUpdate }) =>
      nextUpdate === undefined
        ? []
        : {
            kind: "crl" as const,
            name: issuer.text,
            file,
            serialNumber: number?.toString() ?? "",
            expires: toIsoSeconds(nextUpdate),
            lifeDays: (nextUpdate.getTime() - thisUpdate.getTime()) / DAY_MS,
          },
    );
  }
  return parseCertificates(text, path).map(
    ({ subject, issuer, serialNumber, notAfter, extensions }): Found => {
      const digits = serialNumber.toString(16).toUpperCase();
      const serial = digits.padStart(digits.length + (digits.length % 2), "0");
      const entry = log.find((candidate) => BigInt(`0x${candidate.serialNumber}`) === serialNumber);
      const isAuthority = extensions.basicConstraints?.ca === true;
      return {
        kind: isAuthority ? (subject.text === issuer.text ? "root" : "intermediate") : "client",
        name: entry?.commonName ?? subject.text,
        file,
        serialNumber: entry?.serialNumber ?? serial,
        expires: toIsoSeconds(notAfter),
        fate: entry?.fate,
      };
    },
  );
}

function fromLog({ kind, commonName, serialNumber, notAfter, fate }: LogEntry): Found {
  return { kind, name: commonName, serialNumber, expires: notAfter, fate };
}

function judge({ fate, lifeDays = Infinity, ...entry }: Found, withinDays: number, now: Date): StatusEntry {
  const days = (Date.parse(entry.expires) - now.getTime()) / DAY_MS;
  const state =
    fate === "revoked" || fate === "renewed"
      ? fate
      : days < 0
        ? "expired"
        : days < Math.min(withinDays, lifeDays / 4)
          ? "expiring"
          : "valid";
  return { ...entry, daysLeft: Math.floor(days), state };
}
