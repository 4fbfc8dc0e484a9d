import { makeEntry, readEntry } from "../../cache/cache-entry.ts";
import { cachePlace } from "../../cache/cache-place.ts";
import { messageOf, SignerError } from "../../errors.ts";
import type { Command, CommandContext } from "../command.ts";
import { credentialProcessJson } from "../credential-process-json.ts";
import { helpText } from "../help-text.ts";
import { refuseUnsupported } from "../identity-flags.ts";
import { parseFlags } from "../parse-flags.ts";
import type { Flags } from "../parse-flags.ts";
import { SESSION_FLAGS } from "../session-flags.ts";

export const CREDENTIAL_PROCESS_FLAGS = {
  ...SESSION_FLAGS,
  cache: {
    type: "switch",
    help: "keep the session in a private file and share it with every process of this user",
    default: "false",
  },
} as const;

type CredentialProcessFlags = Flags<typeof CREDENTIAL_PROCESS_FLAGS>;

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
    const flags = parseFlags(CREDENTIAL_PROCESS_FLAGS, words);
    refuseUnsupported(flags);
    context.out(flags.cache === true ? await cached(flags, words, context) : await fresh(flags, context));
    return 0;
  },
};

// Cryptography and network are loaded when they are needed: an answer from the cache needs neither.
async function fresh(flags: CredentialProcessFlags, context: CommandContext): Promise<string> {
  const { fetchCredentials } = await import("../fetch-credentials.ts");
  return credentialProcessJson(await fetchCredentials(flags, context));
}

async function cached(
  flags: CredentialProcessFlags,
  words: readonly string[],
  context: CommandContext,
): Promise<string> {
  if (flags["pkcs8-password"]) {
    throw new SignerError(
      "ERR_SIGNER_USAGE",
      "--cache keeps the command line, and a password should not be kept; use --pkcs8-password-env",
    );
  }
  const { environment, note } = context;
  const place = cachePlace(["credential-process", ...words], flags.certificate ?? "", environment);
  if (place === undefined) return fresh(flags, context);
  const entry = readEntry(place);
  if (entry !== undefined && entry.freshUntil > Date.now() / 1000) return entry.json;
  const { cachedAnswer } = await import("../../cache/cached-answer.ts");
  const { fetchCredentials } = await import("../fetch-credentials.ts");
  return cachedAnswer(place, {
    fetch: async () => {
      const credentials = await fetchCredentials(flags, context);
      return makeEntry(credentialProcessJson(credentials), credentials.expiration, new Date());
    },
    isTransient,
    now: () => new Date(),
    warn: (line) => note(`ra-signer: warning: ${messageOf(line)}`),
  });
}

/** Whether the service could not be asked or could not answer, as opposed to its saying no. */
function isTransient(error: unknown): boolean {
  if (!(error instanceof SignerError)) return false;
  const { code, status = 0 } = error;
  if (code === "ERR_SIGNER_SERVICE_REFUSED") return status === 429 || status >= 500;
  return ["ERR_SIGNER_CONNECTION_FAILED", "ERR_SIGNER_TIMEOUT", "ERR_SIGNER_RESPONSE_INVALID"].includes(code);
}
