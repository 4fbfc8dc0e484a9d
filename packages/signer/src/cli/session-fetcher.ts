import { checkIdentity, identityWarnings } from "../keys/identity.ts";
import { createSessionWithIdentity } from "../session/create-session.ts";
import type { CredentialSet } from "../session/credential-set.ts";
import { identityLoader } from "./identity-loader.ts";
import type { SessionPlan } from "./session-plan.ts";

/** A role, and the profile that lists it. */
export interface SessionTarget {
  readonly roleArn: string;
  readonly profileArn: string;
}

/**
 * Gets a new session; certificate and key are read from their files each time.
 *
 * @param target Another role than the flags name. What is wrong with certificate and key is then an error, but no warning:
 *   whoever fetches for the flags' own role is warned.
 * @throws {SignerError} what the checks of the identity and `createSession` throw.
 */
export type FetchCredentials = (signal?: AbortSignal, target?: SessionTarget) => Promise<CredentialSet>;

/** Carries out a plan, again and again. */
export function sessionFetcher({
  sources,
  keyPath,
  parameters,
  send,
  maxAttempts,
  debug,
  note,
}: SessionPlan): FetchCredentials {
  const load = identityLoader(sources);
  return async (signal, target) => {
    const identity = await load();
    const now = new Date();
    checkIdentity(identity.certificate, identity.privateKey, now);
    if (target === undefined) {
      for (const warning of identityWarnings(identity.certificate, keyPath, now)) {
        note(`ra-signer: warning: ${warning}`);
      }
    }
    return createSessionWithIdentity(
      identity,
      { ...parameters, ...target },
      {
        send,
        ...(maxAttempts === undefined ? {} : { maxAttempts }),
        ...(debug ? { trace: note } : {}),
        ...(signal === undefined ? {} : { signal }),
      },
    );
  };
}
