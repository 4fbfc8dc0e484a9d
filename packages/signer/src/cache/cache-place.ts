import { mkdirSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";

import { homeFolder } from "../config/aws-files.ts";
import type { Environment } from "../config/environment.ts";
import { codeOf } from "../errors.ts";

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

/**
 * The folder of the cache: RA_SIGNER_CACHE_DIR, else `ra-signer` in XDG_CACHE_HOME or `~/.cache`.
 *
 * @returns Undefined for a user without a home directory: no HOME, and no entry in the system's list of users.
 */
export function cacheFolder(environment: Environment): string | undefined {
  const given = environment["RA_SIGNER_CACHE_DIR"];
  if (given) return resolve(given);
  const base = environment["XDG_CACHE_HOME"];
  // The XDG Base Directory Specification ignores a relative path.
  if (base !== undefined && isAbsolute(base)) return join(base, "ra-signer");
  const home = homeFolder(environment);
  return home === undefined ? undefined : join(home, ".cache", "ra-signer");
}

/** Why a folder cannot be used for the cache, and what to do about it. */
export interface CacheFolderProblem {
  readonly reason: string;
  readonly remedy: string;
}

/**
 * Checks the cache's folder. A user who may write to it could put other credentials there.
 *
 * @param folder The folder, or undefined when there is none.
 * @param create Whether a missing folder is made, with mode 0700.
 * @returns What is wrong; undefined when the folder can be used, or is missing and `create` is false.
 */
export function cacheFolderProblem(
  folder: string | undefined,
  create: boolean,
): CacheFolderProblem | undefined {
  const problem = (
    reason: string,
    remedy = "name a folder of your own in RA_SIGNER_CACHE_DIR",
  ): CacheFolderProblem => ({ reason, remedy });
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
  return /^\d+-\d+\.\d+-\d+(?:\.failure|\.lock)?(?:\.[0-9a-f-]{36}\.tmp)?$/.test(name);
}

/**
 * Finds where the credentials of a command line are kept. The file's name has the checksums of key and certificate, so a
 * renewed certificate has an entry of its own.
 *
 * @param words Command line with the command's name.
 * @param certificate Path of the certificate.
 * @returns Undefined when the certificate cannot be read, there is no folder, or an argument holds a line break.
 */
export function cachePlace(
  words: readonly string[],
  certificate: string,
  environment: Environment,
): CachePlace | undefined {
  const absolute = resolve(certificate);
  const key = [...words, absolute, ...VARIABLES.map((name) => environment[name] ?? "")].join("\u001f");
  const folder = cacheFolder(environment);
  // oxlint-disable-next-line no-control-regex -- what cannot stand in a line of the entry
  if (folder === undefined || /[\n\r\u0000]/.test(key)) return undefined;
  try {
    // With a line feed, as the shell launcher gives it to cksum.
    const name = `${posixChecksum(Buffer.from(`${key}\n`))}.${posixChecksum(readFileSync(absolute))}`;
    return { folder, path: join(folder, name), key };
  } catch {
    return undefined;
  }
}

let table: Int32Array | undefined;

/**
 * The checksum and length that POSIX `cksum` prints, with `-` for the space, so that a shell script can name the same files.
 *
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/cksum.html
 */
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
