import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

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

/** RA_SIGNER_CACHE_DIR, else `ra-signer` in XDG_CACHE_HOME or `~/.cache`. */
export function cacheFolder(environment: Environment): string {
  const given = environment["RA_SIGNER_CACHE_DIR"];
  if (given) return resolve(given);
  return join(environment["XDG_CACHE_HOME"] || join(environment["HOME"] || homedir(), ".cache"), "ra-signer");
}

/**
 * The place of a command line's answer. The file's name has the checksums of key and certificate, so a renewed
 * certificate has an entry of its own.
 *
 * @param words Command line with the command's name.
 * @param certificate Path of the certificate.
 * @param environment Usually process.env.
 * @returns Undefined when it cannot have one: no readable certificate, or a line break in a word.
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
  const name = `${posixChecksum(Buffer.from(key))}.${posixChecksum(contents)}`;
  return { folder, path: join(folder, name), key };
}
