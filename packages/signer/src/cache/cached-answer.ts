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
    const entry = readEntry(place);
    const seconds = now().getTime() / 1000;
    if (entry !== undefined && entry.freshUntil > seconds) return entry.json;
    const release = tryLock(`${place.path}.lock`);
    if (release !== undefined) {
      try {
        return await refresh(place, options, began);
      } finally {
        release();
      }
    }
    if (entry !== undefined && entry.expiration - USABLE_SECONDS > seconds) return entry.json;
    throwFailureSince(began, place);
    await sleep(pause * (0.5 + Math.random()));
  }
}

/** Asks the service, holding the lock. */
async function refresh(place: CachePlace, options: CachedAnswerOptions, began: number): Promise<string> {
  const { now } = options;
  // Another process may have been faster between the look and the lock.
  const entry = readEntry(place);
  if (entry !== undefined && entry.freshUntil > now().getTime() / 1000) return entry.json;
  throwFailureSince(began, place);
  try {
    const fresh = await options.fetch();
    replaceFile(place, place.path, formatEntry(fresh, place));
    rmSync(failurePath(place), { force: true });
    return fresh.json;
  } catch (error) {
    if (
      entry !== undefined &&
      entry.expiration - USABLE_SECONDS > now().getTime() / 1000 &&
      options.isTransient(error)
    ) {
      options.warn(`the last session is used until its end: ${String(error)}`);
      return entry.json;
    }
    writeFailure(place, error, now());
    throw error;
  }
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

function writeFailure(place: CachePlace, error: unknown, moment: Date): void {
  if (!(error instanceof SignerError)) return;
  const { message } = error;
  replaceFile(place, failurePath(place), JSON.stringify({ at: moment.getTime(), message }));
}

/** Throws the failure of another process that asked while this one waited. */
function throwFailureSince(began: number, place: CachePlace): void {
  let failure: unknown;
  try {
    failure = JSON.parse(readFileSync(failurePath(place), "utf8"));
  } catch {
    return;
  }
  if (typeof failure !== "object" || failure === null || !("at" in failure) || !("message" in failure))
    return;
  const { at, message } = failure;
  if (typeof at === "number" && at >= began && typeof message === "string") {
    throw new SignerError("ERR_SIGNER_SERVICE_REFUSED", message);
  }
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
