import { homedir } from "node:os";
import { join } from "node:path";

import type { Environment } from "./environment.ts";

/** AWS_CONFIG_FILE, else `~/.aws/config`. */
export function configPath(environment: Environment): string {
  return environment["AWS_CONFIG_FILE"] || join(home(environment), ".aws", "config");
}

/** AWS_SHARED_CREDENTIALS_FILE, else `~/.aws/credentials`. */
export function credentialsPath(environment: Environment): string {
  return environment["AWS_SHARED_CREDENTIALS_FILE"] || join(home(environment), ".aws", "credentials");
}

function home(environment: Environment): string {
  return environment["HOME"] || homedir();
}
