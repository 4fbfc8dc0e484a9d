import { readAwsEnvironment } from "../config/environment.ts";
import type { AwsEnvironment } from "../config/environment.ts";
import { proxyFromEnvironment } from "../config/proxy-environment.ts";
import { createHttpSend } from "../http/send.ts";
import type { HttpSender } from "../http/send.ts";
import type { IdentitySources } from "../keys/load-identity.ts";
import type { CredentialSet } from "../session/credential-set.ts";
import { checkSessionParameters, endpointOf } from "../session/session-parameters.ts";
import type { SessionParameters } from "../session/session-parameters.ts";
import type { CommandContext } from "./command.ts";
import { identitySources, keyPath } from "./identity-flags.ts";
import type { Flags } from "./parse-flags.ts";
import { sessionFetcher } from "./session-fetcher.ts";
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

/** What flags and environment say, after all checks that need neither a file nor a request. */
export interface SessionPlan {
  readonly sources: IdentitySources;
  /** File of the private key, if it is one. */
  readonly keyPath: string | undefined;
  readonly parameters: SessionParameters;
  readonly send: HttpSender;
  readonly maxAttempts: AwsEnvironment["maxAttempts"];
  readonly debug: boolean;
  /** Writes a line for people. */
  readonly note: (line: string) => void;
}

/**
 * What gets credentials as the flags and the environment say, after all checks that need no request.
 *
 * @throws {SignerError} ERR_SIGNER_USAGE, ERR_SIGNER_KEY_UNSUPPORTED, ERR_SIGNER_ARN_INVALID or ERR_SIGNER_REGION_MISMATCH
 *   for flags that can never work; from the function itself what the checks of the identity and `createSession` throw.
 */
export function credentialsFetcher(
  flags: Flags<typeof SESSION_FLAGS>,
  context: CommandContext,
): FetchCredentials {
  return sessionFetcher(planOf(flags, context));
}

/** One session. The connection is begun while cryptography is loaded and the identity is read. */
export async function fetchCredentials(
  flags: Flags<typeof SESSION_FLAGS>,
  context: CommandContext,
): Promise<CredentialSet> {
  const plan = planOf(flags, context);
  await plan.send.connectAhead(endpointOf(plan.parameters));
  return sessionFetcher(plan)();
}

function planOf(flags: Flags<typeof SESSION_FLAGS>, { environment, note }: CommandContext): SessionPlan {
  const sources = identitySources(flags, environment);
  const aws = readAwsEnvironment(environment);
  const parameters = sessionParameters(flags, aws);
  checkSessionParameters(parameters);
  const send = createHttpSend({
    verifySsl: flags["no-verify-ssl"] !== true,
    ...(flags["with-proxy"] === true ? { proxyFor: proxyFromEnvironment(environment) } : {}),
  });
  return {
    sources,
    keyPath: keyPath(flags),
    parameters,
    send,
    maxAttempts: aws.maxAttempts,
    debug: flags.debug === true,
    note,
  };
}
