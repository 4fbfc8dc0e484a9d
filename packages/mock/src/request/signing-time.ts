import { AWS_MESSAGE, denied } from "../errors/refusal.ts";
import type { Authorization } from "./authorization.ts";
import type { ReceivedRequest } from "./received-request.ts";
import { singleHeader } from "./single-header.ts";

/**
 * How far the request's date may lie from the mock's clock, in seconds. AWS documents no window for this service;
 * five minutes is what SigV4 uses elsewhere.
 */
export const CLOCK_SKEW_SECONDS = 300;

/**
 * Reads `X-Amz-Date` and checks it against the clock and the credential scope.
 *
 * @returns the date as sent, `YYYYMMDDTHHMMSSZ`
 * @throws {Refusal} DATE_MISSING, DATE_MALFORMED, SCOPE_DATE_MISMATCH, REQUEST_EXPIRED, REQUEST_NOT_YET_VALID
 */
export function checkSigningTime(request: ReceivedRequest, authorization: Authorization, now: Date): string {
  const sent = singleHeader(request, "x-amz-date");
  if (sent === undefined) {
    throw denied("DATE_MISSING", AWS_MESSAGE.signature, {
      expected: "X-Amz-Date: YYYYMMDDTHHMMSSZ",
      received: "no X-Amz-Date header",
      remedy: "send the time of signing in UTC",
    });
  }
  const signedAt = parseAmzDate(sent);
  if (signedAt === undefined) {
    throw denied("DATE_MALFORMED", AWS_MESSAGE.signature, {
      expected: "X-Amz-Date: YYYYMMDDTHHMMSSZ",
      received: sent.slice(0, 40),
      remedy: "send the time of signing in UTC, basic format of ISO 8601, to the second",
    });
  }
  if (authorization.scope.date !== sent.slice(0, 8)) {
    throw denied("SCOPE_DATE_MISMATCH", AWS_MESSAGE.signature, {
      expected: `${sent.slice(0, 8)} in the credential scope, the day of X-Amz-Date`,
      received: authorization.scope.date.slice(0, 40),
      remedy: "take both from the same clock reading",
    });
  }
  const lateBySeconds = (now.getTime() - signedAt.getTime()) / 1000;
  if (Math.abs(lateBySeconds) > CLOCK_SKEW_SECONDS) {
    throw denied(lateBySeconds > 0 ? "REQUEST_EXPIRED" : "REQUEST_NOT_YET_VALID", AWS_MESSAGE.signature, {
      expected: `a date within ${CLOCK_SKEW_SECONDS} seconds of ${now.toISOString()}`,
      received: sent,
      remedy: "set the client's clock (NTP), and sign each attempt anew",
    });
  }
  return sent;
}

/** `undefined` for anything but a real instant written `YYYYMMDDTHHMMSSZ`. */
export function parseAmzDate(text: string): Date | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const date = new Date(iso);
  return !Number.isNaN(date.getTime()) && date.toISOString() === iso ? date : undefined;
}
