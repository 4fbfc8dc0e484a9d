#!/usr/bin/env node
/**
 * Runs between the sandbox and a program that the sandbox started.
 *
 * The sandbox holds the other end of this process' standard input. When that end closes (the sandbox stopped, crashed
 * or was killed), this process ends the program's whole process group. So no program outlives the sandbox, not even
 * when the sandbox gets a SIGKILL.
 *
 * Usage: `node supervisor.js <grace in ms> <command> [argument …]`
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const [graceArgument, command, ...commandArguments] = process.argv.slice(2);
if (graceArgument === undefined || command === undefined) {
  process.stderr.write("usage: supervisor <grace in ms> <command> [argument …]\n");
  process.exit(2);
}
const graceMs = Number(graceArgument);
const POLL_MS = 20;

// The program gets a process group of its own. So this process can signal the group and still report the exit code.
const child = spawn(command, commandArguments, { stdio: ["ignore", "inherit", "inherit"], detached: true });

child.on("error", (error) => {
  process.stderr.write(`cannot start ${command}: ${error.message}\n`);
  process.exit(127);
});
child.on("exit", (code, signal) => {
  const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  // Processes that the program started and left in its group must end as well.
  void endGroup().then(() => process.exit(exitCode));
});

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void endGroup());
process.stdin
  .on("end", () => void endGroup())
  .on("close", () => void endGroup())
  .on("error", () => void endGroup())
  .resume();

let ending: Promise<void> | undefined;
function endGroup(): Promise<void> {
  ending ??= (async () => {
    signalGroup("SIGTERM");
    for (let waitedMs = 0; waitedMs < graceMs && signalGroup(0); waitedMs += POLL_MS) await sleep(POLL_MS);
    signalGroup("SIGKILL");
  })();
  return ending;
}

/** Sends a signal to the group, or checks it with 0. Returns whether the group still has a process. */
function signalGroup(signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  try {
    process.kill(-child.pid, signal);
    return true;
  } catch {
    return false;
  }
}
