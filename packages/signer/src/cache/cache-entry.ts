import { mkdirSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";

import { homeFolder, readPrivateFile, temporaryFor } from "@roles-anywhere/files";

import type { Environment } from "../config/environment.ts";
import { codeOf } from "../errors.ts";
import { isTokenUri } from "../keys/is-token-uri.ts";

/** Where the credentials of one command line are kept. */
export interface CachePlace {
  readonly folder: string;
  /** Path of the entry, inside the folder. */
  readonly path: string;
  /** The arguments and variables that decide which credentials are returned, on one line. The entry holds them too. */
  readonly key: string;
}

/** Variables that change the request of a command line. The shell launcher has the same list. */
const VARIABLES: readonly string[] = [
  "AWS_ENDPOINT_URL_ROLESANYWHERE",
  "AWS_ENDPOINT_URL",
  "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
  "AWS_USE_FIPS_ENDPOINT",
  "AWS_USE_DUALSTACK_ENDPOINT",
];

/** RA_SIGNER_CACHE_DIR, else `ra-signer` in XDG_CACHE_HOME or `~/.cache`; undefined for a user without a home directory. */
export function cacheFolder(environment: Environment): string | undefined {
  const given = environment["RA_SIGNER_CACHE_DIR"];
  if (given) return resolve(given);
  const base = environment["XDG_CACHE_HOME"];
  // The XDG Base Directory Specification ignores a relative path.
  if (base !== undefined && isAbsolute(base)) return join(base, "ra-signer");
  const home = homeFolder(environment["HOME"]);
  return home === undefined ? undefined : join(home, ".cache", "ra-signer");
}

/** Why a folder cannot be used for the cache, and what to do about it. */
export type CacheFolderProblem = Readonly<Record<"reason" | "remedy", string>>;

const OTHER_FOLDER = "name a folder of your own in RA_SIGNER_CACHE_DIR";

/**
 * Finds what is wrong with the cache's folder: a user who may write to it could put other credentials there. A missing folder
 * is made, with mode 0700, or left alone.
 */
export function cacheFolderProblem(
  folder: string | undefined,
  create: boolean,
): CacheFolderProblem | undefined {
  const problem = (reason: string, remedy = OTHER_FOLDER): CacheFolderProblem => ({ reason, remedy });
  if (folder === undefined) return problem("there is no home directory");
  try {
    if (create) mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    if (!stats.isDirectory()) return problem(`"${folder}" is no folder`);
    if (process.platform === "win32") return undefined;
    if (stats.uid !== process.geteuid?.()) return problem(`"${folder}" belongs to another user`);
    if ((stats.mode & 0o022) === 0) return undefined;
    return problem(`others may write to "${folder}"`, `delete what is in it, then: chmod 700 "${folder}"`);
  } catch (error) {
    return problem(`"${folder}" cannot be made or read (${codeOf(error) || String(error)})`);
  }
}

/** Whether the cache wrote a file of this name: an entry, its lock, its failure, or a temporary file of these. */
export function isCacheName(name: string): boolean {
  return /^\d+-\d+\.\d+-\d+(?:\.failure|\.lock)?$/.test(temporaryFor(name) ?? name);
}

/**
 * Finds where the credentials of a command line are kept. The file's name has the checksums of key and certificate, so a
 * renewed certificate has an entry of its own; one in a token is not asked for. Undefined when the certificate cannot be
 * read, there is no folder, or an argument holds a line break.
 */
export function cachePlace(
  words: readonly string[],
  certificate: string,
  environment: Environment,
): CachePlace | undefined {
  const isOnToken = isTokenUri(certificate);
  const absolute = isOnToken ? "" : resolve(certificate);
  const key = [...words, absolute, ...VARIABLES.map((name) => environment[name] ?? "")].join("\u001f");
  const folder = cacheFolder(environment);
  // oxlint-disable-next-line no-control-regex -- what cannot stand in a line of the entry
  if (folder === undefined || /[\n\r\u0000]/.test(key)) return undefined;
  try {
    // With a line feed, as the shell launcher gives it to cksum.
    const name = `${posixChecksum(Buffer.from(`${key}\n`))}.${posixChecksum(isOnToken ? Buffer.of() : readFileSync(absolute))}`;
    return { folder, path: join(folder, name), key };
  } catch {
    return undefined;
  }
}

let table: Int32Array | undefined;

/** The checksum and length that POSIX `cksum` prints, with `-` for the space: the shell launcher names the same files. */
export function posixChecksum(bytes: Uint8Array): string {
  const remainders = (table ??= Int32Array.from({ length: 256 }, (_zero, index) => {
    let value = index << 24;
    for (let bit = 0; bit < 8; bit += 1) value = (value << 1) ^ (value < 0 ? 0x04c11db7 : 0);
    return value;
  }));
  let crc = 0;
  const add = (byte: number): void => {
    crc = (crc << 8) ^ (remainders[(crc >>> 24) ^ byte] ?? 0);
  };
  bytes.forEach(add);
  for (let length = bytes.length; length > 0; length >>>= 8) add(length & 0xff);
  return `${~crc >>> 0}-${bytes.length}`;
}

/** The JSON of a credential process, until when no new credentials are asked for, and their end: seconds since the epoch. */
export interface CacheEntry {
  readonly json: string;
  readonly freshUntil: number;
  readonly expiration: number;
}

const FIRST_LINE = "ra-signer cache 1";
const LAST_LINE = "end";

/** SDKs ask for new credentials this long before the end of a session; boto3 is the earliest. */
const REFRESH_BEFORE_SECONDS = 900;

/** Makes an entry, which is fresh until 15 minutes before its end, or for three quarters of a short session. */
export function makeEntry(json: string, expiration: string, moment: Date): CacheEntry {
  const end = Math.floor(Date.parse(expiration) / 1000);
  const lifeSeconds = end - moment.getTime() / 1000;
  const freshUntil = Math.floor(end - Math.min(REFRESH_BEFORE_SECONDS, lifeSeconds / 4));
  return { json, freshUntil, expiration: end };
}

/** The text of an entry's file, which the shell launcher reads line by line. */
export function formatEntry(entry: CacheEntry, place: CachePlace): string {
  return [FIRST_LINE, entry.freshUntil, place.key, entry.json, entry.expiration, LAST_LINE, ""].join("\n");
}

/**
 * Reads the entry of a place. Undefined when it is missing or cannot be trusted: it is cut short, has another key, belongs to
 * another user, can be read by others, or lies in a folder that others may write to.
 */
export function readEntry(place: CachePlace): CacheEntry | undefined {
  const text = readPrivateFile(place.path);
  if (text === undefined || cacheFolderProblem(place.folder, false) !== undefined) return undefined;
  const [first, freshUntil, key, json = "", expiration, last] = text.split("\n");
  if (first !== FIRST_LINE || last !== LAST_LINE || key !== place.key) return undefined;
  const entry = { json, freshUntil: Number(freshUntil), expiration: Number(expiration) };
  if (![entry.freshUntil, entry.expiration].every(Number.isSafeInteger)) return undefined;
  try {
    return "SessionToken" in Object(JSON.parse(json)) ? entry : undefined;
  } catch {
    return undefined;
  }
}
