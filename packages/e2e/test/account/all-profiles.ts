import type { Sandbox } from "@roles-anywhere/sandbox";
import { z } from "zod";
import { callControlPlane } from "../../src/aws/control-plane.ts";

/** The quota of an account. */
const PROFILES = 250;

const created = z.object({ profile: z.object({ profileId: z.string() }) });

/**
 * Creates as many profiles as an account may have, so that no stack can create one, until this is disposed. The profile is
 * the last resource of the stack: LocalStack 4.14 cannot delete a stack whose role was never made.
 */
export async function takeAllProfiles(sandbox: Sandbox): Promise<AsyncDisposable> {
  const ids: string[] = [];
  for (let count = 0; count < PROFILES; count += 1) {
    const body = { name: `Taken-${count}`, roleArns: [] };
    const { profile } = created.parse(await callControlPlane(sandbox, "POST", "/profiles", body));
    ids.push(profile.profileId);
  }
  return {
    async [Symbol.asyncDispose]() {
      for (const id of ids) await callControlPlane(sandbox, "DELETE", `/profile/${id}`);
    },
  };
}
