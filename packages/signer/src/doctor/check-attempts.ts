import { ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

/**
 * How often CreateSession is tried.
 *
 * @param given AWS_MAX_ATTEMPTS, as it stands in the environment.
 * @param understood What was made of it; undefined when it is absent or no number of attempts.
 */
export function checkAttempts(given: string | undefined, understood: number | undefined): Finding {
  if (understood === undefined) {
    return given === undefined || given === ""
      ? ok("attempts", "3 at most")
      : warn(
          "attempts",
          `AWS_MAX_ATTEMPTS is ${JSON.stringify(given)}, which is ignored: 3 at most`,
          "set it to a whole number from 1, or not at all",
        );
  }
  if (understood > 1) return ok("attempts", `${understood} at most, says AWS_MAX_ATTEMPTS`);
  return warn(
    "attempts",
    "1, says AWS_MAX_ATTEMPTS: nothing is tried again when the service throttles or a connection breaks",
    "set it to 2 or more, or not at all",
  );
}
