import { messageOf } from "../errors.ts";
import { isoSeconds } from "../keys/check-identity.ts";
import { refreshLoop } from "../refresh/refresh-loop.ts";
import type { RefreshLoopOptions } from "../refresh/refresh-loop.ts";
import type { SessionHolder } from "./session-holder.ts";

/** boto3 asks anew for credentials that live shorter than a quarter of an hour; the next ones are there before. */
const LEAD_SECONDS = 900;
const JITTER_SECONDS = 60;

/** A session that is kept fresh. */
export interface KeptSession {
  /** Fulfilled when the first attempt is over, be it a success or not. */
  readonly tried: Promise<void>;
  /** Settled when the signal was aborted. */
  readonly ended: Promise<void>;
}

/**
 * Keeps the session of a holder fresh until the signal is aborted.
 *
 * @param holder Holds the session.
 * @param warn Receives what went wrong, and what that means for those who ask.
 * @param time Clock, timer, randomness and signal, as for `refreshLoop`.
 */
export function keepSession(
  holder: SessionHolder,
  warn: (warning: string) => void,
  time: Pick<RefreshLoopOptions, "now" | "sleep" | "random" | "signal">,
): KeptSession {
  const { now = () => new Date() } = time;
  const first = Promise.withResolvers<void>();
  const loop = refreshLoop({
    ...time,
    leadSeconds: LEAD_SECONDS,
    jitterSeconds: JITTER_SECONDS,
    async refresh() {
      const { credentials } = await holder.refresh().finally(first.resolve);
      return new Date(credentials.expiration);
    },
    onFailure(error, expiration, nextAttempt) {
      const state =
        expiration !== undefined && expiration > now()
          ? `the last session is served until ${isoSeconds(expiration)}`
          : "there is no session to serve";
      warn(`${state}, next attempt at ${isoSeconds(nextAttempt)}: ${messageOf(error)}`);
    },
  });
  return { tried: first.promise, ended: loop.finally(first.resolve) };
}
