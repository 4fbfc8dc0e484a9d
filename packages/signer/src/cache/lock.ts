import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";

/** A lock older than this belongs to nobody: all attempts at a session take 45 s at most. */
const STALE_AFTER_MS = 60_000;

/**
 * Takes a lock without waiting.
 *
 * The lock only spares requests: two holders at once would each fetch a session and each write a whole entry.
 *
 * @param path File of the lock; it holds process id and a token.
 * @returns A function that releases it; undefined when another process holds it.
 */
export function tryLock(path: string): (() => void) | undefined {
  const token = `${process.pid} ${randomUUID()}`;
  const mine = `${path}.${process.pid}.tmp`;
  // Written aside and linked, so that a lock is never seen without its contents, whenever its maker is killed.
  writeFileSync(mine, token, { mode: 0o600 });
  try {
    if (!takes(mine, path) && !(removeStale(path) && takes(mine, path))) return undefined;
  } finally {
    rmSync(mine, { force: true });
  }
  return () => {
    if (contentsOf(path) === token) rmSync(path, { force: true });
  };
}

function takes(mine: string, path: string): boolean {
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** Removes a lock whose holder is gone. Whoever renames it is the one to remove it. */
function removeStale(path: string): boolean {
  const seen = contentsOf(path);
  if (seen === undefined) return true;
  if (!isStale(path, seen)) return false;
  const aside = `${path}.${process.pid}.stale.tmp`;
  try {
    renameSync(path, aside);
  } catch {
    return false;
  }
  // Another process may have replaced the stale lock by its own between the two steps: give it back.
  const taken = contentsOf(aside);
  if (taken !== seen) takes(aside, path);
  rmSync(aside, { force: true });
  return taken === seen;
}

function isStale(path: string, contents: string): boolean {
  const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  if (age > STALE_AFTER_MS) return true;
  try {
    process.kill(Number(contents.split(" ")[0]), 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

function contentsOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
