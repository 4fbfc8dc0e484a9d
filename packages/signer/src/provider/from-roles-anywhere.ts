import { caBundleFromEnvironment } from "../http/ca-bundle.ts";
import { processEnvironment, readAwsEnvironment } from "../config/environment.ts";
import type { Environment } from "../config/environment.ts";
import { parseProxy, proxyFromEnvironment } from "../http/proxy.ts";
import { createHttpSend } from "../http/send.ts";
import type { HttpSend } from "../http/send.ts";
import { checkIdentity, loadIdentity } from "../keys/identity.ts";
import type { IdentitySources } from "../keys/identity.ts";
import { parseArn } from "../session/arn.ts";
import { concealSecrets } from "../session/conceal-secrets.ts";
import { createSessionWithIdentity } from "../session/create-session.ts";
import type { CreateSessionOptions } from "../session/create-session.ts";
import type { CredentialSet } from "../session/credential-set.ts";
import { checkSessionParameters } from "../session/session-parameters.ts";
import type { SessionParameters } from "../session/session-parameters.ts";

/** Options of {@link fromRolesAnywhere}; names are those of AWS's provider for Java where it has them. */
export interface RolesAnywhereInit extends IdentitySources, SessionParameters, CreateSessionOptions {
  /**
   * Seconds before the end of a session from which on the next one is fetched, while the old one is still handed out.
   *
   * @default 300
   */
  readonly staleTimeSeconds?: number;
  /**
   * Seconds between the starts of two refreshes while a session is alive, so that a service that is down is not called
   * without pause.
   *
   * @default 30
   */
  readonly minRefreshIntervalSeconds?: number;
  /**
   * Hears, once for each refresh, that one failed while the last session is still handed out. It must not throw.
   *
   * @default nobody hears of it until the session ends
   */
  readonly onRefreshFailure?: (error: unknown) => void;
  /** `"environment"` for HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or the URL of a proxy. @default a direct connection */
  readonly proxy?: string;
  /** Environment for endpoint, FIPS, dual stack, attempts, CA bundle and proxy. @default process.env */
  readonly environment?: Environment;
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
export type RolesAnywhereProvider = (options?: {
  /** Fetch a new session even if the last one is fresh. */
  readonly forceRefresh?: boolean;
}) => Promise<RolesAnywhereCredentials>;

/** With less life left than this a caller waits for the next session: a request signed now might arrive too late. */
const TOO_CLOSE_MS = 60_000;
/** No longer than this, though, nor than half of what is left: callers have time limits of their own. */
const LONGEST_WAIT_MS = 5000;

/**
 * Credentials for any client of the AWS SDK for JavaScript v3, without a credential process. Share one provider among
 * clients: they then share its sessions.
 *
 * Nothing is read or sent before the first call. Certificate and key are read again for each session, so that rotated
 * files are picked up. One refresh is in flight at a time. While a session lives, a refresh that fails disturbs nobody;
 * after its end the error is thrown.
 *
 * @param init Certificate, key, ARNs and options.
 * @throws {SignerError} From the provider: what `loadIdentity`, `checkIdentity`, `checkSessionParameters` and
 *   `createSession` throw.
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

  const refresh = (): Promise<RolesAnywhereCredentials> => {
    if (pending !== undefined) return pending;
    lastStart = now().getTime();
    pending = fetchCredentials(init, now)
      .then((fresh) => (current = fresh))
      .finally(() => (pending = undefined));
    return pending;
  };

  return async (options) => {
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
}

/** What comes next, or the last one if that takes longer. */
async function inTime<Value>(next: Promise<Value>, last: Value, waitMs: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Value>((resolve) => {
    timer = setTimeout(resolve, waitMs, last);
  });
  return Promise.race([next, late]).finally(() => clearTimeout(timer));
}

async function fetchCredentials(init: RolesAnywhereInit, now: () => Date): Promise<RolesAnywhereCredentials> {
  const environment = init.environment ?? processEnvironment();
  const aws = readAwsEnvironment(environment);
  const endpoint = init.endpoint ?? aws.endpoint;
  const parameters: SessionParameters = {
    ...init,
    useFipsEndpoint: init.useFipsEndpoint ?? aws.useFipsEndpoint,
    useDualstackEndpoint: init.useDualstackEndpoint ?? aws.useDualstackEndpoint,
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  checkSessionParameters(parameters);
  const identity = loadIdentity(init);
  checkIdentity(identity.certificate, identity.privateKey, now());
  const maxAttempts = init.maxAttempts ?? aws.maxAttempts;
  const set = await createSessionWithIdentity(identity, parameters, {
    ...init,
    send: init.send ?? defaultSend(init.proxy, environment),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
  });
  return identityOf(set, parameters.roleArn);
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

function defaultSend(proxy: string | undefined, environment: Environment): HttpSend {
  const trust = { caBundle: caBundleFromEnvironment(environment) };
  if (proxy === undefined) return createHttpSend(trust);
  if (proxy === "environment") {
    return createHttpSend({ ...trust, proxyFor: proxyFromEnvironment(environment) });
  }
  const url = parseProxy(proxy, "the proxy option");
  return createHttpSend({ ...trust, proxyFor: () => url });
}
