import { accessSync, constants, lstatSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";

import { cacheFolder, cacheFolderProblem } from "../cache/cache-entry.ts";
import type { Environment } from "../config/environment.ts";
import { codeOf, messageOf } from "../errors.ts";
import { ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Checks that --cache can keep a session. Nothing is found when it can. */
export function checkCache(environment: Environment): readonly Finding[] {
  const folder = cacheFolder(environment);
  const problem = cacheFolderProblem(folder, false);
  if (problem !== undefined) return [warn("cache", `no session is kept: ${problem.reason}`, problem.remedy)];
  let there = folder ?? "";
  try {
    while (!isThere(there)) there = dirname(there);
    if (!statSync(there).isDirectory()) throw new Error(`"${there}" is no folder`);
    accessSync(there, constants.W_OK | constants.X_OK);
    const { bavail, blocks } = statfsSync(there);
    if (blocks > 0 && bavail === 0) throw new Error(`the disk of "${there}" is full`);
    return [];
  } catch (error) {
    return [warn("cache", `no session is kept: ${messageOf(error)}`)];
  }
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return false;
    throw error;
  }
}

/** Checks how often CreateSession is tried: the value of AWS_MAX_ATTEMPTS, and the number in it, if there is one. */
export function checkAttempts(given: string | undefined, understood: number | undefined): Finding {
  const check = "attempts";
  if (understood === undefined && !given) return ok(check, "3 at most");
  if (understood === undefined) {
    const message = `AWS_MAX_ATTEMPTS is ${JSON.stringify(given)}, which is ignored: 3 at most`;
    return warn(check, message, "set it to a whole number from 1, or not at all");
  }
  if (understood > 1) return ok(check, `${understood} at most, says AWS_MAX_ATTEMPTS`);
  const nothing = "nothing is tried again when the service throttles or a connection breaks";
  return warn(check, `1, says AWS_MAX_ATTEMPTS: ${nothing}`);
}
