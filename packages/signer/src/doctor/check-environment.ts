import { accessSync, constants, lstatSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";

import { cacheFolder, cacheFolderProblem } from "../cache/cache-place.ts";
import type { Environment } from "../config/environment.ts";
import { messageOf } from "../errors.ts";
import { ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Why --cache would keep no session; undefined when it would. */
export function checkCache(environment: Environment): Finding | undefined {
  const folder = cacheFolder(environment);
  const problem = cacheFolderProblem(folder, false);
  if (problem !== undefined) return warn("cache", `no session is kept: ${problem.reason}`, problem.remedy);
  const remedy = "name a folder of your own in RA_SIGNER_CACHE_DIR";
  let there = folder ?? "";
  try {
    while (!isThere(there)) there = dirname(there);
    if (!statSync(there).isDirectory()) throw new Error(`"${there}" is no folder`);
    accessSync(there, constants.W_OK | constants.X_OK);
    const { bavail, blocks } = statfsSync(there);
    if (blocks > 0 && bavail === 0) throw new Error(`the disk of "${there}" is full`);
    return undefined;
  } catch (error) {
    return warn("cache", `no session is kept: ${messageOf(error)}`, remedy);
  }
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw error;
  }
}

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
