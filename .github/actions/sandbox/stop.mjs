// Stops the ra-sandbox that start.mjs started.
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const pid = Number(process.env["STATE_pid"]);
const log = process.env["STATE_log"] ?? "";
const SECONDS = 30;

/** Sends a signal to the sandbox and what it started in its group. Whether there was anything to send it to. */
function signal(name) {
  try {
    process.kill(-pid, name);
    return true;
  } catch {
    return false;
  }
}

if (Number.isInteger(pid) && pid > 1) {
  const end = Date.now() + SECONDS * 1000;
  signal("SIGTERM");
  while (signal(0) && Date.now() < end) await pause(100);
  if (signal("SIGKILL"))
    console.log(`::warning::the sandbox did not stop within ${SECONDS} seconds and was killed`);
  if (existsSync(log)) console.log(readFileSync(log, "utf8").trim());
}
