import { resolve } from "node:path";

import { SignerError } from "../../errors.ts";
import { clientSettings, servedRoles } from "../../serve/served-role.ts";
import { createTokenStore, ensureContainerToken, readContainerToken } from "../../serve/tokens.ts";
import { createSessionHolder, keepSession } from "../../serve/session-holder.ts";
import { startEndpoint } from "../../serve/endpoint.ts";
import type { EndpointRole } from "../../serve/endpoint.ts";
import type { ServedRole } from "../../serve/served-role.ts";
import { createSystemdNotifier } from "../../serve/systemd-notifier.ts";
import type { SessionSource } from "../../session/session-source.ts";
import type { Command } from "../command.ts";
import { helpText } from "../help-text.ts";
import { parseFlags } from "../parse-flags.ts";
import type { Flags } from "../parse-flags.ts";
import { resolveFlags } from "../resolve-flags.ts";
import { SESSION_FLAGS } from "../session-flags.ts";
import { stopSignal } from "../stop-signal.ts";

const DEFAULT_PORT = 9911;
const DEFAULT_HOP_LIMIT = 64;

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
  "also-role-arn": {
    type: "texts",
    value: "ARN[,ARN]",
    help: "another role for container clients, and its profile if it has another; may be given several times",
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
    const { environment, note, time } = context;
    const warn = (warning: string): void => note(`ra-signer: warning: ${warning}`);
    const flags = parseFlags(SERVE_FLAGS, words);
    const port = between("port", flags.port ?? DEFAULT_PORT, 0, 65_535);
    const hopLimit = between("hop-limit", flags["hop-limit"] ?? DEFAULT_HOP_LIMIT, 1, 255);
    const source = resolveFlags(flags, context);
    const [first, ...others] = rolesOf(flags);
    const { signal = stopSignal(), now = () => new Date() } = time ?? {};
    const withSession = (role: ServedRole, { fetch }: SessionSource): EndpointRole => ({
      ...role,
      session: createSessionHolder(() => fetch(signal), now),
    });
    const roles = [
      withSession(first, source),
      ...others.map((role) => withSession(role, source.forRole(role))),
    ] as const;
    // The token is made when nothing else can be refused.
    const tokenFile = flags["container-token-file"] ? resolve(flags["container-token-file"]) : undefined;
    if (tokenFile !== undefined) ensureContainerToken(tokenFile, warn);
    if (hopLimit !== DEFAULT_HOP_LIMIT) {
      warn(`--hop-limit ${hopLimit} has no effect: Node.js cannot set it`);
    }

    const endpoint = await startEndpoint(port, {
      roles,
      tokens: createTokenStore(now),
      containerToken: () => (tokenFile === undefined ? undefined : readContainerToken(tokenFile)),
    });
    note(`Local server started on port: ${endpoint.port}`);
    note("Make it available to the sdk by running:");
    for (const line of clientSettings(endpoint.port, roles, tokenFile)) note(line);

    const systemd = createSystemdNotifier(environment, warn);
    const kept = roles.map(({ name, session }) => {
      const prefix = others.length === 0 ? "" : `role ${name}: `;
      return keepSession(session, (warning) => warn(`${prefix}${warning}`), { ...time, signal });
    });
    const ready = Promise.all(kept.map(({ tried }) => tried)).then(() =>
      signal.aborted ? undefined : systemd.ready(`listening on 127.0.0.1:${endpoint.port}`),
    );
    try {
      await Promise.all([ready, ...kept.map(({ ended }) => ended)]);
    } finally {
      await Promise.all([systemd.stopping(), endpoint.stop()]);
    }
    return 0;
  },
};

function rolesOf(flags: Flags<typeof SERVE_FLAGS>): readonly [ServedRole, ...ServedRole[]] {
  const also = flags["also-role-arn"] ?? [];
  if (also.length > 0 && !flags["container-token-file"]) {
    throw new SignerError(
      "ERR_SIGNER_USAGE",
      "--also-role-arn needs --container-token-file: the metadata service has one role, only container credentials can have more",
    );
  }
  return servedRoles(flags["role-arn"] ?? "", flags["profile-arn"] ?? "", also);
}

function between(flag: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw new SignerError("ERR_SIGNER_USAGE", `--${flag} ${value} is not between ${least} and ${most}`);
}
