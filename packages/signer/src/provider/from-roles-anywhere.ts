import type { Environment } from "../config/environment.ts";
import { checkIdentity, requireCertificate } from "../keys/identity.ts";
import type { IdentitySources } from "../keys/identity.ts";
import { loadAnyIdentity } from "../pkcs11/load.ts";
import { parseArn } from "../session/arn.ts";
import type { CreateSessionOptions } from "../session/create-session.ts";
import { concealSecrets } from "../session/credential-set.ts";
import type { CredentialSet } from "../session/credential-set.ts";
import { requireArns } from "../session/session-parameters.ts";
import type { SessionParameters } from "../session/session-parameters.ts";
import { resolveSession } from "../session/session-source.ts";
import type { SessionSource } from "../session/session-source.ts";

/** Options of {@link fromRolesAnywhere}; names are those of AWS's provider for Java where it has them. */
export interface RolesAnywhereInit extends IdentitySources, SessionParameters, CreateSessionOptions {
  /**
   * Seconds before the end of a session from which on the next one is fetched, while the old one is still handed out.
   *
   * @default 300
   */
  readonly staleTimeSeconds?: number | undefined;
  /**
   * Seconds between the starts of two refreshes while a session is alive, so that a service that is down is not called
   * without pause.
   *
   * @default 30
   */
  readonly minRefreshIntervalSeconds?: number | undefined;
  /**
   * Hears, once for each refresh, that one failed while the last session is still handed out. It must not throw.
   *
   * @default nobody hears of it until the session ends
   */
  readonly onRefreshFailure?: ((error: unknown) => void) | undefined;
  /** `"environment"` for HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or the URL of a proxy. @default a direct connection */
  readonly proxy?: string | undefined;
  /** Environment for endpoint, FIPS, dual stack, attempts, CA bundle and proxy. @default process.env */
  readonly environment?: Environment | undefined;
}

/** An AwsCredentialIdentity of the AWS SDK for JavaScript. Printing it or turning it into JSON shows no secret. */
export interface RolesAnywhereCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
  /** Account of the role. */
  readonly accountId?: string;
}

/** An AwsCredentialIdentityProvider of the AWS SDK for JavaScript. */
export interface RolesAnywhereProvider {
  (options?: {
    /** Fetch a new session even if the last one is fresh. */
    readonly forceRefresh?: boolean;
  }): Promise<RolesAnywhereCredentials>;
  /**
   * Fails when the options, the certificate or the key cannot work, and sends nothing: for the start of an application.
   *
   * @throws {SignerError} what `loadIdentity`, `checkIdentity` and `checkSessionParameters` throw.
   * @example
   * const credentials = fromRolesAnywhere({ … });
   * await credentials.check();
   */
  check(): Promise<void>;
}

/** With less life left than this a caller waits for the next session: a request signed now might arrive too late. */
const TOO_CLOSE_MS = 60_000;
/** No longer than this, though, nor than half of what is left: callers have time limits of their own. */
const LONGEST_WAIT_MS = 5000;

/**
 * Credentials for any client of the AWS SDK for JavaScript v3, without a credential process. Share one provider among
 * clients: they then share its sessions.
 *
 * An option that is undefined and must not be is refused at once. Nothing is read or sent before the first call.
 * Certificate and key are read again for each session, so that rotated files are picked up. One refresh is in flight at
 * a time. While a session lives, a refresh that fails disturbs nobody; after its end the error is thrown.
 *
 * @param init Certificate, key, ARNs and options.
 * @throws {SignerError} ERR_SIGNER_ARN_INVALID or ERR_SIGNER_CERTIFICATE_INVALID for an option that is missing. From the
 *   provider: what `loadIdentity`, `checkIdentity`, `checkSessionParameters` and `createSession` throw.
 * @example
 * const s3 = new S3Client({
 *   credentials: fromRolesAnywhere({
 *     certificate: "client.pem", privateKey: "client.key", trustAnchorArn, profileArn, roleArn }),
 * });
 */
export function fromRolesAnywhere(init: RolesAnywhereInit): RolesAnywhereProvider {
  const { staleTimeSeconds = 300, minRefreshIntervalSeconds = 30, now = () => new Date() } = init;
  let current: RolesAnywhereCredentials | undefined;
  let pending: Promise<RolesAnywhereCredentials> | undefined;
  let lastStart = Number.NEGATIVE_INFINITY;
  requireArns(init);
  requireCertificate(init);

  let source: SessionSource | undefined;
  const resolved = (): SessionSource =>
    (source ??= resolveSession(
      { ...init, loadIdentity: () => loadAnyIdentity(init) },
      init.environment ?? process.env,
    ));

  const refresh = (): Promise<RolesAnywhereCredentials> => {
    if (pending !== undefined) return pending;
    lastStart = now().getTime();
    const fetchNext = async (): Promise<RolesAnywhereCredentials> =>
      (current = identityOf(await resolved().fetch(), init.roleArn));
    return (pending = fetchNext().finally(() => (pending = undefined)));
  };

  const check = async (): Promise<void> => {
    resolved();
    const { certificate, privateKey } = await loadAnyIdentity(init);
    checkIdentity(certificate, privateKey, now());
  };

  const provide = async (options?: {
    readonly forceRefresh?: boolean;
  }): Promise<RolesAnywhereCredentials> => {
    const known = current;
    if (known === undefined || options?.forceRefresh === true) return refresh();
    const moment = now().getTime();
    const lifeMs = known.expiration.getTime() - moment;
    if (lifeMs <= 0) return refresh();
    if (lifeMs > staleTimeSeconds * 1000) return known;
    if (pending === undefined && moment - lastStart < minRefreshIntervalSeconds * 1000) return known;
    // Whoever starts it reports its failure; others only wait for it.
    const starts = pending === undefined;
    const next = refresh().catch((error: unknown) => {
      // Its end may have come while the refresh was tried.
      if (known.expiration <= now()) throw error;
      if (starts) init.onRefreshFailure?.(error);
      return known;
    });
    if (lifeMs <= TOO_CLOSE_MS) return inTime(next, known, Math.min(LONGEST_WAIT_MS, lifeMs / 2));
    next.catch(() => {});
    return known;
  };
  return Object.assign(provide, { check });
}

/** What comes next, or the last one if that takes longer. */
async function inTime<Value>(next: Promise<Value>, last: Value, waitMs: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Value>((resolve) => {
    timer = setTimeout(resolve, waitMs, last);
  });
  return Promise.race([next, late]).finally(() => clearTimeout(timer));
}

function identityOf(set: CredentialSet, roleArn: string): RolesAnywhereCredentials {
  const { account } = parseArn(set.roleArn ?? roleArn, "role");
  return concealSecrets({
    accessKeyId: set.accessKeyId,
    secretAccessKey: set.secretAccessKey,
    sessionToken: set.sessionToken,
    expiration: new Date(set.expiration),
    ...(account === "" ? {} : { accountId: account }),
  });
}
