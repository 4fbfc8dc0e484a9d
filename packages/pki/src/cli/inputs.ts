import { createReadStream } from "node:fs";
import { basename, dirname } from "node:path";
import { InvalidArgumentError } from "commander";
import { PkiError } from "../errors.ts";
import { authorityPaths } from "../storage/layout.ts";
import { fileSystemError, isSystemError } from "../storage/write-files.ts";

/** The largest file that is read, in octets. Certificates, requests, keys and the lists that AWS imports are far smaller. */
const LARGEST_INPUT = 1_000_000;

/**
 * Reads a file that an argument names, or a pipe.
 *
 * @throws {PkiError} ERR_PKI_FILE_SYSTEM when it cannot be read, or has more than 1 MB
 */
export async function readInput(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(path, { end: LARGEST_INPUT })) chunks.push(Buffer.from(chunk));
  } catch (cause) {
    throw isSystemError(cause, "ENOENT")
      ? new PkiError("ERR_PKI_FILE_SYSTEM", `there is no ${path}; check the path`, { path, cause })
      : fileSystemError(`cannot read ${path}`, path, cause);
  }
  const content = Buffer.concat(chunks);
  if (content.length <= LARGEST_INPUT) return content;
  throw new PkiError(
    "ERR_PKI_FILE_SYSTEM",
    `${path} has more than ${LARGEST_INPUT} octets, which no file of certificates needs; check the path`,
    { path },
  );
}

/** Reads the file of an option that need not be given. */
export async function readOptional(path: string | undefined): Promise<Buffer | undefined> {
  return path === undefined ? undefined : readInput(path);
}

/** The intermediates of a certificate: the file of the option, else the chain that `issue` wrote beside it, if any. */
export async function readChain(
  certificate: string,
  option: string | undefined,
): Promise<Buffer | undefined> {
  if (option !== undefined) return readInput(option);
  const chain = certificate.replace(/\.pem$/, ".chain.pem");
  return chain === certificate ? undefined : readIfThere(chain);
}

/** The trust anchor of a certificate: the file of the option, else the root CA beside it, unless it is that itself. */
export async function readTrustAnchor(
  certificate: string,
  option: string | undefined,
): Promise<Buffer | undefined> {
  if (option !== undefined) return readInput(option);
  const root = authorityPaths(dirname(certificate)).certificatePath;
  return basename(certificate) === basename(root) ? undefined : readIfThere(root);
}

/** The private key that `issue` wrote beside a certificate, if any. */
export async function readKeyBeside(certificate: string): Promise<Buffer | undefined> {
  const key = certificate.replace(/\.pem$/, ".key");
  return key === certificate ? undefined : readIfThere(key);
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  return readInput(path).catch((error: unknown) => {
    if (error instanceof PkiError && isSystemError(error.cause, "ENOENT")) return undefined;
    throw error;
  });
}

/** The time of an option: a date, or a date and time with a zone. */
export function parseTime(text: string): Date {
  const time = new Date(text);
  // JavaScript reads the 31st of February as a day in March.
  const day = new Date(text.slice(0, 10));
  const isDay = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10));
  if (
    !isDay ||
    !/^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/.test(text) ||
    Number.isNaN(time.getTime())
  ) {
    throw new InvalidArgumentError("Give a date, or a date and time such as 2027-01-31T12:00:00Z.");
  }
  return time;
}

/** A whole number of days from 0. */
export function parseDayCount(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("Give a whole number of days.");
  return Number(text);
}
