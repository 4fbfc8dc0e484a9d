import { SCOPE_TERMINATOR, SERVICE } from "./constants.ts";
import type { X509Algorithm } from "./constants.ts";

/**
 * The four lines that the private key signs.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html (Task 2)
 */
export function stringToSign(parts: {
  readonly algorithm: X509Algorithm;
  /** `YYYYMMDDTHHMMSSZ`, UTC. */
  readonly amzDate: string;
  readonly region: string;
  readonly canonicalRequestSha256: string;
}): string {
  const { algorithm, amzDate, region, canonicalRequestSha256 } = parts;
  return [algorithm, amzDate, credentialScope(amzDate, region), canonicalRequestSha256].join("\n");
}

/** `<yyyymmdd>/<region>/rolesanywhere/aws4_request`. */
export function credentialScope(amzDate: string, region: string): string {
  return `${amzDate.slice(0, 8)}/${region}/${SERVICE}/${SCOPE_TERMINATOR}`;
}

/**
 * A moment as `YYYYMMDDTHHMMSSZ` in UTC.
 *
 * Part by part, since toISOString reads the time zone first, which is felt in the start-up time of the command.
 */
export function formatAmzDate(moment: Date): string {
  const day = [moment.getUTCFullYear(), moment.getUTCMonth() + 1, moment.getUTCDate()];
  const time = [moment.getUTCHours(), moment.getUTCMinutes(), moment.getUTCSeconds()];
  return `${digits(day)}T${digits(time)}Z`;
}

function digits(numbers: readonly number[]): string {
  return numbers.map((number) => String(number).padStart(2, "0")).join("");
}
