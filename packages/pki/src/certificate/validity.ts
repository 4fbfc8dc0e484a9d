import { PkiError } from "../errors.ts";

/** The period in which a certificate is valid, in whole seconds. Both ends belong to it. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** When a certificate is valid. Give `validityDays` or `notAfter`, not both. */
export interface ValidityOptions {
  /** Whole days of 86 400 s from `notBefore`; at least 1. */
  readonly validityDays?: number | undefined;
  /** First second. @default five minutes ago, so that a server whose clock is slow accepts the certificate at once */
  readonly notBefore?: Date | undefined;
  /** Last second. @default `notBefore` plus `validityDays` */
  readonly notAfter?: Date | undefined;
}

const SECOND_MS = 1000;
const DAY_MS = 86_400 * SECOND_MS;

/** How far the default `notBefore` lies in the past. AWS accepts signatures with the same clock difference. */
export const CLOCK_SKEW_ALLOWANCE_SECONDS = 300;

/**
 * Calculates a certificate's validity.
 *
 * @throws {PkiError} ERR_PKI_INVALID_VALIDITY when the days are not a whole positive number, days and end are both
 *   given, the end is not after the beginning, or a date is outside the years 1950 to 9999.
 * @see RFC 5280 §4.1.2.5
 */
export function resolveValidity(
  options: ValidityOptions,
  defaults: { readonly validityDays: number; readonly notBefore: Date },
): Validity {
  if (options.validityDays !== undefined && options.notAfter !== undefined) {
    throw invalid("validityDays and notAfter are both given; leave one out");
  }
  const validityDays = options.validityDays ?? defaults.validityDays;
  if (!Number.isSafeInteger(validityDays) || validityDays < 1) {
    throw invalid(`validityDays is ${validityDays}; give a whole number of days, at least 1`);
  }
  const notBefore = wholeSecond(options.notBefore ?? defaults.notBefore, "notBefore");
  const notAfter = wholeSecond(
    options.notAfter ?? new Date(notBefore.getTime() + validityDays * DAY_MS),
    "notAfter",
  );
  if (notAfter <= notBefore) {
    throw invalid(`notAfter ${toIsoSeconds(notAfter)} is not after notBefore ${toIsoSeconds(notBefore)}`);
  }
  return { notBefore, notAfter };
}

/** The default `notBefore` of a certificate that is made at `now`. */
export function backdate(now: Date): Date {
  return new Date(now.getTime() - CLOCK_SKEW_ALLOWANCE_SECONDS * SECOND_MS);
}

/** `2026-01-02T03:04:05Z`: UTC, without the fraction that certificates do not have. */
export function toIsoSeconds(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, "Z");
}

function wholeSecond(date: Date, member: string): Date {
  const rounded = new Date(Math.floor(date.getTime() / SECOND_MS) * SECOND_MS);
  const year = rounded.getUTCFullYear();
  // The year of an invalid date is NaN, which fails this check as well.
  if (!(year >= 1950 && year <= 9999)) {
    throw invalid(
      `${member} is ${Number.isNaN(year) ? "not a date" : `in the year ${year}`}; X.509 knows 1950 to 9999`,
    );
  }
  return rounded;
}

function invalid(reason: string): PkiError {
  return new PkiError("ERR_PKI_INVALID_VALIDITY", `invalid validity: ${reason}`);
}
