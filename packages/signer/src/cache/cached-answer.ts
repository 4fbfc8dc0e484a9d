import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { SignerError } from "../errors.ts";
import { formatEntry, readEntry } from "./cache-entry.ts";
import type { CacheEntry } from "./cache-entry.ts";
import type { CachePlace } from "./cache-place.ts";
import { tryLock } from "./lock.ts";

/** With less life left than this an answer is not given any more, whatever happens. */
const USABLE_SECONDS = 60;
/** While the last session lives, a service that was down is left alone for this time: a call that hangs takes as long. */
const LEFT_ALONE_MS = 30_000;
/** Pauses between looks grow, so that hundreds of waiting processes leave the one that works some processor time. */
const FIRST_PAUSE_MS = 30;
const LONGEST_PAUSE_MS = 500;
/** Temporary files of killed processes are swept after this time. */
const LEFTOVER_MS = 600_000;

/** What {@link cachedAnswer} needs of the world. */
export interface CachedAnswerOptions {
  /** Asks the service. */
  readonly fetch: () => Promise<CacheEntry>;
  /** Whether a failure may pass by itself, so that an answer that lives is still given. */
  readonly isTransient: (error: unknown) => boolean;
  readonly now: () => Date;
  /** Receives a line for people when an old answer had to be given. */
  readonly warn: (line: string) => void;
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

/**
 * The answer for a place: from its entry, or from the service by one of all processes that ask at the same time. A failure
 * is shared as well: those who waited for it do not ask again.
 *
 * @returns The JSON of a credential process, never within a minute of its end.
 * @throws What `fetch` throws; for those who waited, a SignerError with the same message.
 */
export async function cachedAnswer(place: CachePlace, options: CachedAnswerOptions): Promise<string> {
  const { now, sleep = wait } = options;
  const began = now().getTime();
  mkdirSync(place.folder, { recursive: true, mode: 0o700 });
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.6, LONGEST_PAUSE_MS)) {
    const seen = look(place, now());
    const answer = answerOf(seen, place, options, began);
    if (answer !== undefined) return answer;
    const release = tryLock(`${place.path}.lock`);
    if (release !== undefined) {
      try {
        // Another process may have been faster between the look and the lock.
        return answerOf(look(place, now()), place, options, began) ?? (await refresh(place, options));
      } finally {
        release();
      }
    }
    if (seen.usable !== undefined) return seen.usable.json;
    await sleep(pause * (0.5 + Math.random()));
  }
}

/**
 * The answer without asking the service: a fresh one, or the last one if the service was down just now.
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
  if (failure.at >= began) throw new SignerError("ERR_SIGNER_SERVICE_REFUSED", failure.message);
  return undefined;
}

/** Asks the service, holding the lock. */
async function refresh(place: CachePlace, options: CachedAnswerOptions): Promise<string> {
  try {
    const entry = await options.fetch();
    replaceFile(place, place.path, formatEntry(entry, place));
    rmSync(failurePath(place), { force: true });
    return entry.json;
  } catch (error) {
    const failure = failureOf(error, options);
    if (failure !== undefined) replaceFile(place, failurePath(place), JSON.stringify(failure));
    const { usable } = look(place, options.now());
    if (usable !== undefined && failure?.transient === true) return lastSession(usable, failure, options);
    throw error;
  }
}

/** The entry of a place, as what it is good for. */
interface SeenEntry {
  readonly fresh?: CacheEntry;
  readonly usable?: CacheEntry;
}

function look(place: CachePlace, moment: Date): SeenEntry {
  const entry = readEntry(place);
  const seconds = moment.getTime() / 1000;
  if (entry === undefined) return {};
  return {
    ...(entry.freshUntil > seconds ? { fresh: entry } : {}),
    ...(entry.expiration - USABLE_SECONDS > seconds ? { usable: entry } : {}),
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
  writeFileSync(temporary, text, { mode: 0o600, flag: "wx" });
  renameSync(temporary, path);
}

/** Removes what killed processes left behind. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(".tmp")) continue;
    const path = join(folder, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > LEFTOVER_MS) rmSync(path, { force: true });
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
    const value: unknown = JSON.parse(readFileSync(failurePath(place), "utf8"));
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
