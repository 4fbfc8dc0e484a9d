import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";

import { formatConfig, parseConfig, profileSections, setProfile } from "../../aws-config/config-document.ts";
import { checkProfileName } from "../../aws-config/profile-name.ts";
import { rivalKeys, shadowingKeys } from "../../aws-config/profile-conflicts.ts";
import { readStackOutputs } from "../../aws-config/read-stack-outputs.ts";
import type { StackArns } from "../../aws-config/read-stack-outputs.ts";
import { quoteWord } from "../../aws-config/shell-word.ts";
import { readIfPresent, writeFileAtomically } from "../../aws-config/write-file-atomically.ts";
import { configPath, credentialsPath } from "../../config/aws-files.ts";
import type { Environment } from "../../config/environment.ts";
import { SignerError } from "../../errors.ts";
import { checkIdentity } from "../../keys/check-identity.ts";
import { loadIdentity } from "../../keys/load-identity.ts";
import { checkSessionParameters, regionOf } from "../../session/session-parameters.ts";
import type { Command } from "../command.ts";
import { CREDENTIAL_PROCESS_FLAGS } from "../credential-process-command.ts";
import { helpText } from "../help-text.ts";
import { identitySources, refuseUnsupported } from "../identity-flags.ts";
import { parseFlags } from "../parse-flags.ts";
import type { Flags } from "../parse-flags.ts";

const CONFIGURE_FLAGS = {
  profile: { type: "text", value: "NAME", help: "profile to write" },
  "from-outputs": {
    type: "text",
    value: "FILE",
    help: "file of cdk deploy --outputs-file, for the three ARNs",
  },
  stack: {
    type: "text",
    value: "NAME",
    help: "stack in that file",
    default: "RolesAnywhereStack, or the only one",
  },
  ...CREDENTIAL_PROCESS_FLAGS,
  region: { type: "text", value: "REGION", help: "region of the profile", default: "the trust anchor's" },
  endpoint: {
    type: "text",
    value: "URL",
    help: "service URL to write into the line",
    default: "none: decided by the environment at run time",
  },
  "config-file": {
    type: "text",
    value: "FILE",
    help: "file to write",
    default: "AWS_CONFIG_FILE, then ~/.aws/config",
  },
  command: {
    type: "text",
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
  run(words, { environment, note }) {
    const flags = parseFlags(CONFIGURE_FLAGS, words);
    const profile = profileName(flags);
    const arns = stackArns(flags);
    const parameters = { ...arns, ...(flags.region ? { region: flags.region } : {}) };
    checkSessionParameters(parameters);
    const region = regionOf(parameters);
    const line = credentialProcessLine(flags, arns, environment);

    const path = pathToWrite(flags, environment);
    const before = readIfPresent(path);
    const document = parseConfig(before ?? "");
    const rivals = rivalKeys(document, profile);
    if (rivals.length > 0 && flags.force !== true) {
      throw new SignerError(
        "ERR_SIGNER_CONFIG_CONFLICT",
        `profile "${profile}" in "${path}" already has ${rivals.join(", ")}; choose another --profile, or replace them with --force`,
        { path },
      );
    }
    const sections = profileSections(document, profile);
    const hasRegion = sections.some(({ settings }) => settings.some(({ key }) => key === "region"));
    const after = formatConfig(
      setProfile(document, profile, {
        ...Object.fromEntries(rivals.map((key) => [key, undefined])),
        credential_process: bytes(line),
        ...(hasRegion && !flags.region ? {} : { region }),
      }),
    );
    if (after !== before) {
      if (rivals.length > 0 && before !== undefined) {
        const backup = `${path}.backup`;
        writeFileAtomically(backup, before, readIfPresent(backup));
        note(`removed ${rivals.join(", ")}; the file as it was is "${backup}"`);
      }
      writeFileAtomically(path, after, before);
    }
    note(`profile "${profile}" in "${path}" is ready; try: aws sts get-caller-identity --profile ${profile}`);
    if (sections.length > 1) {
      note(
        `warning: profile "${profile}" has ${sections.length} sections; boto3 and the AWS CLI refuse such a file`,
      );
    }
    warnOfShadow(profile, environment, note);
    return Promise.resolve(0);
  },
};

function profileName({ profile }: ConfigureFlags): string {
  if (!profile) throw new SignerError("ERR_SIGNER_USAGE", "--profile is missing");
  checkProfileName(profile);
  return profile;
}

function stackArns(flags: ConfigureFlags): StackArns {
  const fromFile = flags["from-outputs"] ? readStackOutputs(flags["from-outputs"], flags.stack) : undefined;
  const choose = (given: string | undefined, found: string | undefined, flag: string): string => {
    const arn = given || found;
    if (arn) return arn;
    throw new SignerError("ERR_SIGNER_USAGE", `--${flag} is missing; give it, or --from-outputs`);
  };
  return {
    trustAnchorArn: choose(flags["trust-anchor-arn"], fromFile?.trustAnchorArn, "trust-anchor-arn"),
    profileArn: choose(flags["profile-arn"], fromFile?.profileArn, "profile-arn"),
    roleArn: choose(flags["role-arn"], fromFile?.roleArn, "role-arn"),
  };
}

function credentialProcessLine(flags: ConfigureFlags, arns: StackArns, environment: Environment): string {
  refuseUnsupported(flags);
  if (!flags.certificate) throw new SignerError("ERR_SIGNER_USAGE", "--certificate is missing");
  if (flags["pkcs8-password"] || flags["private-key"] === "-") {
    throw new SignerError(
      "ERR_SIGNER_USAGE",
      "a password is not written into a file, and a profile has no standard input; use --pkcs8-password-env and a file or env:NAME",
    );
  }
  const files = {
    certificate: filePath(flags, "certificate"),
    "private-key":
      flags["private-key"]?.startsWith("env:") === true
        ? flags["private-key"]
        : filePath(flags, "private-key"),
    intermediates: filePath(flags, "intermediates"),
  };
  if (flags["no-check-files"] !== true) {
    const identity = loadIdentity(identitySources({ ...flags, ...files }, environment));
    checkIdentity(identity.certificate, identity.privateKey, new Date());
  }
  const quote = (word: string): string => quoteWord(word, process.platform);
  const program = flags.command ? [flags.command] : thisProgram(flags.cache === true);
  const options: readonly (readonly [flag: string, value: string | number | undefined])[] = [
    ...Object.entries(files),
    ["pkcs8-password-env", flags["pkcs8-password-env"]],
    ["trust-anchor-arn", arns.trustAnchorArn],
    ["profile-arn", arns.profileArn],
    ["role-arn", arns.roleArn],
    ["region", flags.region],
    ["endpoint", flags.endpoint],
    ["session-duration", flags["session-duration"]],
    ["role-session-name", flags["role-session-name"]],
  ];
  return [
    ...program.map(quote),
    "credential-process",
    ...options.flatMap(([flag, value]) =>
      value === undefined || value === ""
        ? []
        : [`--${flag}`, typeof value === "number" ? String(value) : quote(value)],
    ),
    ...(["with-proxy", "no-verify-ssl", "debug", "cache"] as const).flatMap((flag) =>
      flags[flag] === true ? [`--${flag}`] : [],
    ),
  ].join(" ");
}

function filePath(flags: ConfigureFlags, name: "certificate" | "private-key" | "intermediates"): string {
  const path = flags[name];
  if (!path) return "";
  if (flags["no-check-files"] !== true) return resolve(path);
  if (isAbsolute(path)) return path;
  throw new SignerError(
    "ERR_SIGNER_CONFIG_VALUE_INVALID",
    `--${name} "${path}" is not absolute; with --no-check-files give the path as it is where the profile is used`,
  );
}

/** This Node.js and this command file; before them, where there is a shell, what answers from the cache without them. */
function thisProgram(cache: boolean): readonly string[] {
  // The built command is a neighbour of this file, however it was called: through a link or through npm's.
  const main = join(dirname(import.meta.filename), "main.cjs");
  const launcher = join(dirname(main), "cached.sh");
  const direct = [process.execPath, main];
  return cache && process.platform !== "win32" && existsSync(launcher)
    ? ["/bin/sh", launcher, ...direct]
    : direct;
}

function pathToWrite(flags: ConfigureFlags, environment: Environment): string {
  return resolve(flags["config-file"] || configPath(environment));
}

function warnOfShadow(profile: string, environment: Environment, note: (line: string) => void): void {
  const path = credentialsPath(environment);
  const keys = shadowingKeys(readIfPresent(path) ?? "", profile);
  if (keys.length > 0) {
    note(
      `warning: [${profile}] in "${path}" has ${keys.join(", ")}, which AWS SDKs prefer to this profile; remove that section`,
    );
  }
}

/** UTF-8 text as the binary string that ConfigDocument works on. */
function bytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
