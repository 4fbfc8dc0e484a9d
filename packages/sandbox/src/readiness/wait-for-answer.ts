import { setTimeout as sleep } from "node:timers/promises";
import { SandboxError } from "../errors.ts";

export interface WaitForAnswerInit {
  url: string;
  /** What is waited for, in words for a message: "LocalStack". */
  name: string;
  /** In milliseconds. */
  timeoutMs: number;
  /** Ends the wait at once when the program behind the URL has died: returns why, or undefined while it lives. */
  died?: () => string | undefined;
  logDirectory: string;
  signal?: AbortSignal | undefined;
  /** @default 100 */
  intervalMs?: number;
}

/**
 * Waits until `url` answers 2xx.
 *
 * @returns the body of the answer
 * @throws {SandboxError} ERR_SANDBOX_START_FAILED when the program died, ERR_SANDBOX_TIMEOUT when it did not answer in time
 */
export async function waitForAnswer(init: WaitForAnswerInit): Promise<string> {
  const deadline = Date.now() + init.timeoutMs;
  let last = "no answer yet";
  while (Date.now() < deadline) {
    init.signal?.throwIfAborted();
    const death = init.died?.();
    if (death !== undefined) {
      throw new SandboxError(
        "ERR_SANDBOX_START_FAILED",
        `${init.name} ended before it was ready: ${death}. See the logs in ${init.logDirectory}`,
        { logDirectory: init.logDirectory },
      );
    }
    try {
      const answer = await fetch(init.url, { signal: AbortSignal.timeout(5000) });
      if (answer.ok) return await answer.text();
      last = `HTTP ${answer.status}`;
    } catch (error) {
      last = error instanceof Error ? (causeMessage(error) ?? error.message) : String(error);
    }
    await sleep(init.intervalMs ?? 100);
  }
  throw new SandboxError(
    "ERR_SANDBOX_TIMEOUT",
    `${init.name} did not answer at ${init.url} within ${init.timeoutMs / 1000} s (last: ${last}). See the logs in ${init.logDirectory}`,
    { logDirectory: init.logDirectory },
  );
}

function causeMessage(error: Error): string | undefined {
  return error.cause instanceof Error ? error.cause.message : undefined;
}
