import { cacheFolder, cachePlace, makeEntry, readEntry } from "../../cache/cache-entry.ts";
import { cachedAnswer } from "../../cache/cached-answer.ts";
import { messageOf, SignerError } from "../../errors.ts";
import { parseArn } from "../../session/arn.ts";
import type { CredentialSet } from "../../session/credential-set.ts";
import { hasSpecial, refuseUnsupported } from "../check-flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { helpText } from "../help-text.ts";
import { parseFlags } from "../parse-flags.ts";
import { resolveFlags } from "../resolve-flags.ts";
import { SESSION_FLAGS } from "../session-flags.ts";
import type { SessionFlags } from "../session-flags.ts";
import { refuseKeptSecrets } from "../special-flags.ts";

export const CREDENTIAL_PROCESS_FLAGS = {
  ...SESSION_FLAGS,
  cache: {
    type: "switch",
    help: "keep the session in a private file and share it with every process of this user",
    default: "false",
  },
} as const;

/** `ra-signer credential-process`: prints one set of credentials for an AWS SDK or CLI. */
export const credentialProcess: Command = {
  usageExitCode: 1,
  help: () =>
    helpText(
      "Prints temporary credentials as the JSON that credential_process expects.",
      "ra-signer credential-process --certificate client.pem --private-key client.key \\\n" +
        "  --trust-anchor-arn ARN --profile-arn ARN --role-arn ARN",
      CREDENTIAL_PROCESS_FLAGS,
    ),
  async run(words, context) {
    const { cache, ...flags } = parseFlags(CREDENTIAL_PROCESS_FLAGS, words);
    context.out(
      cache === true
        ? await cachedJson(flags, words, context)
        : jsonOf(await fetchSession(flags, context), flags),
    );
    return 0;
  },
};

/** One session. The connection is begun while the identity is read. */
async function fetchSession(flags: SessionFlags, context: CommandContext): Promise<CredentialSet> {
  const source = resolveFlags(flags, context);
  await source.connectAhead();
  return source.fetch();
}

/**
 * The JSON of a credential process, one line without a line feed: the helper's members in its order, then the account,
 * which SDKs need for AWS_ACCOUNT_ID_ENDPOINT_MODE=required.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
 */
function jsonOf(credentials: CredentialSet, { "role-arn": askedFor = "" }: SessionFlags): string {
  const { account } = parseArn(credentials.roleArn ?? askedFor, "role");
  return JSON.stringify({
    Version: 1,
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    SessionToken: credentials.sessionToken,
    Expiration: credentials.expiration,
    AccountId: account || undefined,
  });
}

/** The JSON from the cache, or of a new session that is then kept there. The whole command line is the cache's key. */
async function cachedJson(
  flags: SessionFlags,
  words: readonly string[],
  context: CommandContext,
): Promise<string> {
  // Here, since a hit asks for no identity, which would refuse them.
  refuseUnsupported(flags);
  if (flags["pkcs8-password"] || hasSpecial(flags)) refuseKeptSecrets(flags, words);
  const { environment, note } = context;
  const certificate = flags.certificate || (flags["cert-selector"] ? "pkcs11:" : "");
  const place = cachePlace(["credential-process", ...words], certificate, environment);
  const entry = place === undefined ? undefined : readEntry(place);
  if (entry !== undefined && entry.freshUntil > Date.now() / 1000) return entry.json;

  if (place === undefined) {
    if (cacheFolder(environment) === undefined) {
      note(
        "ra-signer: warning: the cache is not used: there is no home directory; name a folder of your own in RA_SIGNER_CACHE_DIR",
      );
    }
    return jsonOf(await fetchSession(flags, context), flags);
  }
  return cachedAnswer(place, {
    fetch: async () => {
      const credentials = await fetchSession(flags, context);
      return makeEntry(jsonOf(credentials, flags), credentials.expiration, new Date());
    },
    isTransient,
    now: () => new Date(),
    warn: (line) => note(`ra-signer: warning: ${messageOf(line)}`),
  });
}

/** Whether the service could not be asked or could not answer, as opposed to its saying no. */
function isTransient(error: unknown): boolean {
  if (!(error instanceof SignerError)) return false;
  switch (error.code) {
    case "ERR_SIGNER_SERVICE_REFUSED":
      return error.status === 429 || (error.status ?? 0) >= 500;
    case "ERR_SIGNER_CONNECTION_FAILED":
    case "ERR_SIGNER_RESPONSE_INVALID":
    // Such as the login page of a network.
    case "ERR_SIGNER_SERVER_UNTRUSTED":
    case "ERR_SIGNER_TIMEOUT":
      return true;
    default:
      return false;
  }
}
