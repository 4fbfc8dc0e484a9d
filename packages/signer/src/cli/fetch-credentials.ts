import type { CredentialSet } from "../session/credential-set.ts";
import { endpointOf } from "../session/session-parameters.ts";
import type { CommandContext } from "./command.ts";
import type { Flags } from "./parse-flags.ts";
import { sessionFetcher } from "./session-fetcher.ts";
import type { SESSION_FLAGS } from "./session-flags.ts";
import { planSession } from "./session-plan.ts";

/**
 * One session, as flags and environment say. The connection is begun while cryptography is loaded and the identity is read.
 *
 * @throws {SignerError} as `planSession` and what it gives to `sessionFetcher`.
 */
export async function fetchCredentials(
  flags: Flags<typeof SESSION_FLAGS>,
  context: CommandContext,
): Promise<CredentialSet> {
  const plan = planSession(flags, context);
  await plan.send.connectAhead(endpointOf(plan.parameters));
  return sessionFetcher(plan)();
}
