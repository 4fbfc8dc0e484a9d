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

/**
 * Holds the last session. One that has ended is never handed out, and a failed refresh does not touch one that lives.
 *
 * @param fetch Asks the service.
 * @param now Clock.
 */
export function createSessionHolder(fetch: () => Promise<CredentialSet>, now: () => Date): SessionHolder {
  let held: HeldSession | undefined;
  let pending: Promise<HeldSession> | undefined;
  let failure: { readonly error: unknown; readonly at: number } | undefined;

  const refresh = (): Promise<HeldSession> => {
    pending ??= fetch()
      .then((credentials) => {
        failure = undefined;
        return (held = { credentials, lastUpdated: now() });
      })
      .catch((error: unknown) => {
        failure = { error, at: now().getTime() };
        throw error;
      })
      .finally(() => (pending = undefined));
    return pending;
  };

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
