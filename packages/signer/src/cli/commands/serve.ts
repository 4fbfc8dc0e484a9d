import { resolve } from "node:path";

import { messageOf, SignerError } from "../../errors.ts";
import { isoSeconds } from "../../keys/check-identity.ts";
import { refreshLoop } from "../../refresh/refresh-loop.ts";
import { ensureContainerToken, readContainerToken } from "../../serve/container-token.ts";
import { CONTAINER_PATH, createRequestHandler } from "../../serve/request-handler.ts";
import { createSessionHolder } from "../../serve/session-holder.ts";
import { startServer } from "../../serve/start-server.ts";
import { createTokenStore } from "../../serve/token-store.ts";
import { parseArn } from "../../session/arn.ts";
import type { Command } from "../command.ts";
import { credentialsFetcher } from "../fetch-credentials.ts";
import { helpText } from "../help-text.ts";
import { parseFlags } from "../parse-flags.ts";
import { SESSION_FLAGS } from "../session-flags.ts";
import { stopSignal } from "../stop-signal.ts";

const DEFAULT_PORT = 9911;
const DEFAULT_HOP_LIMIT = 64;
/** boto3 asks anew for credentials that live shorter than a quarter of an hour; the next ones are there before. */
const LEAD_SECONDS = 900;
const JITTER_SECONDS = 60;

const SERVE_FLAGS = {
  ...SESSION_FLAGS,
  port: { type: "integer", value: "PORT", help: "port on 127.0.0.1, 0 for any free one", default: "9911" },
  "hop-limit": {
    type: "integer",
    value: "HOPS",
    help: "accepted and not used: answers never leave this machine",
    default: "64",
  },
  "container-token-file": {
    type: "text",
    value: "FILE",
    help: "serve container credentials as well, to who sends this file's content; made if there is none",
    default: "none",
  },
} as const;

/** `ra-signer serve`: answers SDKs as the instance metadata service does. */
export const serve: Command = {
  usageExitCode: 1,
  help: () =>
    helpText(
      "Serves temporary credentials on 127.0.0.1, as the EC2 instance metadata service (version 2) does, until it is stopped.",
      "ra-signer serve --certificate client.pem --private-key client.key \\\n" +
        "  --trust-anchor-arn ARN --profile-arn ARN --role-arn ARN\n" +
        "export AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9911",
      SERVE_FLAGS,
    ),
  async run(words, context) {
    const { note, time } = context;
    const flags = parseFlags(SERVE_FLAGS, words);
    const port = between("port", flags.port ?? DEFAULT_PORT, 0, 65_535);
    const hopLimit = between("hop-limit", flags["hop-limit"] ?? DEFAULT_HOP_LIMIT, 1, 255);
    const fetch = credentialsFetcher(flags, context);
    const roleArn = flags["role-arn"] ?? "";
    parseArn(roleArn, "role");
    const tokenFile = flags["container-token-file"] ? resolve(flags["container-token-file"]) : undefined;
    if (tokenFile !== undefined) ensureContainerToken(tokenFile);
    if (hopLimit !== DEFAULT_HOP_LIMIT) {
      note(`ra-signer: warning: --hop-limit ${hopLimit} has no effect: Node.js cannot set it`);
    }

    const { signal = stopSignal(), now = () => new Date() } = time ?? {};
    const holder = createSessionHolder(() => fetch(signal), now);
    const server = await startServer(
      port,
      createRequestHandler({
        roleArn,
        tokens: createTokenStore(now),
        currentSession: holder.current,
        containerToken: () => (tokenFile === undefined ? undefined : readContainerToken(tokenFile)),
      }),
    );
    const base = `http://127.0.0.1:${server.port}`;
    note(`Local server started on port: ${server.port}`);
    note("Make it available to the sdk by running:");
    note(`export AWS_EC2_METADATA_SERVICE_ENDPOINT=${base}`);
    if (tokenFile !== undefined) {
      note("or, as container credentials:");
      note(`export AWS_CONTAINER_CREDENTIALS_FULL_URI=${base}${CONTAINER_PATH}`);
      note(`export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE='${tokenFile.replaceAll("'", String.raw`'\''`)}'`);
    }
    try {
      await refreshLoop({
        ...time,
        signal,
        leadSeconds: LEAD_SECONDS,
        jitterSeconds: JITTER_SECONDS,
        refresh: async () => new Date((await holder.refresh()).credentials.expiration),
        onFailure(error, expiration, nextAttempt) {
          const state =
            expiration !== undefined && expiration > now()
              ? `the last session is served until ${isoSeconds(expiration)}`
              : "there is no session to serve";
          note(
            `ra-signer: warning: ${state}, next attempt at ${isoSeconds(nextAttempt)}: ${messageOf(error)}`,
          );
        },
      });
    } finally {
      await server.stop();
    }
    return 0;
  },
};

function between(flag: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw new SignerError("ERR_SIGNER_USAGE", `--${flag} ${value} is not between ${least} and ${most}`);
}
