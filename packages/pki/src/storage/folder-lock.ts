import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { PkiError } from "../errors.ts";
import { fileSystemError } from "./write-files.ts";

/** How long a command waits for the commands before it. Each one holds the folder for milliseconds. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 15;

/** `.ra-pki-lock-<moment>-<process id>-<start of the process>-<machine>-<random>`; it sorts by the moment. */
const CLAIM = /^\.ra-pki-lock-\d{15}-(\d+)-(\d+)-([\da-f]{8})-[\da-f]{8}$/;

/**
 * Waits until no other command works in the folder, and keeps others out until the returned function is called.
 *
 * Each command creates a file with a name of its own, its claim, and then looks for other claims. It goes ahead when there
 * is none, waits for younger ones to give way, and gives way to older ones. So two commands never go ahead together:
 * whoever looks last sees the other one. The claim of a killed command is removed by whoever sees it next, if it can tell:
 * if it is the same machine since the same start, and the same container. The name of a claim is never used again, so
 * nobody removes the claim of a living command by mistake.
 *
 * @throws {PkiError} ERR_PKI_LOCKED after 30 s; ERR_PKI_FILE_SYSTEM
 */
export async function lockFolder(
  directory: string,
  { patienceMs = PATIENCE_MS }: { readonly patienceMs?: number | undefined } = {},
): Promise<() => void> {
  // `performance` would have to be loaded first.
  const giveUpAt = process.uptime() + patienceMs / 1000;
  for (;;) {
    const claim = newClaim();
    const path = join(directory, claim);
    // A claim that cannot be removed counts until its process ends.
    const release = (): void => rmSync(path, { force: true });
    try {
      closeSync(openSync(path, "wx", 0o600));
    } catch (cause) {
      throw fileSystemError(`cannot write into ${directory}, where nothing has changed`, directory, cause);
    }
    try {
      for (;;) {
        const others = otherClaims(directory, claim);
        const oldest = others[0];
        if (oldest === undefined) return release;
        if (process.uptime() > giveUpAt) throw locked(directory, oldest);
        if (oldest < claim) break;
        await wait(PAUSE_MS);
      }
    } catch (cause) {
      try {
        release();
      } catch {
        // The first error says more.
      }
      throw cause instanceof PkiError
        ? cause
        : fileSystemError(`cannot write into ${directory}, where nothing has changed`, directory, cause);
    }
    release();
    await wait(PAUSE_MS + Math.random() * PAUSE_MS);
  }
}

function newClaim(): string {
  // Tenths of a millisecond.
  const moment = `${Date.now()}0`.padStart(15, "0");
  return `.ra-pki-lock-${moment}-${process.pid}-${startOf(process.pid) ?? 0}-${machine()}-${randomBytes(4).toString("hex")}`;
}

/** The claims of living commands but for one, the oldest first. Claims of ended commands are removed. */
function otherClaims(directory: string, own: string): string[] {
  const claims: string[] = [];
  for (const name of readdirSync(directory)) {
    const [, pid, start, host] = CLAIM.exec(name) ?? [];
    if (pid === undefined || name === own) continue;
    if (host !== machine() || isAlive(Number(pid), Number(start))) claims.push(name);
    else rmSync(join(directory, name), { force: true });
  }
  return claims.toSorted();
}

/** Whether the process that made a claim lives. Its own id may be that of another thread, or of another copy of this module. */
function isAlive(pid: number, start: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process of another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  const found = startOf(pid);
  return found === undefined || start === 0 || found === start;
}

/** When a process started, in ticks since the machine did; undefined where the system does not tell. */
function startOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the name of the program in parentheses, and may have spaces.
    return Number(fields.slice(fields.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return undefined;
  }
}

/**
 * Within what a process id means one process: the machine since its start, and the container. Containers that share a folder
 * may have the same host name, and the process ids of the one say nothing in the other.
 */
function machine(): string {
  const parts = [
    hostname(),
    ifSystemTells(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()),
    ifSystemTells(() => readlinkSync("/proc/self/ns/pid")),
  ];
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 8);
}

function ifSystemTells(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

function locked(directory: string, claim: string): PkiError {
  const path = join(directory, claim);
  const [, pid, , host] = CLAIM.exec(claim) ?? [];
  const holder =
    host === machine()
      ? `process ${pid}`
      : `process ${pid} of another machine or container, or from before a restart,`;
  return new PkiError(
    "ERR_PKI_LOCKED",
    `${holder} works in ${directory} and does not come to an end; wait for it, or end it and delete ${path}`,
    { path },
  );
}
