import { cacheFolderProblem, readPrivateFile } from "./cache-place.ts";
import type { CachePlace } from "./cache-place.ts";

/** What is kept: the answer, and for how long it is good. */
export interface CacheEntry {
  /** The JSON of a credential process. */
  readonly json: string;
  /** Until then the answer is given as it is, in seconds since the epoch. */
  readonly freshUntil: number;
  /** End of the session, in seconds since the epoch. */
  readonly expiration: number;
}

const FIRST_LINE = "ra-signer cache 1";
/** Without it the file was cut short. */
const LAST_LINE = "end";

/** SDKs ask again so long before the end of a session (boto3 is the earliest), so it is no longer fresh then. */
const REFRESH_BEFORE_SECONDS = 900;

/**
 * Makes an entry; fresh until 15 minutes before its end, or for three quarters of a short session.
 *
 * @param json The JSON of a credential process.
 * @param expiration End of the session as the service sent it.
 * @param moment Now.
 */
export function makeEntry(json: string, expiration: string, moment: Date): CacheEntry {
  const end = Math.floor(Date.parse(expiration) / 1000);
  const lifeSeconds = end - moment.getTime() / 1000;
  return {
    json,
    expiration: end,
    freshUntil: Math.floor(end - Math.min(REFRESH_BEFORE_SECONDS, lifeSeconds / 4)),
  };
}

/** The file of an entry; the shell launcher reads it line by line. */
export function formatEntry(entry: CacheEntry, place: CachePlace): string {
  return [FIRST_LINE, entry.freshUntil, place.key, entry.json, entry.expiration, LAST_LINE, ""].join("\n");
}

/**
 * Reads the entry of a place.
 *
 * @returns Undefined when there is none that can be trusted: absent, cut short, of another key, of another user, open to
 *   others, or in a folder that others may write to.
 */
export function readEntry(place: CachePlace): CacheEntry | undefined {
  const text = readPrivateFile(place.path);
  if (text === undefined || cacheFolderProblem(place.folder, false) !== undefined) return undefined;
  const [first, freshUntil, key, json = "", expiration, last] = text.split("\n");
  if (first !== FIRST_LINE || last !== LAST_LINE || key !== place.key) return undefined;
  const entry = { json, freshUntil: Number(freshUntil), expiration: Number(expiration) };
  return Number.isSafeInteger(entry.freshUntil) && Number.isSafeInteger(entry.expiration) && isAnswer(json)
    ? entry
    : undefined;
}

function isAnswer(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && "SessionToken" in value;
  } catch {
    return false;
  }
}
