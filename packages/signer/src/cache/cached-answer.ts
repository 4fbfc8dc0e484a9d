import { randomUUID } from "node:crypto";
import { lstatSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { messageOf, SignerError } from "../errors.ts";
import { formatEntry, readEntry } from "./cache-entry.ts";
import type { CacheEntry } from "./cache-entry.ts";
import { cacheFolderProblem, isCacheName, readPrivateFile } from "./cache-place.ts";
import type { CachePlace } from "./cache-place.ts";
import { tryLock } from "./lock.ts";

/** Credentials with less life left than this are never used. */
const USABLE_SECONDS = 60;
/** While the last session lives, a service that was down is left alone for this time: a call that hangs takes as long. */
const LEFT_ALONE_MS = 30_000;
/** Pauses between looks grow, so that hundreds of waiting processes leave the one that works some processor time. */
const FIRST_PAUSE_MS = 30;
const LONGEST_PAUSE_MS = 500;
/** Nobody holds a lock so long, who is not changed by others or on another machine: then it is not waited for any more. */
const LONGEST_WAIT_MS = 90_000;
/** Temporary files of killed processes are swept after this time. */
const LEFTOVER_MS = 600_000;

/** How {@link cachedAnswer} reaches everything else. */
export interface CachedAnswerOptions {
  /** Asks the service. */
  readonly fetch: () => Promise<CacheEntry>;
  /** Whether a failure may pass by itself, so that the last session is still used. */
  readonly isTransient: (error: unknown) => boolean;
  readonly now: () => Date;
  /** Receives a line for people when the last session is used, or the cache cannot be. */
  readonly warn: (line: string) => void;
  readonly sleep?: ((milliseconds: number) => Promise<void>) | undefined;
}

/**
 * The credentials of a place: from its entry, or from the service by one of all processes that ask at the same time. A
 * failure is shared as well: those who waited for it do not ask again.
 *
 * Without a usable folder, on a full disk, or when something is in the way, the service is asked and a warning says why:
 * the cache must never be the reason for having no credentials.
 *
 * @returns The JSON of a credential process, never within a minute of its end.
 * @throws What `fetch` throws; for those who waited, a SignerError with the same message.
 */
export async function cachedAnswer(place: CachePlace, options: CachedAnswerOptions): Promise<string> {
  const { now, sleep = wait, warn } = options;
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
        // Another process may have been faster between the look and the lock.
        return answerOf(look(place, now()), place, options, began) ?? (await refresh(place, options));
      } finally {
        release();
      }
    }
    if (seen.usable !== undefined) return seen.usable.json;
    if (waited > LONGEST_WAIT_MS) return withoutCache(`"${place.path}.lock" is held without end; delete it`);
    const milliseconds = pause * (0.5 + Math.random());
    await sleep(milliseconds);
    waited += milliseconds;
  }
}

/**
 * The credentials without asking the service: fresh ones, or the last ones if the service was down just now.
 *
 * @throws The failure of another process that asked while this one waited.
 */
function answerOf(
  { fresh, usable }: SeenEntry,
  place: CachePlace,
  options: CachedAnswerOptions,
  began: number,
): string | undefined {
  if (fresh !== undefined) return fresh.json;
  const failure = lastFailure(place);
  if (failure === undefined) return undefined;
  // A clock that was set back since does not count as just now.
  const ageMs = Math.abs(options.now().getTime() - failure.at);
  if (usable !== undefined && failure.transient && ageMs < LEFT_ALONE_MS) {
    return lastSession(usable, failure, options);
  }
  // One of the future says nothing about the service now.
  if (failure.at >= began && failure.at <= options.now().getTime())
    throw new SignerError("ERR_SIGNER_SERVICE_REFUSED", failure.message);
  return undefined;
}

/** Asks the service, holding the lock. */
async function refresh(place: CachePlace, options: CachedAnswerOptions): Promise<string> {
  try {
    const entry = await options.fetch();
    try {
      replaceFile(place, place.path, formatEntry(entry, place));
      rmSync(failurePath(place), { force: true });
    } catch (error) {
      options.warn(`the session is not kept: ${messageOf(error)}`);
    }
    return entry.json;
  } catch (error) {
    const failure = failureOf(error, options);
    if (failure !== undefined) keepFailure(place, failure);
    const { usable } = look(place, options.now());
    if (usable !== undefined && failure?.transient === true) return lastSession(usable, failure, options);
    throw error;
  }
}

/** For processes that wait; without it they ask for themselves. */
function keepFailure(place: CachePlace, failure: Failure): void {
  try {
    replaceFile(place, failurePath(place), JSON.stringify(failure));
  } catch {
    // The failure itself is reported.
  }
}

/** The entry of a place, as what it is good for. */
interface SeenEntry {
  readonly fresh?: CacheEntry | undefined;
  readonly usable?: CacheEntry | undefined;
}

function look(place: CachePlace, moment: Date): SeenEntry {
  const entry = readEntry(place);
  const seconds = moment.getTime() / 1000;
  if (entry === undefined) return {};
  return {
    fresh: entry.freshUntil > seconds ? entry : undefined,
    usable: entry.expiration - USABLE_SECONDS > seconds ? entry : undefined,
  };
}

function lastSession(entry: CacheEntry, failure: Failure, { warn }: CachedAnswerOptions): string {
  warn(`the last session is used until its end: ${failure.message}`);
  return entry.json;
}

function replaceFile(place: CachePlace, path: string, text: string): void {
  sweep(place.folder);
  // Not named by process id: containers that share the folder each have a process 7.
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: "wx" });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Removes what killed processes left behind, and nothing that is not the cache's. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(".tmp") || !isCacheName(name)) continue;
    const path = join(folder, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isFile() === true && Date.now() - stats.mtimeMs > LEFTOVER_MS) rmSync(path, { force: true });
  }
}

function failurePath(place: CachePlace): string {
  return `${place.path}.failure`;
}

/** What the last attempt failed with, for processes that come after it. */
interface Failure {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly message: string;
  /** It may pass by itself. */
  readonly transient: boolean;
}

function failureOf(error: unknown, { isTransient, now }: CachedAnswerOptions): Failure | undefined {
  if (!(error instanceof SignerError)) return undefined;
  return { at: now().getTime(), message: error.message, transient: isTransient(error) };
}

function lastFailure(place: CachePlace): Failure | undefined {
  try {
    const value: unknown = JSON.parse(readPrivateFile(failurePath(place)) ?? "");
    return isFailure(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFailure(value: unknown): value is Failure {
  if (typeof value !== "object" || value === null) return false;
  const { at, message, transient }: Partial<Record<keyof Failure, unknown>> = value;
  return typeof at === "number" && typeof message === "string" && typeof transient === "boolean";
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
