import { join } from "node:path";

import { homeFolder } from "@roles-anywhere/files";

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
  const home = homeFolder(environment["HOME"]);
  const path = environment[variable] || (home && join(home, ".aws", name));
  if (path) return path;
  throw new SignerError("ERR_SIGNER_USAGE", `there is no home directory; name the file in ${variable}`);
}
