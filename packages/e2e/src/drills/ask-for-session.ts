import { createSession, SignerError } from "@roles-anywhere/signer";
import type { CredentialSet } from "@roles-anywhere/signer";
import { auditRecordOf } from "../aws/audit.ts";
import type { Answer } from "./drill.ts";
import type { Arns } from "./stack.ts";
import type { Identity, World } from "./world.ts";

/** The answer of Roles Anywhere. */
export interface SessionAnswer extends Answer {
  /** @throws {Error} when there is none, because Roles Anywhere refused */
  readonly credentials: CredentialSet;
}

export interface AskOptions {
  readonly durationSeconds?: number | undefined;
  /** By how much the clock of the client is ahead. @default 0 */
  readonly clockAheadSeconds?: number | undefined;
}

/**
 * Asks for a session with the signer's `createSession`, which checks nothing beforehand: whatever the files hold is sent,
 * once. The answer is `Roles Anywhere 201`, or for example `Roles Anywhere 403 AccessDeniedException (CRL_REVOKED)`: the
 * reason is in the mock's audit, AWS does not tell it.
 */
export async function askForSession(
  { sandbox }: Pick<World, "sandbox">,
  identity: Pick<Identity, "certificate" | "privateKey">,
  arns: Arns,
  { durationSeconds, clockAheadSeconds = 0 }: AskOptions = {},
): Promise<SessionAnswer> {
  const endpoint = sandbox.rolesAnywhereEndpoint;
  const { certificate, privateKey } = identity;
  try {
    const credentials = await createSession({
      ...{ certificate, privateKey, ...arns, endpoint, durationSeconds },
      maxAttempts: 1,
      now: () => new Date(Date.now() + clockAheadSeconds * 1000),
    });
    const words = `a session of ${credentials.roleArn?.split("/").at(-1)} until ${credentials.expiration}`;
    return { seen: "Roles Anywhere 201", words, credentials };
  } catch (error) {
    if (!(error instanceof SignerError) || error.status === undefined) throw error;
    const { status, type, serviceMessage, requestId = "" } = error;
    const { _mock } = await auditRecordOf(endpoint, requestId);
    return {
      seen: `Roles Anywhere ${status} ${type} (${_mock.reason})`,
      words: serviceMessage,
      get credentials(): never {
        throw new Error("Roles Anywhere gave no session", { cause: error });
      },
    };
  }
}
