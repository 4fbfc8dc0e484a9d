import { randomUUID } from "node:crypto";
import { lstatSync, renameSync, rmSync, writeFileSync } from "node:fs";

import { codeOf } from "../errors.ts";
import { linkOrWrite, readRegularFile } from "./private-file.ts";

/** A lock that is older than this, or dated in the future, is stale: all attempts at a session take 45 s at most. */
const STALE_AFTER_MS = 60_000;

/**
 * Takes a lock without waiting: a file with the process id, the start of the process and a random id.
 *
 * @returns A function that releases the lock; undefined when another process holds it.
 * @throws {Error} When the folder cannot be written, or the path names something other than a regular file.
 */
export function tryLock(path: string): (() => void) | undefined {
  const id = randomUUID();
  const token = `${process.pid} ${startOf(process.pid)} ${id}`;
  const mine = `${path}.${id}.tmp`;
  // The lock is written under another name first, so that no process sees it without its contents.
  try {
    writeFileSync(mine, token, { mode: 0o600, flag: "wx" });
    if (!linkOrWrite(mine, path, token) && !(removeStale(path) && linkOrWrite(mine, path, token)))
      return undefined;
  } finally {
    rmSync(mine, { force: true });
  }
  return () => {
    if (readRegularFile(path) === token) rmSync(path, { force: true });
  };
}

/** Removes a lock whose holder has ended. Only the process that renames it removes it. */
function removeStale(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
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

/** A lock that cannot be read belongs to another user. It counts as held until it is old. */
function isStale(modifiedMs: number, contents: string | undefined): boolean {
  if (Math.abs(Date.now() - modifiedMs) > STALE_AFTER_MS) return true;
  if (contents === undefined) return false;
  const [pid, start = ""] = contents.split(" ");
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return codeOf(error) !== "EPERM";
  }
  return startOf(Number(pid)) !== start;
}

/**
 * When a process started, in clock ticks since the system's start; `none` for one that has ended, and on systems other than
 * Linux. The system may give the id of an ended process to another one, and a killed process keeps its id until its parent
 * has waited for it (proc_pid_stat(5)); neither holds a lock.
 */
function startOf(pid: number): string {
  // The second field is the program's name in parentheses, which may contain any character.
  const [state = "Z", ...rest] = readRegularFile(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ") ?? [];
  return state === "Z" || state === "X" ? "none" : (rest[18] ?? "none");
}
