import { fromIni } from "@aws-sdk/credential-providers";
import { Logger } from "@nestjs/common";
import { memoize } from "@smithy/property-provider";
import { reasonOf } from "./log-text.ts";
import type { CredentialsSettings, InProcessSettings } from "./settings.ts";

/** Temporary credentials of the AWS SDK. */
export type Credentials = Awaited<ReturnType<ReturnType<typeof fromIni>>>;

/** Returns credentials. With `forceRefresh` they are new, never from a cache. */
export type CredentialProvider = (options?: { forceRefresh?: boolean }) => Promise<Credentials>;

/** Injection token of the {@link SharedCredentials} that every AWS client is made with. */
export const CREDENTIALS = Symbol("CREDENTIALS");

/** One set of credentials for all clients, renewed before it expires. */
export interface SharedCredentials {
  /**
   * @returns Credentials that have not expired.
   * @throws {CredentialsUnavailableError} ERR_CREDENTIALS_UNAVAILABLE when neither profile nor Roles Anywhere gives any.
   */
  (): Promise<Credentials>;
  /** Tells the SDK's clients not to add a cache of their own. */
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

/** Makes the credentials of the whole server: from a profile, as in any other application, or from Roles Anywhere. */
export async function createCredentials(settings: CredentialsSettings): Promise<SharedCredentials> {
  const logger = new Logger("Credentials");
  const onRenewalFailure = (cause: unknown): void =>
    logger.warn(`renewal failed, the current session goes on: ${reasonOf(cause)}`);
  if (settings.source === "in-process") return inProcessCredentials(settings, { onRenewalFailure });
  const { profile } = settings;
  // With ignoreCache the next attempt reads a profile that was written or corrected while the server runs.
  return shareCredentials(memoizeSession(fromIni({ profile, ignoreCache: true }), { onRenewalFailure }));
}

/** Gives the same credentials to all clients. After `forget` it asks for new credentials until it gets them. */
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

/** Credentials that expire within this time are renewed, as in the SDK. In milliseconds. */
const RENEWAL_MARGIN_MS = 5 * 60_000;

/** How long it may take to get one session, in milliseconds. */
const TOTAL_TIMEOUT_MS = 30_000;

/**
 * Wraps a provider in the SDK's `memoize`, so that all clients and requests together run the credential process once per
 * session. `fromIni` alone would run it for each client.
 *
 * This function adds two rules. Credentials are renewed when less than five minutes remain, or less than half of their
 * duration when that is shorter: otherwise a session of less than five minutes would be renewed at every request. And when
 * a renewal fails, the current credentials are used until they expire.
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
 * Makes credentials that this process gets from Roles Anywhere itself. The signer's provider caches them and renews them in
 * the background, five minutes before they expire. It reads the files each time, so it uses a renewed certificate.
 *
 * Endpoint, FIPS, dual stack and number of attempts come from the AWS variables of the environment.
 */
export async function inProcessCredentials(
  settings: InProcessSettings,
  { now = Date.now, onRenewalFailure }: SessionOptions = {},
): Promise<SharedCredentials> {
  // Loaded here, because a server with a profile does not need the signer.
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
