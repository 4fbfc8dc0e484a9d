import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { toIsoSeconds } from "../certificate/validity.ts";
import { PkiError } from "../errors.ts";
import { lockFolder } from "./folder-lock.ts";
import { appendRecords, entriesOf, LOG_FILE_NAME, readLogText, recordsIn } from "./issuance-log.ts";
import type { IssuedRecord } from "./issuance-log.ts";
import { clientPaths } from "./layout.ts";
import {
  fileSystemError,
  ifThere,
  isSystemError,
  makeFolder,
  nameNew,
  parseTemporaryName,
  writeFiles,
} from "./write-files.ts";
import type { FileToWrite, LinkToWrite, TemporaryFile } from "./write-files.ts";

/**
 * Runs a change of a folder while no other command changes it. What a killed command has left is put in order first. A
 * missing folder is made for its owner alone, and removed again when the change fails.
 *
 * @throws {PkiError} ERR_PKI_LOCKED, ERR_PKI_LOG_INVALID, ERR_PKI_FILE_SYSTEM, and what the change throws
 */
export async function changeFolder<Result>(
  directory: string,
  change: () => Promise<Result>,
): Promise<Result> {
  let removeFolder: () => void;
  try {
    removeFolder = makeFolder(directory);
  } catch (cause) {
    throw fileSystemError(`cannot write into ${directory}, where nothing has changed`, directory, cause);
  }
  try {
    const release = await lockFolder(directory);
    try {
      finishKilledCommand(directory);
      return await change();
    } finally {
      // A claim that stays is removed by the next command after this process has ended.
      tryTo(release);
    }
  } catch (cause) {
    tryTo(removeFolder);
    if (cause instanceof PkiError) throw cause;
    throw fileSystemError(`cannot write into ${directory}`, directory, cause);
  }
}

/** For steps whose failure changes nothing for the user. */
function tryTo(step: () => void): void {
  try {
    step();
  } catch {
    // What came before it counts.
  }
}

/**
 * Puts a folder in order that a killed command has left. Costs one look at the folder when there is nothing to do.
 *
 * @throws {PkiError} as {@link changeFolder}
 */
export async function tidyFolder(directory: string): Promise<void> {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (cause) {
    if (isSystemError(cause, "ENOENT") || isSystemError(cause, "ENOTDIR")) return;
    throw fileSystemError(`cannot look at ${directory}`, directory, cause);
  }
  if (names.some((name) => parseTemporaryName(name) !== undefined)) {
    await changeFolder(directory, async () => undefined);
  }
}

/** Finishes a killed command when the log has its certificate; else removes what it has left, which nobody has got. */
function finishKilledCommand(directory: string): void {
  try {
    const found = readdirSync(directory).flatMap((name) => {
      const file = parseTemporaryName(name);
      return file === undefined ? [] : [{ ...file, path: join(directory, name) }];
    });
    if (found.length === 0) return;
    const text = readLogText(directory);
    const entries = entriesOf(recordsIn(text, join(directory, LOG_FILE_NAME)));
    for (const file of found.toSorted((a, b) => a.index - b.index)) {
      const entry = entries.find(({ serialNumber }) => serialNumber === file.id);
      const name = entry === undefined || entry.fate === "discarded" ? undefined : entry.files[file.index];
      finish(file, name === undefined ? undefined : join(directory, name));
    }
  } catch (cause) {
    if (cause instanceof PkiError) throw cause;
    throw fileSystemError(`cannot finish in ${directory} what a killed command began`, directory, cause);
  }
}

function finish(file: TemporaryFile & { readonly path: string }, path: string | undefined): void {
  if (path === undefined) return rmSync(file.path, { force: true });
  if (file.force) return renameSync(file.path, path);
  try {
    nameNew(file.path, path);
  } catch (cause) {
    // The file got its name before the command was killed.
    if (!(cause instanceof PkiError)) throw cause;
    rmSync(file.path, { force: true });
  }
}

/**
 * Refuses names whose files are those of an intermediate CA: the certificate of that name is one of a CA, or the log has it as
 * one. Other commands would replace the key of the CA, or hand it out.
 *
 * @throws {PkiError} ERR_PKI_UNSAFE_FILE_NAME; ERR_PKI_LOG_INVALID, ERR_PKI_FILE_SYSTEM
 */
export function refuseAuthorities(directory: string, names: readonly string[]): void {
  const text = readLogText(directory);
  if (text.includes(`"kind":"intermediate"`)) refuseLoggedAuthorities(directory, text, names);
  for (const name of names) {
    const { certificatePath } = clientPaths(directory, name);
    try {
      const pem = ifThere(() => readFileSync(certificatePath));
      if (pem !== undefined && isAuthority(pem)) throw authorityName(directory, name);
    } catch (cause) {
      // Whoever writes the files says what is in the way.
      if (isSystemError(cause, "EISDIR")) continue;
      if (cause instanceof PkiError) throw cause;
      throw fileSystemError(`cannot read ${certificatePath}`, certificatePath, cause);
    }
  }
}

function refuseLoggedAuthorities(directory: string, log: string, names: readonly string[]): void {
  // A large log has few CAs; only their lines are read. Whoever needs the whole log finds the lines that are no records.
  const lines = log
    .split("\n")
    .slice(0, -1)
    .filter((line) => /"kind":"intermediate"|"event":"discarded"/.test(line));
  const records = lines.flatMap((line) => recordsIn(`${line}\n`, join(directory, LOG_FILE_NAME)));
  const authorities = new Set(
    entriesOf(records)
      .filter(({ kind, fate }) => kind === "intermediate" && fate !== "discarded")
      // File systems of macOS and Windows do not tell capitals from small letters.
      .map(({ commonName }) => commonName.toLowerCase()),
  );
  const name = names.find((candidate) => authorities.has(candidate.toLowerCase()));
  if (name !== undefined) throw authorityName(directory, name);
}

/** Whether a file has the certificate of a CA first. */
export function isAuthority(pem: Buffer | string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}

function authorityName(directory: string, name: string): PkiError {
  return new PkiError(
    "ERR_PKI_UNSAFE_FILE_NAME",
    `${JSON.stringify(name)} is a CA of ${directory}, and its files stay as they are; use another name`,
  );
}

/** A certificate and the files that it is handed out in. */
export interface HandOut {
  readonly record: IssuedRecord;
  /** In the order of `record.files`. */
  readonly files: readonly (FileToWrite | LinkToWrite)[];
  /** Files that a certificate of that name may have had and this one has not; `force` removes them. */
  readonly oldFiles?: readonly string[] | undefined;
}

/**
 * Records certificates and then writes their files, all of them or none. Called within {@link changeFolder}.
 *
 * @throws {PkiError} ERR_PKI_FILE_EXISTS, ERR_PKI_FILE_SYSTEM, and ERR_PKI_UNSAFE_FILE_NAME for a client with the name of a CA;
 *   then no file has changed, and the log says `discarded` where it has a certificate at all
 */
export async function handOut(
  directory: string,
  certificates: readonly HandOut[],
  force: boolean,
): Promise<void> {
  const files = certificates.flatMap(({ record, files }) =>
    files.map((file, index) => ({ file, index, id: record.serialNumber })),
  );
  refuseAuthorities(
    directory,
    certificates.flatMap(({ record }) => (record.kind === "client" ? record.commonName : [])),
  );
  const text = readLogText(directory);
  for (const { record } of certificates) {
    // 126 random bits do not repeat, unless the machine has no randomness.
    if (text.includes(`"serialNumber":"${record.serialNumber}"`)) throw reusedSerialNumber(record);
  }
  await writeFiles(
    files.map(({ file }) => file),
    {
      force,
      oldFiles: force ? certificates.flatMap(({ oldFiles = [] }) => oldFiles) : [],
      temporaryId: (number) => ({ id: files[number]?.id ?? "", index: files[number]?.index ?? 0 }),
      temporaryFolder: directory,
      beforeNaming: () =>
        appendRecords(
          directory,
          certificates.map(({ record }) => record),
        ),
      onFailedNaming: () => {
        const time = toIsoSeconds(new Date());
        return appendRecords(
          directory,
          certificates.map(({ record }) => ({ event: "discarded", time, serialNumber: record.serialNumber })),
        );
      },
    },
  );
}

function reusedSerialNumber({ serialNumber }: IssuedRecord): PkiError {
  return new PkiError(
    "ERR_PKI_SERIAL_NUMBER_REUSED",
    `the CA has given the serial number ${serialNumber} before; does this machine have a source of randomness?`,
  );
}
