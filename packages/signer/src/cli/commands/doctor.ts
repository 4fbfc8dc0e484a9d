import type { ProfileEndpoint } from "../../aws-config/config-file.ts";
import { readAwsEnvironment } from "../../config/environment.ts";
import { checkAttempts, checkCache } from "../../doctor/check-environment.ts";
import { checkCallerIdentity } from "../../doctor/check-caller-identity.ts";
import { checkIdentityFiles } from "../../doctor/check-identity-files.ts";
import { checkParameters } from "../../doctor/check-parameters.ts";
import { checkCreateSession, checkEndpoint } from "../../doctor/check-service.ts";
import { checkToken } from "../../doctor/check-token.ts";
import { fail } from "../../doctor/finding.ts";
import type { Finding, Report } from "../../doctor/finding.ts";
import { readProfile } from "../../doctor/read-profile.ts";
import { stsEndpoint } from "../../doctor/sts-endpoint.ts";
import { SignerError } from "../../errors.ts";
import type { IdentitySources, SigningIdentity } from "../../keys/identity.ts";
import { usesToken } from "../../pkcs11/load.ts";
import { createHttpSend } from "../../http/send.ts";
import { httpOptions, withEnvironment } from "../../session/session-source.ts";
import type { Command, CommandContext } from "../command.ts";
import { CREDENTIAL_PROCESS_FLAGS } from "./credential-process.ts";
import { helpText } from "../help-text.ts";
import { parseFlags } from "../parse-flags.ts";
import type { Flags } from "../parse-flags.ts";
import { identitySources, keyPath, sessionParameters, wayOf } from "../resolve-flags.ts";

const DOCTOR_FLAGS = {
  profile: {
    value: "NAME",
    help: "profile of the config or credentials file whose credential_process is examined; flags beside it win",
    default: "AWS_PROFILE, where no other flag is given",
  },
  json: { type: "switch", help: "print the findings as JSON", default: "false" },
  offline: { type: "switch", help: "send nothing", default: "false" },
  ...CREDENTIAL_PROCESS_FLAGS,
} as const;

type SessionFlags = Flags<typeof CREDENTIAL_PROCESS_FLAGS>;

/** `ra-signer doctor`: finds out why there are no credentials. */
export const doctor: Command = {
  usageExitCode: 2,
  help: () =>
    helpText(
      "Checks everything that credentials depend on, one by one, and says what to do. Exit code 1 if any check fails.",
      "ra-signer doctor --profile roles-anywhere\n" +
        "ra-signer doctor --certificate client.pem --private-key client.key \\\n" +
        "  --trust-anchor-arn ARN --profile-arn ARN --role-arn ARN",
      DOCTOR_FLAGS,
    ),
  async run(words, context) {
    const { json, profile, offline, ...given } = parseFlags(DOCTOR_FLAGS, words);
    const findings: Finding[] = [];
    const report: Report = (...more) => {
      findings.push(...more);
      if (json !== true) for (const finding of more) context.out(line(finding));
    };
    // Without any flag the profile is that of the SDKs.
    const chosen = Object.keys(given).length === 0 ? profile || context.environment["AWS_PROFILE"] : profile;
    const command = chosen ? readProfile(chosen, context.environment, report) : { words: [], sts: {} };
    const inProfile =
      command && attempt(report, "profile", () => parseFlags(CREDENTIAL_PROCESS_FLAGS, command.words));
    if (inProfile !== undefined) {
      await examine({ ...inProfile, ...given }, command?.sts, offline === true, context, report);
    }
    const failed = findings.filter(({ status }) => status === "fail").length;
    if (json === true) context.out(`${JSON.stringify({ ok: failed === 0, findings }, undefined, 2)}\n`);
    return failed === 0 ? 0 : 1;
  },
};

async function examine(
  flags: SessionFlags,
  sts: ProfileEndpoint | undefined,
  offline: boolean,
  { environment, note }: CommandContext,
  report: Report,
): Promise<void> {
  if (flags.cache === true) report(...checkCache(environment));
  const { maxAttempts } = readAwsEnvironment(environment);
  const parameters = attempt(report, "flags", () => withEnvironment(sessionParameters(flags), environment));
  const sources = attempt(report, "flags", () => identitySources(flags, environment));
  const identity = sources && (await checkIdentityOf(sources, flags, report));
  if (parameters === undefined) return;
  const judged = checkParameters(parameters);
  report(...judged, checkAttempts(environment["AWS_MAX_ATTEMPTS"], maxAttempts));
  if (offline) return;
  const way = httpOptions(wayOf(flags), environment);
  const trace = flags.debug === true ? note : undefined;
  const options = { send: createHttpSend(way), now: () => new Date(), trace };
  const reached = await checkEndpoint(parameters, { ...way, ...options });
  report(...reached);
  const isHopeless = [...judged, ...reached].some(
    ({ check, status }) => status === "fail" && check !== "clock",
  );
  if (identity === undefined || isHopeless) return;
  const { finding, credentials } = await checkCreateSession(identity, parameters, {
    ...options,
    maxAttempts,
  });
  report(finding);
  if (credentials === undefined) return;
  const endpoint = stsEndpoint(parameters, environment, sts);
  report(await checkCallerIdentity(credentials, parameters, { ...options, endpoint }));
}

function checkIdentityOf(
  sources: IdentitySources,
  flags: SessionFlags,
  report: Report,
): SigningIdentity | undefined | Promise<SigningIdentity | undefined> {
  return usesToken(sources)
    ? checkToken(sources, new Date(), report)
    : checkIdentityFiles(sources, keyPath(flags), new Date(), report);
}

/** Reads flags, or reports a finding when they are wrong. */
function attempt<Result>(report: Report, check: "flags" | "profile", read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    report(fail(check, check === "profile" ? `credential_process: ${error.message}` : error.message));
    return undefined;
  }
}

function line({ check, status, message, remedy }: Finding): string {
  const advice = remedy === undefined ? "" : ` -> ${remedy}`;
  return `${status.padEnd(4)}  ${check.padEnd(19)}  ${message}${advice}\n`;
}
