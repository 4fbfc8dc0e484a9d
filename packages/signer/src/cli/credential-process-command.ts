import type { Command, CommandContext } from "./command.ts";
import { helpText } from "./help-text.ts";
import { parseFlags } from "./parse-flags.ts";
import type { Flags } from "./parse-flags.ts";
import { SESSION_FLAGS } from "./session-flags.ts";

export const CREDENTIAL_PROCESS_FLAGS = {
  ...SESSION_FLAGS,
  cache: {
    type: "switch",
    help: "keep the session in a private file and share it with every process of this user",
    default: "false",
  },
} as const;

export type CredentialProcessFlags = Flags<typeof CREDENTIAL_PROCESS_FLAGS>;

/**
 * `ra-signer credential-process`: prints one set of credentials for an AWS SDK or CLI.
 *
 * @param answer Gives the JSON for the flags; `words` is the command line after the command's name.
 */
export function credentialProcessCommand(
  answer: (
    flags: CredentialProcessFlags,
    words: readonly string[],
    context: CommandContext,
  ) => Promise<string>,
): Command {
  return {
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
      context.out(await answer(flags, words, context));
      return 0;
    },
  };
}
