import { randomBytes } from "node:crypto";
import { closeSync, openSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { isSameProcess, machine, startOf } from "@roles-anywhere/files";
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
  return `.ra-pki-lock-${moment}-${process.pid}-${startOf(process.pid)}-${machine()}-${randomBytes(4).toString("hex")}`;
}

/** The claims of living commands but for one, the oldest first. Claims of ended commands are removed. */
function otherClaims(directory: string, own: string): string[] {
  const claims: string[] = [];
  for (const name of readdirSync(directory)) {
    const [, pid, start = "", host] = CLAIM.exec(name) ?? [];
    if (pid === undefined || name === own) continue;
    if (host !== machine() || isSameProcess(Number(pid), start)) claims.push(name);
    else rmSync(join(directory, name), { force: true });
  }
  return claims.toSorted();
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
