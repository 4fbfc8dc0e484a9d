import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

import { codeOf } from "./file-error.ts";

/** The start of a process that the system tells nothing about: on systems other than Linux, or without /proc. */
const UNKNOWN = "0";

/**
 * When a process started, in clock ticks since the system's start; `0` where the system does not tell, `ended` for one that
 * has ended. The system may give the id of an ended process to another one, and a killed process keeps its id until its
 * parent has waited for it (proc_pid_stat(5)); neither holds a lock.
 */
export function startOf(pid: number): string {
  const stat = ifSystemTells(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  // The second field is the program's name in parentheses, which may contain any character.
  const [state = "", ...rest] = stat.split(") ").at(-1)?.split(" ") ?? [];
  return state === "Z" || state === "X" ? "ended" : (rest[18] ?? UNKNOWN);
}

/** Whether the process may live that had this id and this start on this machine. */
export function isSameProcess(pid: number, start: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process of another user.
    return codeOf(error) === "EPERM";
  }
  const found = startOf(pid);
  return found === start || found === UNKNOWN || start === UNKNOWN;
}

let known: string | undefined;

/**
 * Within what a process id means one process: the machine since its start, and the container. Containers that share a folder
 * may have the same host name, and the process ids of the one say nothing in the other.
 */
export function machine(): string {
  if (known !== undefined) return known;
  const parts = [
    hostname(),
    ifSystemTells(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()),
    ifSystemTells(() => readlinkSync("/proc/self/ns/pid")),
  ];
  return (known = createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 8));
}

function ifSystemTells(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
