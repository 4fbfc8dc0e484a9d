import type { Settings } from "./settings.ts";

/** For every AWS client: a service that does not answer must not hold a request for ever. Milliseconds. */
export const AWS_TIMEOUTS = {
  connectionTimeout: 2000,
  requestTimeout: 5000,
  throwOnRequestTimeout: true,
} as const;

/** The region, and the profile (if there is one) whose endpoints count, for every AWS client. */
export function awsClientOptions({ region, credentials }: Settings): { region: string; profile?: string } {
  return credentials.source === "profile" ? { region, profile: credentials.profile } : { region };
}
