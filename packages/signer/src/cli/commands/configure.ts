import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";

import {
  checkProfileName,
  describeProblem,
  parseConfig,
  profileValue,
  refuseProblems,
  rivalSettings,
  setProfile,
} from "../../aws-config/config-file.ts";
import type { Setting } from "../../aws-config/config-file.ts";
import { quoteWord, runsThisProgram } from "../../aws-config/credential-process-line.ts";
import { readStackOutputs } from "../../aws-config/read-stack-outputs.ts";
import { keepCopy, readIfPresent, readToEdit, replaceFile } from "../../aws-config/edited-file.ts";
import { configPath, credentialsPath } from "../../config/aws-files.ts";
import type { Environment } from "../../config/environment.ts";
import { quoted, SignerError } from "../../errors.ts";
import { checkIdentity } from "../../keys/identity.ts";
import { checkSessionParameters, regionOf } from "../../session/session-parameters.ts";
import { holdsPem } from "../../keys/pem.ts";
import { loadAnyIdentity } from "../../pkcs11/load.ts";
import type { Command } from "../command.ts";
import { CREDENTIAL_PROCESS_FLAGS } from "./credential-process.ts";
import { helpText } from "../help-text.ts";
import { identitySources, sessionParameters } from "../resolve-flags.ts";
import { refuseUnsupported } from "../check-flags.ts";
import { parseFlags } from "../parse-flags.ts";
import type { Flags } from "../parse-flags.ts";

const CONFIGURE_FLAGS = {
  profile: { value: "NAME", help: "profile to write" },
  "from-outputs": {
    value: "FILE",
    help: "file of cdk deploy --outputs-file, for the ARNs that no flag gives",
  },
  stack: {
    value: "NAME",
    help: "stack in that file",
    default: "the only one with these outputs, else RolesAnywhereStack",
  },
  server: {
    value: "NAME",
    help: "server of the CDK construct ExternalServer: the outputs' names begin with this",
    default: "none",
  },
  "trust-anchor-output": {
    value: "NAME",
    help: "output of the stack that holds the trust anchor's ARN",
    default: "TrustAnchorArn",
  },
  "profile-output": {
    value: "NAME",
    help: "output that holds the ARN of the Roles Anywhere profile",
    default: "ProfileArn",
  },
  "role-output": { value: "NAME", help: "output that holds the role's ARN", default: "RoleArn" },
  ...CREDENTIAL_PROCESS_FLAGS,
  region: { value: "REGION", help: "region of the profile", default: "the trust anchor's" },
  endpoint: {
    value: "URL",
    help: "service URL to write into the line",
    default: "none: decided by the environment at run time",
  },
  "config-file": { value: "FILE", help: "file to write", default: "AWS_CONFIG_FILE, then ~/.aws/config" },
  command: {
    value: "PROGRAM",
    help: "program to run in place of this Node.js and this ra-signer, for a profile used on another machine",
  },
  "no-check-files": {
    type: "switch",
    help: "take the paths as they are on another machine or in a container: absolute, not read",
    default: "false",
  },
  force: {
    type: "switch",
    help: "replace other credentials of the profile; the old file is kept as FILE.backup",
    default: "false",
  },
} as const;

/** The flags that are written into the line, in this order. */
const WRITTEN_FLAGS = [
  ...["certificate", "private-key", "intermediates", "pkcs8-password-env"],
  ...["cert-selector", "use-latest-expiring-certificate", "pkcs11-lib", "reuse-pin", "no-tpm-key-password"],
  ...["trust-anchor-arn", "profile-arn", "role-arn", "region", "endpoint", "session-duration"],
  ...["role-session-name", "with-proxy", "no-verify-ssl", "debug", "cache"],
] as const;

type ConfigureFlags = Flags<typeof CONFIGURE_FLAGS>;

/** `ra-signer configure`: writes a profile whose credential_process is this program. */
export const configure: Command = {
  usageExitCode: 2,
  help: () =>
    helpText(
      "Writes a profile that gets its credentials from ra-signer. Everything else in the file stays as it is.",
      "ra-signer configure --profile roles-anywhere --from-outputs cdk-outputs.json \\\n" +
        "  --certificate client.pem --private-key client.key",
      CONFIGURE_FLAGS,
    ),
  async run(words, { environment, note }) {
    const given = parseFlags(CONFIGURE_FLAGS, words);
    const { profile } = given;
    if (!profile) throw new SignerError("ERR_SIGNER_USAGE", "--profile is missing");
    checkProfileName(profile);
    const flags = withArns(given);
    const parameters = sessionParameters(flags);
    checkSessionParameters(parameters);
    const region = regionOf(parameters);
    const line = await credentialProcessLine(flags, environment);

    const path = resolve(flags["config-file"] || configPath(environment));
    const before = readToEdit(path);
    const file = parseConfig(before ?? "");
    refuseProblems(file, path);
    const rivals = rivalSettings(file, "config", profile, runsThisProgram);
    refuseRivals(rivals, profile, path, flags.force === true);
    const values: Record<string, string | undefined> = Object.fromEntries(
      rivals.map(({ key }) => [key, undefined]),
    );
    values["credential_process"] = Buffer.from(line, "utf8").toString("latin1");
    const isSet = profileValue(file, "config", profile, "region") !== undefined;
    if (!isSet || flags.region) values["region"] = region;
    const after = setProfile(file, "config", profile, values, path);
    if (after !== before) {
      if (rivals.length > 0 && before !== undefined) {
        const backup = keepCopy(path, before);
        note(`removed ${keysOf(rivals)}; the file as it was is "${backup}"`);
      }
      replaceFile(path, after, before);
    }
    note(`profile "${profile}" in "${path}" is ready; try: aws sts get-caller-identity --profile ${profile}`);
    warnOfCredentialsFile(profile, environment, note);
    return 0;
  },
};

function keysOf(settings: readonly Setting[]): string {
  return settings.map(({ key }) => key).join(", ");
}

/** Refuses settings that give the profile other credentials. --force replaces them, except those of [DEFAULT]. */
function refuseRivals(rivals: readonly Setting[], profile: string, path: string, force: boolean): void {
  const shared = rivals.find(({ section }) => section === "DEFAULT");
  if (shared === undefined && (rivals.length === 0 || force)) return;
  const message =
    shared === undefined
      ? `profile "${profile}" in "${path}" already has ${keysOf(rivals)}; choose another --profile, or replace them with --force`
      : `"${path}" line ${shared.line + 1}: boto3 and the AWS CLI take ${shared.key} of [DEFAULT] for every profile; move it to the profiles that need it`;
  throw new SignerError("ERR_SIGNER_CONFIG_CONFLICT", message, { path });
}

/** Completes the ARNs. An output of the stack is read only for an ARN that no flag gives. */
function withArns(flags: ConfigureFlags): ConfigureFlags {
  const { "from-outputs": path, server = "" } = flags;
  if (server && !path) {
    throw new SignerError(
      "ERR_SIGNER_USAGE",
      "--server names outputs of a stack; give --from-outputs as well",
    );
  }
  const output = (kind: "trust-anchor" | "profile" | "role", name: string): string | undefined =>
    flags[`${kind}-arn`] ? undefined : flags[`${kind}-output`] || `${server}${name}`;
  const names = {
    trustAnchorArn: output("trust-anchor", "TrustAnchorArn"),
    profileArn: output("profile", "ProfileArn"),
    roleArn: output("role", "RoleArn"),
  };
  const found = path ? readStackOutputs(path, names, flags.stack) : {};
  const arns = {
    "trust-anchor-arn": flags["trust-anchor-arn"] || found.trustAnchorArn || "",
    "profile-arn": flags["profile-arn"] || found.profileArn || "",
    "role-arn": flags["role-arn"] || found.roleArn || "",
  };
  const [missing] = Object.entries(arns).find(([, arn]) => arn === "") ?? [];
  if (missing === undefined) return { ...flags, ...arns };
  throw new SignerError("ERR_SIGNER_USAGE", `--${missing} is missing; give it, or --from-outputs`);
}

async function credentialProcessLine(flags: ConfigureFlags, environment: Environment): Promise<string> {
  refuseUnsupported(flags);
  if (!flags.certificate && !flags["cert-selector"])
    throw new SignerError("ERR_SIGNER_USAGE", "--certificate is missing");
  if (flags["pkcs8-password"] || flags["private-key"] === "-") {
    const message =
      "a password is not written into a file, and a profile has no standard input; use --pkcs8-password-env and a file or env:NAME";
    throw new SignerError("ERR_SIGNER_USAGE", message);
  }
  if ([flags.certificate, flags["private-key"]].some((uri) => /^pkcs11:.*pin-value=/.test(uri ?? ""))) {
    const message = "a PIN is not written into a profile; use pin-source=file:PATH in the URI, or env:NAME";
    throw new SignerError("ERR_SIGNER_USAGE", message);
  }
  const complete = {
    ...flags,
    certificate: filePath(flags, "certificate"),
    "private-key": filePath(flags, "private-key"),
    intermediates: filePath(flags, "intermediates"),
  };
  if (flags["no-check-files"] !== true) {
    const identity = await loadAnyIdentity(identitySources(complete, environment));
    checkIdentity(identity.certificate, identity.privateKey, new Date());
  }
  const quote = (word: string): string => quoteWord(word, process.platform);
  const program = flags.command ? [flags.command] : thisProgram(flags.cache === true);
  const options = WRITTEN_FLAGS.flatMap((flag) => {
    const value = complete[flag];
    if (value === undefined || value === "" || value === false) return [];
    if (value === true) return [`--${flag}`];
    return [`--${flag}`, typeof value === "number" ? String(value) : quote(value)];
  });
  return [...program.map(quote), "credential-process", ...options].join(" ");
}

function filePath(flags: ConfigureFlags, name: "certificate" | "private-key" | "intermediates"): string {
  const path = flags[name] ?? "";
  const invalid = (message: string): SignerError =>
    new SignerError("ERR_SIGNER_CONFIG_VALUE_INVALID", `--${name} ${message}`);
  if (path === "" || /^(?:env|pkcs11):/.test(path)) return path;
  if (holdsPem(path)) {
    throw invalid("is the text of a PEM file, which is not written into a profile; give a path or env:NAME");
  }
  if (flags["no-check-files"] !== true) return resolve(path);
  if (isAbsolute(path)) return path;
  throw invalid(
    `${quoted(path)} is not absolute; with --no-check-files give the path as it is where the profile is used`,
  );
}

/** This Node.js and this command file. With --cache the shell launcher, which can read the cache by itself, comes first. */
function thisProgram(cache: boolean): readonly string[] {
  // The built command lies beside this file, also when it was started through a link or by npm.
  const main = join(dirname(import.meta.filename), "main.cjs");
  const launcher = join(dirname(main), "cached.sh");
  const direct = [process.execPath, main];
  return cache && process.platform !== "win32" && existsSync(launcher)
    ? ["/bin/sh", launcher, ...direct]
    : direct;
}

/** Warns about credentials of the profile in the credentials file, which SDKs prefer to those of the config file. */
function warnOfCredentialsFile(
  profile: string,
  environment: Environment,
  note: (line: string) => void,
): void {
  const path = credentialsPath(environment);
  const file = parseConfig(readIfPresent(path) ?? "");
  const [problem] = file.botocore.problems;
  if (problem !== undefined) {
    note(`warning: the AWS CLI and boto3 cannot read ${describeProblem(path, problem)}; ${problem.remedy}`);
  }
  const keys = keysOf(rivalSettings(file, "credentials", profile, () => false));
  if (keys !== "") {
    note(
      `warning: [${profile}] in "${path}" has ${keys}, which AWS SDKs prefer to this profile; remove that section`,
    );
  }
}
