import { randomUUID } from "node:crypto";

import { printable, SignerError } from "../errors.ts";
import { createHttpSend } from "../http/send.ts";
import type { HttpResponse, HttpSend } from "../http/send.ts";
import { loadIdentity } from "../keys/identity.ts";
import type { IdentitySources, SigningIdentity } from "../keys/identity.ts";
import { parseCredentialSet } from "./credential-set.ts";
import type { CredentialSet } from "./credential-set.ts";
import { likelyCause, parseServiceError } from "./refusal.ts";
import { resolveParameters } from "./session-parameters.ts";
import type { ResolvedParameters, SessionParameters } from "./session-parameters.ts";
import { signAttempt } from "./sign-create-session-request.ts";

/** How CreateSession is called; clock, timer, randomness and network can be replaced. */
export interface CreateSessionOptions {
  /** Requests at most, the first included. @default 3 */
  readonly maxAttempts?: number | undefined;
  /** Bound on one attempt in milliseconds, and on the sign function, if there is one. @default 10000 */
  readonly attemptTimeoutMs?: number | undefined;
  /** Bound on all attempts and the pauses between them in milliseconds. @default 45000 */
  readonly totalTimeoutMs?: number | undefined;
  /** Cancels the request or the pause. */
  readonly signal?: AbortSignal | undefined;
  /** Sends one request. @default a connection of its own, verified TLS, no proxy */
  readonly send?: HttpSend | undefined;
  /** @default the system clock */
  readonly now?: (() => Date) | undefined;
  /** Number from 0 to below 1 for the jitter. @default Math.random */
  readonly random?: (() => number) | undefined;
  /** Waits. @default a timer */
  readonly sleep?: ((milliseconds: number, signal?: AbortSignal) => Promise<void>) | undefined;
  /** Receives lines for people who debug; never a secret. @default none */
  readonly trace?: ((line: string) => void) | undefined;
}

/** Identity (loaded, or where it is), parameters and options of one CreateSession. */
export type CreateSessionInit = (IdentitySources | SigningIdentity) &
  SessionParameters &
  CreateSessionOptions;

const RETRIED_STATUSES: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);
const MAX_PAUSE_MS = 20_000;
const MAX_ID_LENGTH = 200;

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
  return requestSession(loadIdentity(init), resolveParameters(init), init);
}

/** The same with what is worked out once. */
export async function requestSession(
  identity: SigningIdentity,
  parameters: ResolvedParameters,
  options: CreateSessionOptions,
): Promise<CredentialSet> {
  const { maxAttempts = 3, totalTimeoutMs = 45_000, now = () => new Date(), random = Math.random } = options;
  const { sleep = wait, trace = () => {}, send = createHttpSend() } = options;
  const deadline = now().getTime() + totalTimeoutMs;
  const invocationId = randomUUID();
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await tryOnce(identity, parameters, {
      ...options,
      ...{ attempt, maxAttempts, invocationId, now, deadline, send, trace },
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
  | { readonly error: SignerError; readonly retry: boolean; readonly pauseMs?: number | undefined };

interface Attempt extends Pick<CreateSessionOptions, "attemptTimeoutMs" | "signal"> {
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly invocationId: string;
  readonly now: () => Date;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly send: HttpSend;
  readonly trace: (line: string) => void;
}

async function tryOnce(
  identity: SigningIdentity,
  parameters: ResolvedParameters,
  { attemptTimeoutMs = 10_000, signal, now, deadline, send, trace, ...attempt }: Attempt,
): Promise<Outcome> {
  const timeLeft = (): number => Math.max(1, Math.min(attemptTimeoutMs, deadline - now().getTime()));
  let response: HttpResponse;
  try {
    const signing = signAttempt(identity, parameters, { ...attempt, moment: now() });
    // A key in this process signs at once.
    const request = await (identity.privateKey === undefined
      ? withinTime(signing, timeLeft(), signal)
      : signing);
    trace(`POST ${request.url}`);
    trace(`body ${request.body}`);
    trace(`canonical request:\n${request.canonicalRequest}`);
    trace(`string to sign:\n${request.stringToSign}`);
    const { method, url, headers, body } = request;
    response = await send({ method, url, headers, body, timeoutMs: timeLeft(), signal });
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    const retry = error.code === "ERR_SIGNER_CONNECTION_FAILED" || error.code === "ERR_SIGNER_TIMEOUT";
    return { error, retry };
  }
  trace(`answer ${response.status}, request id ${requestIdOf(response) ?? "none"}`);
  if (response.status >= 200 && response.status < 300) {
    const credentials = parseCredentialSet(response.body);
    checkAlive(credentials, now());
    return { credentials };
  }
  return {
    error: refusal(response, parameters, now()),
    retry: RETRIED_STATUSES.has(response.status),
    pauseMs: askedPause(response),
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

function refusal(response: HttpResponse, parameters: ResolvedParameters, moment: Date): SignerError {
  const error = parseServiceError(response.header("x-amzn-errortype"), response.body);
  const requestId = requestIdOf(response);
  const serverTime = Date.parse(response.header("date") ?? "");
  const cause = likelyCause(error, response.status, {
    ...parameters,
    clockOffsetSeconds: Number.isNaN(serverTime) ? undefined : (moment.getTime() - serverTime) / 1000,
  });
  const words = error.message === "" ? error.type : `${error.type}: ${error.message}`;
  const hint = cause === undefined ? "" : `; likely cause: ${cause}`;
  return new SignerError(
    "ERR_SIGNER_SERVICE_REFUSED",
    `CreateSession failed, StatusCode: ${response.status}, RequestID: ${requestId ?? "none"}, ${words}${hint}`,
    { status: response.status, type: error.type, serviceMessage: error.message, requestId },
  );
}

/** The service's id of a request, fit for a log. */
function requestIdOf(response: HttpResponse): string | undefined {
  const id = response.header("x-amzn-requestid");
  return id === undefined ? undefined : printable(id, MAX_ID_LENGTH);
}

function afterLastAttempt(error: SignerError, attempts: number): SignerError {
  if (attempts === 1) return error;
  const { code, status, type, serviceMessage, requestId, url } = error;
  return new SignerError(code, `gave up after ${attempts} attempts: ${error.message}`, {
    ...{ cause: error, attempts, status, type, serviceMessage, requestId, url },
  });
}

/** A pause that the service asks for, up to the longest that we make (RFC 9110 §10.2.3, in seconds). */
function askedPause(response: HttpResponse): number | undefined {
  const seconds = Number(response.header("retry-after"));
  if (!Number.isFinite(seconds) || seconds <= 0) return undefined;
  return Math.min(MAX_PAUSE_MS, seconds * 1000);
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

/**
 * Waits for a sign function of the caller, which cannot be cancelled, no longer than an attempt may take.
 *
 * @param signing The signed request, some time.
 * @param timeoutMs Milliseconds.
 * @param signal Ends the wait as well.
 * @throws {SignerError} ERR_SIGNER_TIMEOUT, ERR_SIGNER_ABORTED.
 */
function withinTime<Signed>(
  signing: Promise<Signed>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Signed> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    const onAbort = (): void => {
      end();
      reject(new SignerError("ERR_SIGNER_ABORTED", "CreateSession was aborted while the request was signed"));
    };
    const timer = setTimeout(() => {
      end();
      reject(
        new SignerError(
          "ERR_SIGNER_TIMEOUT",
          `the sign function gave no signature within ${timeoutMs} ms; check that the KMS or HSM behind it is reachable`,
        ),
      );
    }, timeoutMs);
    signing.finally(end).then(resolve, reject);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}
