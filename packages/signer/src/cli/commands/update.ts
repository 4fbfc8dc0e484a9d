import { resolve } from "node:path";

import { checkProfileName } from "../../aws-config/config-file.ts";
import { writeCredentials } from "../../aws-config/write-credentials.ts";
import { credentialsPath } from "../../config/aws-files.ts";
import { messageOf } from "../../errors.ts";
import { isoSeconds } from "../../keys/identity.ts";
import { refreshLoop } from "../../refresh/refresh-loop.ts";
import type { Command } from "../command.ts";
import { helpText } from "../help-text.ts";
import { parseFlags } from "../parse-flags.ts";
import { resolveFlags } from "../resolve-flags.ts";
import { SESSION_FLAGS } from "../session-flags.ts";
import { stopSignal } from "../stop-signal.ts";

const UPDATE_FLAGS = {
  ...SESSION_FLAGS,
  profile: { value: "NAME", help: "section of the credentials file", default: "default" },
  once: { type: "switch", help: "write one session and end", default: "false" },
} as const;

const LEAD_SECONDS = 300;

/** `ra-signer update`: keeps temporary credentials in the shared credentials file. */
export const update: Command = {
  usageExitCode: 1,
  help: () =>
    helpText(
      "Writes temporary credentials into AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials, and writes the next ones\n" +
        "5 minutes before they end, until it is stopped.",
      "ra-signer update --profile roles-anywhere --certificate client.pem --private-key client.key \\\n" +
        "  --trust-anchor-arn ARN --profile-arn ARN --role-arn ARN",
      UPDATE_FLAGS,
    ),
  async run(words, context) {
    const { environment, note, time } = context;
    const flags = parseFlags(UPDATE_FLAGS, words);
    const profile = flags.profile || "default";
    checkProfileName(profile);
    const path = resolve(credentialsPath(environment));
    const source = resolveFlags(flags, context);
    const said = new Set<string>();
    const noteOnce = (line: string): void => {
      if (!said.has(line)) note(`ra-signer: ${line}`);
      said.add(line);
    };
    const refresh = async (signal?: AbortSignal): Promise<Date> => {
      const credentials = await source.fetch(signal);
      writeCredentials(path, profile, credentials, noteOnce);
      return new Date(credentials.expiration);
    };
    if (flags.once === true) {
      await refresh();
      return 0;
    }
    const { signal = stopSignal(), now = () => new Date() } = time ?? {};
    await refreshLoop({
      ...time,
      signal,
      leadSeconds: LEAD_SECONDS,
      refresh: () => refresh(signal),
      onFailure(error, expiration, nextAttempt) {
        if (expiration === undefined || expiration <= now()) throw error;
        note(
          `ra-signer: warning: the credentials in "${path}" stay until ${isoSeconds(expiration)}, ` +
            `next attempt at ${isoSeconds(nextAttempt)}: ${messageOf(error)}`,
        );
      },
    });
    return 0;
  },
};
