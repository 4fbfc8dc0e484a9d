import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Files, Plan } from "./plan.ts";

/**
 * Writes what was planned. When that fails, every file is put back.
 *
 * @param before the tracked files as they are
 * @param folder old and new path of the app, which moves with what git ignores in it
 */
export function writePlan(
  root: string,
  before: Files,
  plan: Plan,
  [from, to]: readonly [string, string],
): void {
  // A signal waits: what follows is synchronous, and takes less than a second.
  const wait = (): void => {};
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, wait);
  const modes = new Map([...before.keys()].map((path) => [path, statSync(join(root, path)).mode]));
  const moved = from !== to;
  try {
    if (moved) renameSync(join(root, from), join(root, to));
    for (const [path, target] of plan.moves) {
      const present = moved && path.startsWith(`${from}/`) ? to + path.slice(from.length) : path;
      const content = target === undefined ? undefined : plan.files.get(target);
      if (target !== present) remove(root, present);
      if (target === undefined || content === undefined) continue;
      if (target === path && before.get(path)?.equals(content) === true) continue;
      write(join(root, target), content, modes.get(path));
    }
  } catch (cause) {
    if (moved && existsSync(join(root, to))) renameSync(join(root, to), join(root, from));
    for (const target of plan.files.keys()) if (!before.has(target)) remove(root, target);
    for (const [path, content] of before) write(join(root, path), content, modes.get(path));
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${reason}; every file was put back`, { cause });
  }
}

function write(path: string, content: Buffer, mode: number | undefined): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  if (mode !== undefined) chmodSync(path, mode);
}

/** Removes a file, and the folders that are empty then. */
function remove(root: string, path: string): void {
  rmSync(join(root, path), { force: true });
  for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) {
    const full = join(root, folder);
    if (!existsSync(full)) continue;
    if (readdirSync(full).length > 0) return;
    rmdirSync(full);
  }
}
