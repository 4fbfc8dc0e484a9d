import { readAwsEnvironment } from "../../config/environment.ts";
import { proxyFromEnvironment } from "../../config/proxy-environment.ts";
import { createHttpSend } from "../../http/send.ts";
import { checkIdentity } from "../../keys/check-identity.ts";
import { identityWarnings } from "../../keys/identity-warnings.ts";
import { loadIdentity } from "../../keys/load-identity.ts";
import { createSessionWithIdentity } from "../../session/create-session.ts";
import type { CredentialSet } from "../../session/credential-set.ts";
import { checkSessionParameters } from "../../session/session-parameters.ts";
import type { Command } from "../command.ts";
import { helpText } from "../help-text.ts";
import { parseFlags } from "../parse-flags.ts";
import { identitySources, keyPath } from "../identity-flags.ts";
import { SESSION_FLAGS, sessionParameters } from "../session-flags.ts";

/** `ra-signer credential-process`: prints one set of credentials for an AWS SDK or CLI. */
export const credentialProcess: Command = {
  usageExitCode: 1,
  help: () =>
    helpText(
      "Prints temporary credentials as the JSON that credential_process expects.",
      "ra-signer credential-process --certificate client.pem --private-key client.key \\\n" +
        "  --trust-anchor-arn ARN --profile-arn ARN --role-arn ARN",
      SESSION_FLAGS,
    ),
  async run(words, { environment, out, note }) {
    const flags = parseFlags(SESSION_FLAGS, words);
    const sources = identitySources(flags, environment);
    const aws = readAwsEnvironment(environment);
    const parameters = sessionParameters(flags, aws);
    checkSessionParameters(parameters);
    const identity = loadIdentity(sources);
    const now = new Date();
    checkIdentity(identity.certificate, identity.privateKey, now);
    for (const warning of identityWarnings(identity.certificate, keyPath(flags), now)) {
      note(`ra-signer: warning: ${warning}`);
    }
    const credentials = await createSessionWithIdentity(identity, parameters, {
      send: createHttpSend({
        verifySsl: flags["no-verify-ssl"] !== true,
        ...(flags["with-proxy"] === true ? { proxyFor: proxyFromEnvironment(environment) } : {}),
      }),
      ...(aws.maxAttempts === undefined ? {} : { maxAttempts: aws.maxAttempts }),
      ...(flags.debug === true ? { trace: note } : {}),
    });
    out(credentialProcessJson(credentials));
    return 0;
  },
};

/**
 * The JSON of a credential process, one line without a line feed, members in the helper's order.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
 */
export function credentialProcessJson(credentials: CredentialSet): string {
  return JSON.stringify({
    Version: 1,
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    SessionToken: credentials.sessionToken,
    Expiration: credentials.expiration,
  });
}
