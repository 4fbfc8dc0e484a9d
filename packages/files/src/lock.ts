import { randomUUID } from "node:crypto";
import { renameSync, rmSync } from "node:fs";

import { createFile, linkOrWrite } from "./create.ts";
import { isSameProcess, machine, startOf } from "./process-identity.ts";
import { readRegularFile, statsOf } from "./read.ts";

/** A lock that is older than this, or dated in the future, is stale: nothing that is done under it takes as long. */
const STALE_AFTER_MS = 60_000;

/**
 * Takes a lock without waiting: a file with the id and the start of the process, a random id, and the machine.
 *
 * @returns A function that releases the lock; undefined when another process holds it.
 * @throws {Error} When the folder cannot be written, or the path names something other than a regular file.
 */
export function tryLock(path: string): (() => void) | undefined {
  const token = `${process.pid} ${startOf(process.pid)} ${randomUUID()} ${machine()}`;
  // The lock is written under another name first, so that no process sees it without its contents.
  const take = (): boolean => createFile(path, token, { flush: false });
  if (!take() && !(removeStale(path) && take())) return undefined;
  return () => {
    if (readRegularFile(path) === token) rmSync(path, { force: true });
  };
}

/** Removes a lock whose holder has ended. Only the process that renames it removes it. */
function removeStale(path: string): boolean {
  const stats = statsOf(path);
  if (stats === undefined) return true;
  if (!stats.isFile()) throw new Error(`"${path}" is in the way and no file; delete it`);
  const seen = readRegularFile(path);
  if (!isStale(stats.mtimeMs, seen)) return false;
  const aside = `${path}.${randomUUID()}.tmp`;
  try {
    renameSync(path, aside);
  } catch {
    return false;
  }
  // Between the two steps another process may have replaced the stale lock by its own, which is put back.
  const taken = readRegularFile(aside);
  if (taken !== seen) linkOrWrite(aside, path, taken ?? "");
  rmSync(aside, { force: true });
  return taken === seen;
}

/** A lock that cannot be read belongs to another user, and one of another machine tells nothing. Both count until they are old. */
function isStale(modifiedMs: number, contents: string | undefined): boolean {
  if (Math.abs(Date.now() - modifiedMs) > STALE_AFTER_MS) return true;
  if (contents === undefined) return false;
  const [pid, start = "", , host = machine()] = contents.split(" ");
  return host === machine() && !isSameProcess(Number(pid), start);
}
