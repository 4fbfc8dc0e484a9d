import { readdirSync, readFileSync } from "node:fs";

/** GitHub's runner gives it to every process of a job, and ends those that are left when the job ends. */
export const TRACKING_VARIABLE = "RUNNER_TRACKING_ID";

/**
 * Ends the processes that have the variable with this value in their environment, as GitHub's runner does. Only where
 * there is /proc: elsewhere they stay.
 */
export function endLeftovers(trackingId: string): void {
  const wanted = `${TRACKING_VARIABLE}=${trackingId}`;
  for (const entry of namesIn("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    if (!environmentOf(entry).includes(wanted)) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended meanwhile.
    }
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Empty for a process that ended, or that is another user's. */
function environmentOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
  } catch {
    return [];
  }
}
