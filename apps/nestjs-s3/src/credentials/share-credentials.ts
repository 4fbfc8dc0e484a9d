import type { fromIni } from "@aws-sdk/credential-providers";
import { CredentialsUnavailableError } from "./credentials-unavailable-error.ts";
import { oneLineReason } from "./one-line-reason.ts";

/** Temporary credentials as the AWS SDK passes them around. */
export type Credentials = Awaited<ReturnType<ReturnType<typeof fromIni>>>;

/** One set of credentials for all clients, renewed before it expires. */
export interface SharedCredentials {
  /**
   * @returns Credentials that are alive now.
   * @throws {CredentialsUnavailableError} ERR_CREDENTIALS_UNAVAILABLE when there are none to be had.
   */
  (): Promise<Credentials>;
  /** Tells the SDK's clients that they need not put a cache of their own in front. */
  readonly memoized: true;
  /** Drops the current credentials, because AWS does not take them any more. */
  forget(): void;
}

export interface ShareCredentialsOptions {
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
  /** How long one attempt may take, in milliseconds. @default 30000 */
  readonly timeoutMs?: number;
  /** Called with one safe line when a renewal fails while the current credentials still live. */
  readonly onRenewalFailure?: (reason: string) => void;
}

/** The SDK's own margin: credentials with less life than this are renewed. */
const RENEWAL_MARGIN_MS = 5 * 60_000;

/**
 * Puts one cache in front of a credential provider, so that any number of clients and requests together
 * run the credential process once per session. Handed bare to two clients, `fromIni` would run it for each.
 *
 * Credentials are renewed when less than five minutes remain, or half the life they came with when that
 * is shorter. A renewal that fails is not fatal while the current ones live.
 *
 * @param provider - Fetches fresh credentials, for example `fromIni({ profile })`.
 */
export function shareCredentials(
  provider: () => Promise<Credentials>,
  options: ShareCredentialsOptions = {},
): SharedCredentials {
  const { now = Date.now, timeoutMs = 30_000, onRenewalFailure } = options;
  let current: { credentials: Credentials; renewAt: number; deadAt: number } | undefined;
  let pending: Promise<Credentials> | undefined;

  const fetchOnce = async (): Promise<Credentials> => {
    const startedAt = now();
    const credentials = await withTimeout(provider(), timeoutMs);
    const deadAt = credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
    const margin = Math.min(RENEWAL_MARGIN_MS, (deadAt - startedAt) / 2);
    current = { credentials, renewAt: deadAt - margin, deadAt };
    return credentials;
  };

  const share = async (): Promise<Credentials> => {
    if (current !== undefined && now() < current.renewAt) return current.credentials;
    pending ??= fetchOnce().finally(() => {
      pending = undefined;
    });
    try {
      return await pending;
    } catch (cause) {
      const reason = oneLineReason(cause);
      if (current !== undefined && now() < current.deadAt) {
        onRenewalFailure?.(reason);
        return current.credentials;
      }
      throw new CredentialsUnavailableError(reason, { cause });
    }
  };

  return Object.assign(share, {
    memoized: true as const,
    forget: () => {
      current = undefined;
    },
  });
}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the credential process gave no answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
