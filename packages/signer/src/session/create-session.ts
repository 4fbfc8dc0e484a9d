import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";

import { printable, SignerError } from "../errors.ts";
import { createHttpSend, withinTime } from "../http/send.ts";
import type { HttpRequest, HttpResponse, HttpSend } from "../http/send.ts";
import type { IdentitySources, SigningIdentity } from "../keys/identity.ts";
import { loadAnyIdentity } from "../pkcs11/load.ts";
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
  return requestSession(await loadAnyIdentity(init), resolveParameters(init), init);
}

/** The same with what is worked out once. */
export async function requestSession(
  identity: SigningIdentity,
  parameters: ResolvedParameters,
  options: CreateSessionOptions,
): Promise<CredentialSet> {
  const { maxAttempts = 3, attemptTimeoutMs = 10_000, totalTimeoutMs = 45_000, signal, trace } = options;
  const { now = () => new Date(), random = Math.random, sleep = wait, send = createHttpSend() } = options;
  const deadline = now().getTime() + totalTimeoutMs;
  const limits = (): { readonly timeoutMs: number; readonly signal: AbortSignal | undefined } => {
    const timeoutMs = Math.max(1, Math.min(attemptTimeoutMs, deadline - now().getTime()));
    return { timeoutMs, signal };
  };
  const invocationId = randomUUID();
  for (let attempt = 1; ; attempt += 1) {
    let askedPauseMs: number | undefined;
    try {
      const moment = now();
      const signing = signAttempt(identity, parameters, { moment, attempt, maxAttempts, invocationId });
      // A key in this process signs at once.
      const request = await (identity.privateKey === undefined ? inTime(signing, limits()) : signing);
      const { method, url, headers, body } = request;
      trace?.(`POST ${url}`);
      trace?.(`body ${body}`);
      trace?.(`canonical request:\n${request.canonicalRequest}`);
      trace?.(`string to sign:\n${request.stringToSign}`);
      const response = await send({ method, url, headers, body, ...limits() });
      trace?.(`answer ${response.status}, request id ${requestIdOf(response) ?? "none"}`);
      if (response.status >= 200 && response.status < 300) return credentialsIn(response, now());
      askedPauseMs = askedPause(response);
      throw refusal(response, parameters, now());
    } catch (error) {
      if (!(error instanceof SignerError)) throw error;
      trace?.(`attempt ${attempt} of ${maxAttempts} failed: ${error.message}`);
      if (!isWorthRetry(error)) throw error;
      const pauseMs = askedPauseMs ?? random() * Math.min(MAX_PAUSE_MS, 500 * 2 ** attempt);
      if (attempt >= maxAttempts || now().getTime() + pauseMs > deadline) {
        throw afterLastAttempt(error, attempt);
      }
      trace?.(`next attempt in ${Math.round(pauseMs)} ms`);
      await sleep(pauseMs, signal);
    }
  }
}

function isWorthRetry({ code, status }: SignerError): boolean {
  if (code === "ERR_SIGNER_SERVICE_REFUSED") return status !== undefined && RETRIED_STATUSES.has(status);
  return code === "ERR_SIGNER_CONNECTION_FAILED" || code === "ERR_SIGNER_TIMEOUT";
}

/** Waits for a sign function of the caller, which cannot be cancelled, no longer than an attempt may take. */
function inTime<Signed>(
  signing: Promise<Signed>,
  limits: Pick<HttpRequest, "timeoutMs" | "signal">,
): Promise<Signed> {
  return withinTime(signing, limits, {
    timedOut: `the sign function gave no signature within ${limits.timeoutMs} ms; check that the KMS or HSM behind it is reachable`,
    aborted: "CreateSession was aborted while the request was signed",
  });
}

/** The credentials of a response. A session that has ended by the clock here is useless to SDKs, which go by it too. */
function credentialsIn({ body }: HttpResponse, moment: Date): CredentialSet {
  const credentials = parseCredentialSet(body);
  const { expiration } = credentials;
  if (new Date(expiration) > moment) return credentials;
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

async function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, { signal });
  } catch {
    throw new SignerError("ERR_SIGNER_ABORTED", "CreateSession was aborted between two attempts");
  }
}
