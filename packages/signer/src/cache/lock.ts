import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";

/** A lock older than this, or of the future, belongs to nobody: all attempts at a session take 45 s at most. */
const STALE_AFTER_MS = 60_000;

/**
 * Takes a lock without waiting.
 *
 * @param path File of the lock; it holds process id, start of the process and a token.
 * @returns A function that releases it; undefined when another process holds it.
 * @throws {Error} When the folder cannot be written, or something that is no file is in the lock's place.
 */
export function tryLock(path: string): (() => void) | undefined {
  const id = randomUUID();
  const token = `${process.pid} ${startOf(process.pid)} ${id}`;
  const mine = `${path}.${id}.tmp`;
  // Written aside and linked, so that a lock is never seen without its contents, whenever its maker is killed.
  try {
    writeFileSync(mine, token, { mode: 0o600, flag: "wx" });
    if (!takes(mine, path, token) && !(removeStale(path) && takes(mine, path, token))) return undefined;
  } finally {
    rmSync(mine, { force: true });
  }
  return () => {
    if (contentsOf(path) === token) rmSync(path, { force: true });
  };
}

function takes(mine: string, path: string, token: string): boolean {
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    if (!["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"].includes(codeOf(error))) throw error;
  }
  // A file system without hard links.
  try {
    writeFileSync(path, token, { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Removes a lock whose holder is gone. Whoever renames it is the one to remove it. */
function removeStale(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return true;
  if (!stats.isFile()) throw new Error(`"${path}" is in the way and no file; delete it`);
  const seen = contentsOf(path);
  if (!isStale(stats.mtimeMs, seen)) return false;
  const aside = `${path}.${randomUUID()}.tmp`;
  try {
    renameSync(path, aside);
  } catch {
    return false;
  }
  // Another process may have replaced the stale lock by its own between the two steps: give it back.
  const taken = contentsOf(aside);
  if (taken !== seen) takes(aside, path, taken ?? "");
  rmSync(aside, { force: true });
  return taken === seen;
}

/** A lock that cannot be read is another user's; it is left alone until it is old. */
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

/** Contents of a regular file; links are not followed, and a named pipe is not waited for. */
function contentsOf(path: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    return fstatSync(file).isFile() ? readFileSync(file, "utf8") : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
