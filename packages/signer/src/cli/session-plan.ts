import { readAwsEnvironment } from "../config/environment.ts";
import type { AwsEnvironment } from "../config/environment.ts";
import { createHttpSend } from "../http/send.ts";
import type { HttpSender } from "../http/send.ts";
import type { IdentitySources } from "../keys/identity.ts";
import { checkSessionParameters } from "../session/session-parameters.ts";
import type { SessionParameters } from "../session/session-parameters.ts";
import type { CommandContext } from "./command.ts";
import { identitySources, keyPath } from "./identity-flags.ts";
import type { Flags } from "./parse-flags.ts";
import { httpOptions, sessionParameters } from "./session-flags.ts";
import type { SESSION_FLAGS } from "./session-flags.ts";

/** How to get a session, as flags and environment say. */
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
 * Makes a plan, after all checks that need neither a file nor a request.
 *
 * @throws {SignerError} ERR_SIGNER_USAGE, ERR_SIGNER_KEY_UNSUPPORTED, ERR_SIGNER_ARN_INVALID or ERR_SIGNER_REGION_MISMATCH
 *   for flags that can never work.
 */
export function planSession(
  flags: Flags<typeof SESSION_FLAGS>,
  { environment, note }: CommandContext,
): SessionPlan {
  const sources = identitySources(flags, environment);
  const aws = readAwsEnvironment(environment);
  const parameters = sessionParameters(flags, aws);
  checkSessionParameters(parameters);
  const send = createHttpSend(httpOptions(flags, environment));
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
