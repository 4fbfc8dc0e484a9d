import { checkIdentity } from "../keys/check-identity.ts";
import { identityWarnings } from "../keys/identity-warnings.ts";
import { createSessionWithIdentity } from "../session/create-session.ts";
import type { FetchCredentials, SessionPlan } from "./fetch-credentials.ts";
import { identityLoader } from "./identity-loader.ts";

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
