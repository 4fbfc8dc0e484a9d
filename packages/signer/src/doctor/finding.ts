import { printable } from "../errors.ts";

/** What one check found. */
export interface Finding {
  /** What was looked at: `certificate`, `key usage`, `clock`. */
  readonly check: string;
  readonly status: "ok" | "warn" | "fail";
  /** What was found. */
  readonly message: string;
  /** What to do about it; for everything that is not ok. */
  readonly remedy?: string;
}

/** A check that found nothing wrong. */
export function ok(check: string, message: string): Finding {
  return { check, status: "ok", message: shown(message) };
}

/** What may work now, or elsewhere, and should be looked at. */
export function warn(check: string, message: string, remedy: string): Finding {
  return { check, status: "warn", message: shown(message), remedy: shown(remedy) };
}

/** What cannot work. */
export function fail(check: string, message: string, remedy: string): Finding {
  return { check, status: "fail", message: shown(message), remedy: shown(remedy) };
}

const MAX_LENGTH = 2000;

/** A finding quotes what others wrote: names in certificates, answers of services, settings in files. */
function shown(text: string): string {
  return printable(text, MAX_LENGTH);
}
