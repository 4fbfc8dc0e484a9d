import { renameSync, rmSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

import { readPrivateFile, removeLeftovers, tryLock, withTemporary } from "@roles-anywhere/files";

import { messageOf, SignerError } from "../errors.ts";
import { cacheFolderProblem, formatEntry, isCacheName, readEntry } from "./cache-entry.ts";
import type { CacheEntry, CachePlace } from "./cache-entry.ts";

/** Credentials that expire within this time are never used. */
const USABLE_SECONDS = 60;
/** How long a service that failed is not asked again while the last session is usable; a call that hangs takes as long. */
const LEFT_ALONE_MS = 30_000;
/** The pauses of a waiting process grow, so that hundreds of them leave processor time to the one that asks. */
const FIRST_PAUSE_MS = 30;
const LONGEST_PAUSE_MS = 500;
/** A process that waited for a lock this long asks the service itself: no live process holds a lock so long. */
const LONGEST_WAIT_MS = 90_000;

const LAST_SESSION = "the last session is used until its end";

/** The service, the clock and the reports of {@link cachedAnswer}. */
export interface CachedAnswerOptions {
  /** Asks the service for credentials. */
  readonly fetch: () => Promise<CacheEntry>;
  /** Whether the same request may succeed later; the last session is used meanwhile. */
  readonly isTransient: (error: unknown) => boolean;
  readonly now: () => Date;
  /** Receives a line for people when the last session is used, or when the cache cannot be used. */
  readonly warn: (line: string) => void;
  readonly sleep?: ((milliseconds: number) => Promise<void>) | undefined;
}

/**
 * Returns the credentials of a place from its entry, or asks the service for them. Of all processes that need them at the
 * same time one asks the service; the others wait and use its credentials, or fail with its error.
 *
 * When the folder cannot be used, the disk is full, or a path is taken by something else, the service is asked and a
 * warning says why: the cache must never be the reason for having no credentials.
 *
 * @returns The JSON of a credential process, never within a minute of its expiration.
 * @throws What `fetch` throws; for processes that waited, a SignerError with the same message.
 */
export async function cachedAnswer(place: CachePlace, options: CachedAnswerOptions): Promise<string> {
  const { now, sleep = setTimeout, warn } = options;
  const withoutCache = async (why: string): Promise<string> => {
    warn(`the cache is not used: ${why}`);
    return (await options.fetch()).json;
  };
  const problem = cacheFolderProblem(place.folder, true);
  if (problem !== undefined) return withoutCache(`${problem.reason}; ${problem.remedy}`);
  const began = now().getTime();
  let waited = 0;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.6, LONGEST_PAUSE_MS)) {
    const seen = look(place, now());
    const answer = answerOf(seen, place, options, began);
    if (answer !== undefined) return answer;
    let release: (() => void) | undefined;
    try {
      release = tryLock(`${place.path}.lock`);
    } catch (error) {
      return withoutCache(messageOf(error));
    }
    if (release !== undefined) {
      try {
        // Another process may have written the entry before this one took the lock.
        return answerOf(look(place, now()), place, options, began) ?? (await refresh(place, options));
      } finally {
        release();
      }
    }
    if (seen.usable !== undefined) return seen.usable;
    if (waited > LONGEST_WAIT_MS) return withoutCache(`"${place.path}.lock" is held without end; delete it`);
    const milliseconds = pause * (0.5 + Math.random());
    await sleep(milliseconds);
    waited += milliseconds;
  }
}

/** The JSON of a place's entry, as far as its times allow its use. */
interface SeenEntry {
  readonly fresh?: string | undefined;
  readonly usable?: string | undefined;
}

function look(place: CachePlace, moment: Date): SeenEntry {
  const entry = readEntry(place);
  const seconds = moment.getTime() / 1000;
  if (entry === undefined) return {};
  return {
    fresh: entry.freshUntil > seconds ? entry.json : undefined,
    usable: entry.expiration - USABLE_SECONDS > seconds ? entry.json : undefined,
  };
}

/**
 * Returns credentials without asking the service: fresh ones, or the last ones if the service failed a moment ago.
 *
 * @throws The failure of another process that asked while this one waited.
 */
function answerOf(
  { fresh, usable }: SeenEntry,
  place: CachePlace,
  { now, warn }: CachedAnswerOptions,
  began: number,
): string | undefined {
  if (fresh !== undefined) return fresh;
  const failure = lastFailure(place);
  if (failure === undefined) return undefined;
  // Negative when the clock was set back since: such a failure does not tell how the service is now.
  const ageMs = now().getTime() - failure.at;
  if (usable !== undefined && failure.transient && Math.abs(ageMs) < LEFT_ALONE_MS) {
    warn(`${LAST_SESSION}: ${failure.message}`);
    return usable;
  }
  if (failure.at < began || ageMs < 0) return undefined;
  throw new SignerError("ERR_SIGNER_SERVICE_REFUSED", failure.message);
}

/** Asks the service while this process holds the lock. */
async function refresh(place: CachePlace, options: CachedAnswerOptions): Promise<string> {
  const { now, warn } = options;
  let entry: CacheEntry;
  try {
    entry = await options.fetch();
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    const { message } = error;
    const transient = options.isTransient(error);
    try {
      // For the processes that wait. Without it they ask the service themselves.
      replaceFile(place, failurePath(place), JSON.stringify({ at: now().getTime(), message, transient }));
    } catch {
      // The command reports the failure itself.
    }
    const { usable } = look(place, now());
    if (usable === undefined || !transient) throw error;
    warn(`${LAST_SESSION}: ${message}`);
    return usable;
  }
  try {
    replaceFile(place, place.path, formatEntry(entry, place));
    rmSync(failurePath(place), { force: true });
  } catch (error) {
    warn(`the session is not kept: ${messageOf(error)}`);
  }
  return entry.json;
}

function replaceFile(place: CachePlace, path: string, text: string): void {
  removeLeftovers(place.folder, isCacheName);
  withTemporary(path, text, (temporary) => renameSync(temporary, path), { flush: false });
}

function failurePath(place: CachePlace): string {
  return `${place.path}.failure`;
}

/** The failure of the last attempt: its time in milliseconds, its message, and whether it may pass. */
function lastFailure(place: CachePlace): { at: number; message: string; transient: boolean } | undefined {
  try {
    const text = readPrivateFile(failurePath(place)) ?? "";
    const { at, message, transient }: Readonly<Record<string, unknown>> = Object(JSON.parse(text));
    return typeof at === "number" && typeof message === "string" && typeof transient === "boolean"
      ? { at, message, transient }
      : undefined;
  } catch {
    return undefined;
  }
}
