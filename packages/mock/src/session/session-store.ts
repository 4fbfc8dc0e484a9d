import type { SessionTag } from "@roles-anywhere/iam-policy/roles-anywhere";

/** A session that the mock granted, with what is needed to judge the requests that its credentials sign. */
export interface GrantedSession {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly roleArn: string;
  /** The unique id of the role, `AROA…`. */
  readonly roleId: string;
  readonly roleSessionName: string;
  /** `arn:aws:sts::<account>:assumed-role/<role>/<session name>` */
  readonly assumedRoleArn: string;
  readonly sourceIdentity: string;
  readonly tags: readonly SessionTag[];
  /** Inline session policy of the profile, JSON. */
  readonly sessionPolicy?: string | undefined;
  /** Managed session policies of the profile. */
  readonly managedPolicyArns: readonly string[];
  /** By the mock's clock, as all times here. */
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  readonly trustAnchorArn: string;
  readonly profileArn: string;
  readonly certificate: {
    readonly subject: string;
    readonly issuer: string;
    /** Decimal. */
    readonly serialNumber: string;
  };
}

/** The sessions that the mock granted. */
export interface SessionStore {
  /** Remembers a session. Sessions that expired long before `now` may be forgotten. */
  add(session: GrantedSession, now: Date): void;
  /** @returns `undefined` for a key that the mock never gave out, or has forgotten */
  find(accessKeyId: string): GrantedSession | undefined;
  readonly size: number;
}

/** How many sessions are kept by default. One takes about 2 KB. */
export const SESSION_CAPACITY = 20_000;

/** A session is kept for this time after its end, so that its credentials are said to be expired and not unknown. */
const KEPT_AFTER_EXPIRY_MS = 24 * 3600 * 1000;

/**
 * Makes a store that holds at most `capacity` sessions. It forgets those that expired more than a day ago; when that is
 * not enough, it forgets the oldest.
 *
 * @param capacity at least 1
 */
export function createSessionStore(capacity = SESSION_CAPACITY): SessionStore {
  const sessions = new Map<string, GrantedSession>();
  /** The size at which the store looks for sessions to forget. It grows with what is in use, so that adding stays cheap. */
  let sweepAt = Math.min(1024, capacity);
  return {
    add(session, now) {
      sessions.set(session.accessKeyId, session);
      if (sessions.size <= sweepAt) return;
      forgetExpired(sessions, now.getTime() - KEPT_AFTER_EXPIRY_MS);
      for (const accessKeyId of sessions.keys()) {
        if (sessions.size <= capacity) break;
        sessions.delete(accessKeyId);
      }
      sweepAt = Math.min(capacity, Math.max(1024, 2 * sessions.size));
    },
    find: (accessKeyId) => sessions.get(accessKeyId),
    get size() {
      return sessions.size;
    },
  };
}

function forgetExpired(sessions: Map<string, GrantedSession>, before: number): void {
  for (const [accessKeyId, { expiresAt }] of sessions) {
    if (expiresAt.getTime() < before) sessions.delete(accessKeyId);
  }
}
