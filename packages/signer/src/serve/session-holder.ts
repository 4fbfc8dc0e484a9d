import { messageOf } from "../errors.ts";
import { isoSeconds } from "../keys/identity.ts";
import { refreshLoop } from "../refresh/refresh-loop.ts";
import type { RefreshLoopOptions } from "../refresh/refresh-loop.ts";
import type { CredentialSet } from "../session/credential-set.ts";

/** A session and when it was fetched. */
export interface HeldSession {
  readonly credentials: CredentialSet;
  readonly lastUpdated: Date;
}

/** The session that an endpoint hands out. */
export interface SessionHolder {
  /** The session that lives, or a new one. Fails when there is none to be had. */
  current(): Promise<HeldSession>;
  /** Fetches a new one; one request is in flight at a time. */
  refresh(): Promise<HeldSession>;
}

/** While there is no session, the service is asked at most this often; callers in between get the last failure. */
const FAILURE_MS = 5000;

/** Holds the last session. One that has ended is never handed out, and a failed refresh does not touch one that lives. */
export function createSessionHolder(fetch: () => Promise<CredentialSet>, now: () => Date): SessionHolder {
  let held: HeldSession | undefined;
  let pending: Promise<HeldSession> | undefined;
  let failure: { readonly error: unknown; readonly at: number } | undefined;

  const ask = async (): Promise<HeldSession> => {
    try {
      const credentials = await fetch();
      failure = undefined;
      return (held = { credentials, lastUpdated: now() });
    } catch (error) {
      failure = { error, at: now().getTime() };
      throw error;
    }
  };
  const refresh = (): Promise<HeldSession> => (pending ??= ask().finally(() => (pending = undefined)));

  return {
    refresh,
    async current() {
      const moment = now();
      if (held !== undefined && new Date(held.credentials.expiration) > moment) return held;
      if (pending === undefined && failure !== undefined && moment.getTime() - failure.at < FAILURE_MS) {
        throw failure.error;
      }
      return refresh();
    },
  };
}

/** boto3 asks anew for credentials that live shorter than a quarter of an hour; the next ones are there before. */
const LEAD_SECONDS = 900;
const JITTER_SECONDS = 60;

/**
 * Keeps the session of a holder fresh until the signal is aborted. `tried` is fulfilled when the first attempt is over, be it
 * a success or not.
 */
export function keepSession(
  holder: SessionHolder,
  warn: (warning: string) => void,
  time: Pick<RefreshLoopOptions, "now" | "sleep" | "random" | "signal">,
): { readonly tried: Promise<void>; readonly ended: Promise<void> } {
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
