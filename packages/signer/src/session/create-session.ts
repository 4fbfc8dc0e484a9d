import { SignerError } from "../errors.ts";
import { createHttpSend } from "../http/send.ts";
import type { HttpResponse, HttpSend } from "../http/send.ts";
import { loadIdentity } from "../keys/identity.ts";
import type { IdentitySources, SigningIdentity } from "../keys/identity.ts";
import { parseCredentialSet } from "./credential-set.ts";
import type { CredentialSet } from "./credential-set.ts";
import { invocationId } from "./invocation-id.ts";
import { likelyCause } from "./likely-cause.ts";
import { parseServiceError } from "./service-error.ts";
import type { SessionParameters } from "./session-parameters.ts";
import { signInTime } from "./sign-in-time.ts";
import { signWithIdentity } from "./sign-create-session-request.ts";

/** How CreateSession is called; every part that touches the world can be replaced. */
export interface CreateSessionOptions {
  /** Requests at most, the first included. @default 3 */
  readonly maxAttempts?: number;
  /** Bound on one attempt in milliseconds, and on the sign function, if there is one. @default 10000 */
  readonly attemptTimeoutMs?: number;
  /** Bound on all attempts and the pauses between them in milliseconds. @default 45000 */
  readonly totalTimeoutMs?: number;
  /** Cancels the request or the pause. */
  readonly signal?: AbortSignal;
  /** Sends one request. @default a connection of its own, verified TLS, no proxy */
  readonly send?: HttpSend;
  /** @default the system clock */
  readonly now?: () => Date;
  /** Number from 0 to below 1 for the jitter. @default Math.random */
  readonly random?: () => number;
  /** Waits. @default a timer */
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Receives lines for people who debug; never a secret. @default none */
  readonly trace?: (line: string) => void;
}

/** Identity, parameters and options of one CreateSession. */
export type CreateSessionInit = IdentitySources & SessionParameters & CreateSessionOptions;

const RETRIED_STATUSES: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);
const MAX_PAUSE_MS = 20_000;

/**
 * Trades a certificate for temporary credentials. Throttling, server errors and connection failures are tried again
 * with jittered pauses, each attempt signed anew.
 *
 * Nothing is checked beforehand: an expired certificate, or the key of another one, is sent and the service decides.
 * Use `checkIdentity` and `checkSessionParameters` to know sooner.
 *
 * @param init Certificate, key, ARNs and options.
 * @returns The first credential set, complete.
 * @throws {SignerError} ERR_SIGNER_SERVICE_REFUSED with `status`, `type`, `serviceMessage` and `requestId`;
 *   ERR_SIGNER_CONNECTION_FAILED or ERR_SIGNER_TIMEOUT after the last attempt; ERR_SIGNER_ABORTED; ERR_SIGNER_SERVER_UNTRUSTED;
 *   ERR_SIGNER_SIGN_FAILED when a sign function fails, at once;
 *   ERR_SIGNER_RESPONSE_INVALID for a success without credentials, or with a session that has ended; and what loading the
 *   identity throws.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
 */
export async function createSession(init: CreateSessionInit): Promise<CredentialSet> {
  return createSessionWithIdentity(loadIdentity(init), init, init);
}

/** The same with an identity that was loaded before. */
export async function createSessionWithIdentity(
  identity: SigningIdentity,
  parameters: SessionParameters,
  options: CreateSessionOptions = {},
): Promise<CredentialSet> {
  const { maxAttempts = 3, totalTimeoutMs = 45_000, now = () => new Date(), random = Math.random } = options;
  const { sleep = wait, trace = () => {} } = options;
  const deadline = now().getTime() + totalTimeoutMs;
  const id = invocationId();
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await tryOnce(identity, parameters, options, {
      attempt,
      maxAttempts,
      invocationId: id,
      now,
      deadline,
    });
    if ("credentials" in outcome) return outcome.credentials;
    trace(`attempt ${attempt} of ${maxAttempts} failed: ${outcome.error.message}`);
    if (!outcome.retry) throw outcome.error;
    const pauseMs = outcome.pauseMs ?? random() * Math.min(MAX_PAUSE_MS, 500 * 2 ** attempt);
    if (attempt >= maxAttempts || now().getTime() + pauseMs > deadline) {
      throw afterLastAttempt(outcome.error, attempt);
    }
    trace(`next attempt in ${Math.round(pauseMs)} ms`);
    await sleep(pauseMs, options.signal);
  }
}

type Outcome =
  | { readonly credentials: CredentialSet }
  | { readonly error: SignerError; readonly retry: boolean; readonly pauseMs?: number };

interface Attempt {
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly invocationId: string;
  readonly now: () => Date;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
}

async function tryOnce(
  identity: SigningIdentity,
  parameters: SessionParameters,
  options: CreateSessionOptions,
  { attempt, maxAttempts, invocationId, now, deadline }: Attempt,
): Promise<Outcome> {
  const { send = createHttpSend(), attemptTimeoutMs = 10_000, trace = () => {} } = options;
  const { signal } = options;
  const timeLeft = (): number => Math.max(1, Math.min(attemptTimeoutMs, deadline - now().getTime()));
  let response: HttpResponse;
  try {
    const signing = signWithIdentity(identity, parameters, {
      moment: now(),
      attempt,
      maxAttempts,
      invocationId,
    });
    // A key that is here signs at once.
    const request = await (identity.privateKey === undefined
      ? signInTime(signing, timeLeft(), signal)
      : signing);
    trace(`POST ${request.url}`);
    trace(`body ${request.body}`);
    trace(`canonical request:\n${request.canonicalRequest}`);
    trace(`string to sign:\n${request.stringToSign}`);
    response = await send({
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: request.body,
      timeoutMs: timeLeft(),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    const retry = error.code === "ERR_SIGNER_CONNECTION_FAILED" || error.code === "ERR_SIGNER_TIMEOUT";
    return { error, retry };
  }
  trace(`answer ${response.status}, request id ${response.header("x-amzn-requestid") ?? "none"}`);
  if (response.status >= 200 && response.status < 300) {
    const credentials = parseCredentialSet(response.body);
    checkAlive(credentials, now());
    return { credentials };
  }
  return {
    error: refusal(response, parameters, now()),
    retry: RETRIED_STATUSES.has(response.status),
    ...askedPause(response),
  };
}

/** A session that has ended by the clock here is useless to SDKs, which go by that clock too. */
function checkAlive({ expiration }: CredentialSet, moment: Date): void {
  if (new Date(expiration) > moment) return;
  throw new SignerError(
    "ERR_SIGNER_RESPONSE_INVALID",
    `the session that CreateSession gave ended at ${expiration} and it is ${moment.toISOString()} here; set this machine's clock right`,
  );
}

function refusal(response: HttpResponse, parameters: SessionParameters, moment: Date): SignerError {
  const error = parseServiceError(response.header("x-amzn-errortype"), response.body);
  const requestId = response.header("x-amzn-requestid");
  const serverTime = Date.parse(response.header("date") ?? "");
  const cause = likelyCause(error, response.status, {
    ...parameters,
    ...(Number.isNaN(serverTime) ? {} : { clockOffsetSeconds: (moment.getTime() - serverTime) / 1000 }),
  });
  const words = error.message === "" ? error.type : `${error.type}: ${error.message}`;
  const hint = cause === undefined ? "" : `; likely cause: ${cause}`;
  return new SignerError(
    "ERR_SIGNER_SERVICE_REFUSED",
    `CreateSession failed, StatusCode: ${response.status}, RequestID: ${requestId ?? "none"}, ${words}${hint}`,
    {
      status: response.status,
      type: error.type,
      serviceMessage: error.message,
      ...(requestId === undefined ? {} : { requestId }),
    },
  );
}

function afterLastAttempt(error: SignerError, attempts: number): SignerError {
  if (attempts === 1) return error;
  const { code, status, type, serviceMessage, requestId, url } = error;
  return new SignerError(code, `gave up after ${attempts} attempts: ${error.message}`, {
    cause: error,
    attempts,
    ...(status === undefined ? {} : { status }),
    ...(type === undefined ? {} : { type }),
    ...(serviceMessage === undefined ? {} : { serviceMessage }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(url === undefined ? {} : { url }),
  });
}

/** A pause that the service asks for, up to the longest that we make (RFC 9110 §10.2.3, in seconds). */
function askedPause(response: HttpResponse): { readonly pauseMs?: number } {
  const seconds = Number(response.header("retry-after"));
  if (!Number.isFinite(seconds) || seconds <= 0) return {};
  return { pauseMs: Math.min(MAX_PAUSE_MS, seconds * 1000) };
}

function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(new SignerError("ERR_SIGNER_ABORTED", "CreateSession was aborted between two attempts"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}
