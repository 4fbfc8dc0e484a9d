import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";

/** A lock older than this belongs to nobody: all attempts at a session take 45 s at most. */
const STALE_AFTER_MS = 60_000;

/**
 * Takes a lock without waiting.
 *
 * The lock only spares requests: two holders at once would each fetch a session and each write a whole entry.
 *
 * @param path File of the lock; it holds process id, start of the process and a token.
 * @returns A function that releases it; undefined when another process holds it.
 */
export function tryLock(path: string): (() => void) | undefined {
  const id = randomUUID();
  const token = `${process.pid} ${startOf(process.pid)} ${id}`;
  const mine = `${path}.${id}.tmp`;
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
  const aside = `${path}.${randomUUID()}.tmp`;
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
  const [pid, start = ""] = contents.split(" ");
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
  return startOf(Number(pid)) !== start;
}

/**
 * When a process started, in a unit of the system's. Another process may have the id of one that is gone, and one that
 * was killed keeps its id until its parent has noticed; neither holds a lock.
 *
 * @returns `none` for a process that has ended, or where the system does not tell (it does on Linux).
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
function startOf(pid: number): string {
  // The second field is the program's name in parentheses, which may hold anything.
  const [state = "Z", ...rest] = contentsOf(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ") ?? [];
  return state === "Z" || state === "X" ? "none" : (rest[18] ?? "none");
}

function contentsOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
