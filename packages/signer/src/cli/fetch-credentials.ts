import { readAwsEnvironment } from "../config/environment.ts";
import { proxyFromEnvironment } from "../config/proxy-environment.ts";
import { createHttpSend } from "../http/send.ts";
import { checkIdentity } from "../keys/check-identity.ts";
import { identityWarnings } from "../keys/identity-warnings.ts";
import { createSessionWithIdentity } from "../session/create-session.ts";
import type { CredentialSet } from "../session/credential-set.ts";
import { checkSessionParameters } from "../session/session-parameters.ts";
import type { CommandContext } from "./command.ts";
import { identitySources, keyPath } from "./identity-flags.ts";
import { identityLoader } from "./identity-loader.ts";
import type { Flags } from "./parse-flags.ts";
import { sessionParameters } from "./session-flags.ts";
import type { SESSION_FLAGS } from "./session-flags.ts";

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
 */
export type FetchCredentials = (signal?: AbortSignal, target?: SessionTarget) => Promise<CredentialSet>;

/**
 * What gets credentials as the flags and the environment say, after all checks that need no request.
 *
 * @throws {SignerError} ERR_SIGNER_USAGE, ERR_SIGNER_KEY_UNSUPPORTED, ERR_SIGNER_ARN_INVALID or ERR_SIGNER_REGION_MISMATCH
 *   for flags that can never work; from the function itself what the checks of the identity and `createSession` throw.
 */
export function credentialsFetcher(
  flags: Flags<typeof SESSION_FLAGS>,
  { environment, note }: CommandContext,
): FetchCredentials {
  const load = identityLoader(identitySources(flags, environment));
  const aws = readAwsEnvironment(environment);
  const parameters = sessionParameters(flags, aws);
  checkSessionParameters(parameters);
  const send = createHttpSend({
    verifySsl: flags["no-verify-ssl"] !== true,
    ...(flags["with-proxy"] === true ? { proxyFor: proxyFromEnvironment(environment) } : {}),
  });
  return async (signal, target) => {
    const identity = await load();
    const now = new Date();
    checkIdentity(identity.certificate, identity.privateKey, now);
    if (target === undefined) {
      for (const warning of identityWarnings(identity.certificate, keyPath(flags), now)) {
        note(`ra-signer: warning: ${warning}`);
      }
    }
    return createSessionWithIdentity(
      identity,
      { ...parameters, ...target },
      {
        send,
        ...(aws.maxAttempts === undefined ? {} : { maxAttempts: aws.maxAttempts }),
        ...(flags.debug === true ? { trace: note } : {}),
        ...(signal === undefined ? {} : { signal }),
      },
    );
  };
}

/** One session. */
export async function fetchCredentials(
  flags: Flags<typeof SESSION_FLAGS>,
  context: CommandContext,
): Promise<CredentialSet> {
  return credentialsFetcher(flags, context)();
}
