import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";

import { homeFolder } from "../config/aws-files.ts";
import type { Environment } from "../config/environment.ts";
import { posixChecksum } from "./checksum.ts";

/** Where the answer to one command line is kept. */
export interface CachePlace {
  readonly folder: string;
  /** Path of the entry, inside the folder. */
  readonly path: string;
  /** Everything that changes the answer but the contents of the certificate, on one line; stored in the entry. */
  readonly key: string;
}

/** Between the parts of a key. */
const SEPARATOR = "\u001f";

/** Variables that change what a command line asks for. The shell launcher has the same list. */
const VARIABLES: readonly string[] = [
  "AWS_ENDPOINT_URL_ROLESANYWHERE",
  "AWS_ENDPOINT_URL",
  "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
  "AWS_USE_FIPS_ENDPOINT",
  "AWS_USE_DUALSTACK_ENDPOINT",
];

/**
 * RA_SIGNER_CACHE_DIR, else `ra-signer` in XDG_CACHE_HOME or `~/.cache`.
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

const OTHER_FOLDER = "name a folder of your own in RA_SIGNER_CACHE_DIR";

/**
 * Looks at the cache's folder. Whoever may write to it could put credentials of his own there.
 *
 * @param folder The folder, or undefined when there is none.
 * @param create Whether to make it, with mode 0700, if it is missing.
 * @returns What is wrong; undefined when it can be used, or is missing and not to be made.
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
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return problem(`"${folder}" cannot be made or read (${code})`);
  }
}

/**
 * Reads a file that only this user can have written. Links are not followed, and a named pipe is not waited for.
 *
 * @returns Undefined when there is none that can be trusted.
 */
export function readPrivateFile(path: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    const stats = fstatSync(file);
    const isPrivate =
      process.platform === "win32" || ((stats.mode & 0o077) === 0 && stats.uid === process.geteuid?.());
    return isPrivate && stats.isFile() ? readFileSync(file, "utf8") : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Whether a name in the folder is the cache's: an entry, its lock, its failure, or a temporary file of these. */
export function isCacheName(name: string): boolean {
  return /^\d+-\d+\.\d+-\d+(?:\.failure|\.lock)?(?:\.[0-9a-f-]{36}\.tmp)?$/.test(name);
}

/**
 * The place of a command line's answer. The file's name has the checksums of key and certificate, so a renewed
 * certificate has an entry of its own.
 *
 * @param words Command line with the command's name.
 * @param certificate Path of the certificate.
 * @param environment Usually process.env.
 * @returns Undefined when it cannot have one: no readable certificate, no folder, or a line break in a word.
 */
export function cachePlace(
  words: readonly string[],
  certificate: string,
  environment: Environment,
): CachePlace | undefined {
  const absolute = resolve(certificate);
  const parts = [...words, absolute, ...VARIABLES.map((name) => environment[name] ?? "")];
  const key = parts.join(SEPARATOR);
  // oxlint-disable-next-line no-control-regex -- what cannot stand in a line of the entry
  if (/[\n\r\u0000]/.test(key)) return undefined;
  let contents: Buffer;
  try {
    contents = readFileSync(absolute);
  } catch {
    return undefined;
  }
  const folder = cacheFolder(environment);
  if (folder === undefined) return undefined;
  // With a line feed, as the shell launcher gives it to cksum.
  const name = `${posixChecksum(Buffer.from(`${key}\n`))}.${posixChecksum(contents)}`;
  return { folder, path: join(folder, name), key };
}
