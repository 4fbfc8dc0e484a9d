import type { Sandbox } from "@roles-anywhere/sandbox";
import type { EventLog } from "./event-log.ts";
import { readSessions } from "./read-sessions.ts";

/**
 * Does one step, and records when it began and how long it took, also when it fails.
 *
 * @param text what the step is, as a person types it; it must hold no secret
 */
export async function logStep<Result>(
  log: EventLog | undefined,
  phase: 1 | 2 | 3,
  text: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const began = new Date();
  try {
    return await work();
  } finally {
    const seconds = (Date.now() - began.getTime()) / 1000;
    log?.add({ kind: "step", at: began.toISOString(), phase, text, seconds });
  }
}

/** Records the CreateSession calls of a sandbox. Call it before the sandbox is stopped: the mock has them in memory. */
export async function logSessions(
  sandbox: Pick<Sandbox, "rolesAnywhereEndpoint">,
  log: EventLog,
): Promise<void> {
  // A mock that has died answers nothing, and whoever reports that death must not be kept from it.
  const sessions = await readSessions(sandbox.rolesAnywhereEndpoint).catch(() => []);
  for (const session of sessions) log.add(session);
}
