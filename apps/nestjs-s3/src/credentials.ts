import type { fromIni } from "@aws-sdk/credential-providers";
import { memoize } from "@smithy/core/config";
import type { RolesAnywhereInit } from "@roles-anywhere/signer";
import { reasonOf } from "./log.ts";

/** Credentials from a profile of `~/.aws/config`, whose `credential_process` the AWS SDK runs. */
export interface ProfileSource {
  readonly profile: string;
}

/** Credentials that this process gets from Roles Anywhere itself, through the signer's provider. */
export type InProcessSource = Pick<
  RolesAnywhereInit,
  | "certificate"
  | "privateKey"
  | "passphrase"
  | "intermediates"
  | "trustAnchorArn"
  | "profileArn"
  | "roleArn"
  | "durationSeconds"
>;

export type CredentialSource = ProfileSource | InProcessSource;

/** How answers and the page call the source of the credentials. */
export function credentialSource(source: CredentialSource): "profile" | "in-process" {
  return "profile" in source ? "profile" : "in-process";
}

/** Temporary credentials of the AWS SDK. */
export type Credentials = Awaited<ReturnType<ReturnType<typeof fromIni>>>;

/** Returns credentials. With `forceRefresh` they are new, never from a cache. */
export type CredentialProvider = (options?: { forceRefresh?: boolean }) => Promise<Credentials>;

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
  /** When the current session was first handed out; undefined before the first one. */
  obtainedAt(): Date | undefined;
}

/** Neither the profile nor Roles Anywhere gave credentials. The message is one line for the log, not for clients. */
export class CredentialsUnavailableError extends Error {
  override readonly name = "CredentialsUnavailableError";
  readonly code = "ERR_CREDENTIALS_UNAVAILABLE";

  constructor(cause: unknown) {
    super(reasonOf(cause), { cause });
  }
}

/** Gives the same credentials to all clients. After `forget` it asks for new credentials until it gets them. */
export function shareCredentials(provider: CredentialProvider): SharedCredentials {
  let rejected = false;
  let session: { readonly accessKeyId: string; readonly obtainedAt: Date } | undefined;
  const current = async (): Promise<Credentials> => {
    const forceRefresh = rejected;
    try {
      const credentials = await provider({ forceRefresh });
      if (forceRefresh) rejected = false;
      const { accessKeyId } = credentials;
      if (session?.accessKeyId !== accessKeyId) session = { accessKeyId, obtainedAt: new Date() };
      return credentials;
    } catch (cause) {
      throw new CredentialsUnavailableError(cause);
    }
  };
  const forget = (): void => {
    rejected = true;
  };
  return Object.assign(current, { memoized: true as const, forget, obtainedAt: () => session?.obtainedAt });
}

export interface SessionOptions {
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: (() => number) | undefined;
  /** Called with the error when a renewal fails while the current credentials have not expired. */
  readonly onRenewalFailure?: ((cause: unknown) => void) | undefined;
}

export interface MemoizeSessionOptions extends SessionOptions {
  /** How long one attempt may take, in milliseconds. @default 15000 */
  readonly timeoutMs?: number | undefined;
}

/** Credentials that expire within this time are renewed, as in the SDK. In milliseconds. */
const RENEWAL_MARGIN_MS = 5 * 60_000;

/** How long it may take to get one session, in milliseconds. */
export const SESSION_TIMEOUT_MS = 15_000;

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
  { now = Date.now, timeoutMs = SESSION_TIMEOUT_MS, onRenewalFailure }: MemoizeSessionOptions = {},
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
