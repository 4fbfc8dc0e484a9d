import { cacheFolderProblem } from "./cache-place.ts";
import type { CachePlace } from "./cache-place.ts";
import { readPrivateFile } from "./private-file.ts";

/** A credential set that is kept, and how long it is used. */
export interface CacheEntry {
  /** The JSON of a credential process. */
  readonly json: string;
  /** Until this time the service is not asked for new credentials, in seconds since the epoch. */
  readonly freshUntil: number;
  /** End of the session, in seconds since the epoch. */
  readonly expiration: number;
}

const FIRST_LINE = "ra-signer cache 1";
/** A file that does not end with this line was cut short. */
const LAST_LINE = "end";

/** SDKs ask for new credentials this long before the end of a session; boto3 is the earliest. */
const REFRESH_BEFORE_SECONDS = 900;

/**
 * Makes an entry. It is fresh until 15 minutes before its end, or for three quarters of a short session.
 *
 * @param expiration End of the session as the service sent it.
 * @param moment Now.
 */
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
 * Reads the entry of a place.
 *
 * @returns Undefined when the entry is missing or cannot be trusted: it is cut short, has another key, belongs to another
 *   user, can be read by others, or lies in a folder that others may write to.
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
