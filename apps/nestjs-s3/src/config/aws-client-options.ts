import type { Settings } from "./settings.ts";

/** What every AWS client is told: the region, and the profile whose endpoints count, if there is one. */
export function awsClientOptions({ region, credentials }: Settings): { region: string; profile?: string } {
  return credentials.source === "profile" ? { region, profile: credentials.profile } : { region };
}
