import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

import { SignerError } from "../errors.ts";
import type { Environment } from "./environment.ts";

/**
 * AWS_CONFIG_FILE, else `~/.aws/config`.
 *
 * @throws {SignerError} ERR_SIGNER_USAGE for a user without a home directory.
 */
export function configPath(environment: Environment): string {
  return awsFile(environment, "AWS_CONFIG_FILE", "config");
}

/**
 * AWS_SHARED_CREDENTIALS_FILE, else `~/.aws/credentials`.
 *
 * @throws {SignerError} ERR_SIGNER_USAGE for a user without a home directory.
 */
export function credentialsPath(environment: Environment): string {
  return awsFile(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
}

function awsFile(environment: Environment, variable: string, name: string): string {
  const home = homeFolder(environment);
  const path = environment[variable] || (home && join(home, ".aws", name));
  if (path) return path;
  throw new SignerError("ERR_SIGNER_USAGE", `there is no home directory; name the file in ${variable}`);
}

/**
 * The user's home directory.
 *
 * @returns Undefined for a user with neither HOME nor an entry in the system's list of users, as in many containers.
 */
export function homeFolder(environment: Environment): string | undefined {
  try {
    // Empty, as HOME may be, it would be the folder that the command happens to run in.
    const home = environment["HOME"] || homedir();
    return isAbsolute(home) ? home : undefined;
  } catch {
    return undefined;
  }
}
