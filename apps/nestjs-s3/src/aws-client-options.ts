import type { Settings } from "./settings.ts";

/** Timeouts of every AWS client, in milliseconds: a request must end even when AWS does not answer. */
export const AWS_TIMEOUTS = {
  connectionTimeout: 2000,
  requestTimeout: 5000,
  throwOnRequestTimeout: true,
} as const;

/** The region and, with a profile, the profile whose endpoints every AWS client uses. */
export function awsClientOptions({ region, credentials }: Settings): { region: string; profile?: string } {
  return credentials.source === "profile" ? { region, profile: credentials.profile } : { region };
}
