import { fromIni } from "@aws-sdk/credential-providers";
import { Logger } from "@nestjs/common";
import { memoize } from "@smithy/property-provider";
import { reasonOf } from "./log-text.ts";
import type { CredentialsSettings, InProcessSettings } from "./settings.ts";

/** Temporary credentials as the AWS SDK passes them around. */
export type Credentials = Awaited<ReturnType<ReturnType<typeof fromIni>>>;

/** Gives credentials; with `forceRefresh` new ones, whatever it has kept. */
export type CredentialProvider = (options?: { forceRefresh?: boolean }) => Promise<Credentials>;

/** Injection token of the {@link SharedCredentials} that every AWS client is made with. */
export const CREDENTIALS = Symbol("CREDENTIALS");

/** One set of credentials for all clients, renewed before it expires. */
export interface SharedCredentials {
  /**
   * @returns Credentials that have not expired.
   * @throws {CredentialsUnavailableError} ERR_CREDENTIALS_UNAVAILABLE when there are none to be had.
   */
  (): Promise<Credentials>;
  /** Tells the SDK's clients not to put a cache of their own in front. */
  readonly memoized: true;
  /** Drops the current credentials, because AWS has rejected them. */
  forget(): void;
}

/** Neither the profile nor Roles Anywhere gave credentials. The message is one line for the log, not for clients. */
export class CredentialsUnavailableError extends Error {
  override readonly name = "CredentialsUnavailableError";
  readonly code = "ERR_CREDENTIALS_UNAVAILABLE";

  constructor(cause: unknown) {
    super(reasonOf(cause), { cause });
  }
}

/** The one place where credentials come from: a profile, as in any other application, or Roles Anywhere without one. */
export async function createCredentials(settings: CredentialsSettings): Promise<SharedCredentials> {
  const logger = new Logger("Credentials");
  const onRenewalFailure = (cause: unknown): void =>
    logger.warn(`renewal failed, the current session goes on: ${reasonOf(cause)}`);
  if (settings.source === "in-process") return inProcessCredentials(settings, { onRenewalFailure });
  const { profile } = settings;
  // ignoreCache: a profile that is written or corrected while the server runs counts from the next attempt on.
  return shareCredentials(memoizeSession(fromIni({ profile, ignoreCache: true }), { onRenewalFailure }));
}

/** Gives the same credentials to all clients, and asks for new ones after `forget` until it has them. */
export function shareCredentials(provider: CredentialProvider): SharedCredentials {
  let rejected = false;
  const current = async (): Promise<Credentials> => {
    const forceRefresh = rejected;
    try {
      const credentials = await provider({ forceRefresh });
      if (forceRefresh) rejected = false;
      return credentials;
    } catch (cause) {
      throw new CredentialsUnavailableError(cause);
    }
  };
  const forget = (): void => {
    rejected = true;
  };
  return Object.assign(current, { memoized: true as const, forget });
}

export interface SessionOptions {
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: (() => number) | undefined;
  /** Called with the error when a renewal fails while the current credentials have not expired. */
  readonly onRenewalFailure?: ((cause: unknown) => void) | undefined;
}

export interface MemoizeSessionOptions extends SessionOptions {
  /** How long one attempt may take, in milliseconds. @default 30000 */
  readonly timeoutMs?: number | undefined;
}

/** The SDK's own margin: it renews credentials that live for less than this. Milliseconds. */
const RENEWAL_MARGIN_MS = 5 * 60_000;

/** How long it may take to get one session, in milliseconds. */
const TOTAL_TIMEOUT_MS = 30_000;

/**
 * The SDK's `memoize` in front of a provider, so that any number of clients and requests run the credential process
 * once per session. `fromIni` alone would run it for each client.
 *
 * Two things are added. Credentials are renewed when less than five minutes remain, or half their life when that is
 * shorter: else a session of less than five minutes would be renewed at every request. And when a renewal fails, the
 * current credentials are used until they expire.
 *
 * @param provider - Fetches new credentials each time, for example `fromIni({ profile, ignoreCache: true })`.
 */
export function memoizeSession(
  provider: () => Promise<Credentials>,
  { now = Date.now, timeoutMs = TOTAL_TIMEOUT_MS, onRenewalFailure }: MemoizeSessionOptions = {},
): CredentialProvider {
  let current: Credentials | undefined;
  let renewAt = 0;

  const renew = async (): Promise<Credentials> => {
    const askedAt = now();
    try {
      current = await within(timeoutMs, provider());
    } catch (cause) {
      if (current === undefined || now() >= expiry(current)) throw cause;
      onRenewalFailure?.(cause);
      return current;
    }
    renewAt = expiry(current) - Math.min(RENEWAL_MARGIN_MS, (expiry(current) - askedAt) / 2);
    return current;
  };

  const memoized = memoize(
    renew,
    () => now() >= renewAt,
    ({ expiration }) => expiration !== undefined,
  );
  return (options) => {
    if (options?.forceRefresh === true) current = undefined;
    return memoized(options);
  };
}

function expiry({ expiration }: Credentials): number {
  return expiration?.getTime() ?? Number.POSITIVE_INFINITY;
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const timeout = AbortSignal.timeout(timeoutMs);
  return Promise.race([
    work,
    new Promise<never>((_resolve, reject) => {
      timeout.addEventListener("abort", () =>
        reject(new Error(`the credential process gave no answer within ${timeoutMs / 1000} s`)),
      );
    }),
  ]);
}

/**
 * Credentials that this process gets from Roles Anywhere by itself. The signer's provider keeps and renews them: in the
 * background, five minutes before their end, from files that it reads anew each time, so a renewed certificate counts.
 *
 * Endpoint, FIPS, dual stack and number of attempts come from the AWS variables of the environment.
 */
export async function inProcessCredentials(
  settings: InProcessSettings,
  { now = Date.now, onRenewalFailure }: SessionOptions = {},
): Promise<SharedCredentials> {
  // Loaded when it is used: a server with a profile needs nothing of Roles Anywhere.
  const { fromRolesAnywhere } = await import("@roles-anywhere/signer");
  return shareCredentials(
    fromRolesAnywhere({
      certificate: settings.certificate,
      privateKey: settings.privateKey,
      passphrase: settings.privateKeyPassword,
      intermediates: settings.intermediates,
      trustAnchorArn: settings.trustAnchorArn,
      profileArn: settings.profileArn,
      roleArn: settings.roleArn,
      durationSeconds: settings.sessionDurationSeconds,
      totalTimeoutMs: TOTAL_TIMEOUT_MS,
      now: () => new Date(now()),
      onRefreshFailure: (error) => onRenewalFailure?.(error),
    }),
  );
}
