import { InfraError } from "../errors.ts";

const MINIMUM_SECONDS = 900;
const MAXIMUM_SECONDS = 43_200;

/** Session duration of a profile when nothing else is said, in seconds: the service's own default. */
export const DEFAULT_SESSION_DURATION_SECONDS = 3600;

/**
 * Checks a session duration against the range of the service, 900 to 43200 whole seconds.
 *
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when it is outside that range
 */
export function sessionDuration(durationSeconds: number): number {
  if (
    !Number.isInteger(durationSeconds) ||
    durationSeconds < MINIMUM_SECONDS ||
    durationSeconds > MAXIMUM_SECONDS
  ) {
    throw new InfraError(
      "ERR_INFRA_OPTION_INVALID",
      `The session duration is ${durationSeconds} seconds; use a whole number from ${MINIMUM_SECONDS} (15 minutes) ` +
        `to ${MAXIMUM_SECONDS} (12 hours).`,
    );
  }
  return durationSeconds;
}
