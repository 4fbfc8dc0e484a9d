import { readFileSync } from "node:fs";

import { describeRequests } from "../describe-requests.ts";
import type { Lab } from "../lab.ts";
import type { Identity, Material } from "../material.ts";
import { CREDENTIALS, startRecordingService } from "../recording-service.ts";
import type { Answer, RecordingService } from "../recording-service.ts";
import type { Difference, Expectations, Row } from "../row.ts";
import { runProgram } from "../run-program.ts";
import type { Variables } from "../run-program.ts";

export const REGION = "eu-central-1";
const OF_SERVICE = `arn:aws:rolesanywhere:${REGION}:123456789012`;
export const TRUST_ANCHOR_ARN = `${OF_SERVICE}:trust-anchor/11111111-1111-4111-8111-111111111111`;
export const PROFILE_ARN = `${OF_SERVICE}:profile/22222222-2222-4222-8222-222222222222`;
export const ROLE_ARN = "arn:aws:iam::123456789012:role/path/Example";

/** What credential-process has to print: one line without its end. The account is an aspect of its own. */
export const PRINTED = JSON.stringify({
  Version: 1,
  AccessKeyId: CREDENTIALS.accessKeyId,
  SecretAccessKey: CREDENTIALS.secretAccessKey,
  SessionToken: CREDENTIALS.sessionToken,
  Expiration: CREDENTIALS.expiration,
});

/** The member that the helper does not print. */
const ACCOUNT = /,"AccountId":"(\d{12})"\}$/;

/** A success, as every row expects it that does not say otherwise. */
export const SUCCEEDS: Expectations = { exit: "0", stdout: PRINTED, requests: "1", signature: "valid" };
/** Nothing on stdout, nothing sent. */
export const REFUSES: Expectations = { exit: "1", stdout: "", requests: "0" };

/** A line of Go's logger, as the helper writes its errors. */
export function logged(text: string): RegExp {
  return new RegExp(String.raw`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d .*${text}`, "m");
}

/** How errors are worded: the helper's text where it is known, and ours. */
export function worded(helper: RegExp, ours: RegExp = /^ra-signer: [^\n]+\n$/m): Difference {
  return {
    reason: "errors are one line that says what to do, without a timestamp",
    helper: { stderr: helper },
    ours: { stderr: ours },
  };
}

/** Flags of certificate and key. */
export function identityFlags({ certificate, privateKey }: Identity): readonly string[] {
  return ["--certificate", certificate, "--private-key", privateKey];
}

/** The three ARNs as flags, some of them changed or left out. */
export function arnFlags(
  changes: { readonly trustAnchor?: string; readonly profile?: string; readonly role?: string } = {},
): readonly string[] {
  const { trustAnchor = TRUST_ANCHOR_ARN, profile = PROFILE_ARN, role = ROLE_ARN } = changes;
  return Object.entries({ "--trust-anchor-arn": trustAnchor, "--profile-arn": profile, "--role-arn": role })
    .filter(([, value]) => value !== "")
    .flat();
}

/** How a CreateSession is asked for; the rest is as in every other row. */
export interface SessionCase {
  readonly name: string;
  readonly command?: string;
  /** Certificate and key. @default P-256 in two files */
  readonly identity?: (material: Material) => readonly string[];
  readonly arns?: readonly string[];
  readonly words?: (material: Material, service: RecordingService) => readonly string[];
  /** Given as `--endpoint`; undefined gives none. @default the service */
  readonly endpoint?: (service: RecordingService) => string | undefined;
  readonly environment?: (service: RecordingService, material: Material) => Variables;
  readonly answers?: readonly Answer[];
  /** Serves TLS with a certificate that nobody trusts by itself. */
  readonly tls?: boolean;
  readonly expected?: Expectations;
  readonly difference?: Difference;
  readonly skipped?: string;
}

/** A row that calls CreateSession. Exit code, stdout and each part of the request are compared. */
export function sessionRow(session: SessionCase): Row {
  const { name, expected = SUCCEEDS, difference, skipped } = session;
  const shows = difference !== undefined && "stderr" in difference.ours;
  const showsAccount = difference !== undefined && "account" in difference.ours;
  const showsUserAgent = difference !== undefined && "user agent" in difference.ours;
  return {
    name,
    // What is declared to differ is not expected of both.
    expected: Object.fromEntries(
      Object.entries(expected).filter(([aspect]) => difference === undefined || !(aspect in difference.ours)),
    ),
    ...(difference === undefined ? {} : { difference }),
    ...(skipped === undefined ? {} : { skipped }),
    async observe(program, lab) {
      const service = await startRecordingService(
        session.answers ?? [],
        session.tls ? tlsOf(lab) : undefined,
      );
      try {
        const endpoint = (session.endpoint ?? (({ url }) => url))(service);
        const identity = session.identity ?? (({ identities }) => identityFlags(identities["P-256"]));
        const words = [
          session.command ?? "credential-process",
          ...identity(lab.material),
          ...(session.arns ?? arnFlags()),
          ...(endpoint === undefined ? [] : ["--endpoint", endpoint]),
          ...(session.words?.(lab.material, service) ?? []),
        ];
        const environment = { HOME: lab.home, ...session.environment?.(service, lab.material) };
        const { exit, stdout, stderr } = await runProgram(program, words, environment);
        return {
          exit,
          stdout: stdout.toString("utf8").replace(ACCOUNT, "}"),
          ...(showsAccount ? { account: ACCOUNT.exec(stdout.toString("utf8"))?.[1] ?? "(none)" } : {}),
          ...(shows ? { stderr: stderr.replaceAll(service.authority, "<service>") } : {}),
          ...(showsUserAgent
            ? { "user agent": service.requests[0]?.headers.get("user-agent") ?? "(none)" }
            : {}),
          ...describeRequests(service),
          ...(service.tunnels.length > 0 ? { tunnels: service.tunnels.join("\n") } : {}),
        };
      } finally {
        await service.stop();
      }
    },
  };
}

function tlsOf({ material }: Lab): { readonly cert: string; readonly key: string } {
  const { certificate, privateKey } = material.server;
  return { cert: readFileSync(certificate, "utf8"), key: readFileSync(privateKey, "utf8") };
}
