/** What keeps a session fresh; clock, timer and randomness can be replaced. */
export interface RefreshLoopOptions {
  /** Gets a new session, puts it where it belongs, and returns when it ends. */
  readonly refresh: () => Promise<Date>;
  /** How long before the end of a session the next one is fetched, in seconds; half its life if that is shorter. */
  readonly leadSeconds: number;
  /** Random part that is added to the lead, in seconds, so that many machines do not ask at once. @default 0 */
  readonly jitterSeconds?: number;
  /** Hears of a refresh that failed; `expiration` ends the last session, if there was one. What it throws ends the loop. */
  readonly onFailure: (error: unknown, expiration: Date | undefined, nextAttempt: Date) => void;
  /** Ends the loop. */
  readonly signal?: AbortSignal;
  /** @default the system clock */
  readonly now?: () => Date;
  /** Waits; comes back early when the signal is aborted. @default a timer */
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Number from 0 to below 1. @default Math.random */
  readonly random?: () => number;
}

const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 300_000;
/** A timer stands still while the machine sleeps, so the clock is looked at again after this time. */
const LONGEST_SLEEP_MS = 30_000;

/**
 * Refreshes a session for ever: some time before its end, and after a failure again and again, with pauses that grow from
 * ten seconds to five minutes. An attempt is made at the very end of a session as well.
 *
 * @returns After the signal was aborted.
 */
export async function refreshLoop(options: RefreshLoopOptions): Promise<void> {
  const { now = () => new Date(), random = Math.random, sleep = wait, signal } = options;
  const stopped = (): boolean => signal?.aborted === true;
  let expiration: Date | undefined;
  let failures = 0;
  while (!stopped()) {
    let next: number;
    try {
      expiration = await options.refresh();
      failures = 0;
      const lifeMs = expiration.getTime() - now().getTime();
      const leadMs = (options.leadSeconds + random() * (options.jitterSeconds ?? 0)) * 1000;
      // At least a moment, should the service hand out what has ended already.
      next = now().getTime() + Math.max(FIRST_PAUSE_MS, lifeMs - Math.min(leadMs, lifeMs / 2));
    } catch (error) {
      if (stopped()) return;
      const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures) * (0.5 + random() / 2);
      failures += 1;
      next = now().getTime() + pauseMs;
      if (expiration !== undefined && expiration > now()) next = Math.min(next, expiration.getTime());
      options.onFailure(error, expiration, new Date(next));
    }
    while (next > now().getTime() && !stopped()) {
      await sleep(Math.min(next - now().getTime(), LONGEST_SLEEP_MS), signal);
    }
  }
}

function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done);
  });
}
