import { accessSync, constants, statSync } from "node:fs";
import { isAbsolute } from "node:path";

import { parseConfig, profileSections } from "../aws-config/config-document.ts";
import { rivalKeys, shadowingKeys } from "../aws-config/profile-conflicts.ts";
import { profileEndpoint } from "../aws-config/profile-endpoint.ts";
import type { ProfileEndpoint } from "../aws-config/profile-endpoint.ts";
import { splitWords } from "../aws-config/shell-word.ts";
import { readIfPresent } from "../aws-config/write-file-atomically.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** What a profile says. */
export interface ExaminedProfile {
  readonly findings: readonly Finding[];
  /** Words of its credential_process after `credential-process`; undefined when there is no usable one. */
  readonly words: readonly string[] | undefined;
  /** Where it sends requests to STS. */
  readonly sts: ProfileEndpoint;
}

/**
 * Finds the command line that a profile runs, and what keeps SDKs from running it.
 *
 * @param profile Name of the profile.
 * @param configFile AWS config file.
 * @param credentialsFile Shared credentials file.
 */
export function readProfile(profile: string, configFile: string, credentialsFile: string): ExaminedProfile {
  const findings: Finding[] = [];
  const unusable = (message: string, remedy: string): ExaminedProfile => ({
    findings: [...findings, fail("profile", message, remedy)],
    words: undefined,
    sts: {},
  });
  const text = readIfPresent(configFile);
  if (text === undefined)
    return unusable(`there is no file "${configFile}"`, "write one: ra-signer configure");
  const document = parseConfig(text);
  const sections = profileSections(document, profile);
  const known = `profile "${profile}" in "${configFile}"`;
  if (sections.length === 0)
    return unusable(`there is no ${known}`, "check its name, or write it: ra-signer configure");
  if (sections.length > 1) {
    findings.push(
      warn(
        "profile",
        `${known} has ${sections.length} sections`,
        "make them one: boto3 and the AWS CLI refuse such a file",
      ),
    );
  }
  const line = sections
    .flatMap(({ settings }) => settings)
    .findLast(({ key, value }) => key === "credential_process" && value !== "")?.value;
  if (line === undefined)
    return unusable(`${known} has no credential_process`, "write it: ra-signer configure");
  const words = splitWords(Buffer.from(line, "latin1").toString("utf8"));
  const command = words?.indexOf("credential-process") ?? -1;
  if (words === undefined || command < 1) {
    return unusable(
      `credential_process of ${known} does not run ra-signer`,
      "write it anew: ra-signer configure",
    );
  }
  const missing = words.slice(0, command).find((word) => isAbsolute(word) && !isThere(word));
  if (missing !== undefined) {
    return unusable(
      `credential_process names "${missing}", which is not there`,
      "write it anew: ra-signer configure",
    );
  }
  findings.push(ok("profile", known));
  if (process.platform !== "win32" && (statSync(configFile).mode & 0o022) !== 0) {
    findings.push(
      warn(
        "profile",
        `others may change "${configFile}", and with it the command that SDKs run`,
        `chmod go-w "${configFile}"`,
      ),
    );
  }
  // Another program's line was refused above; the helper's own is no rival here.
  const rivals = rivalKeys(document, profile).filter((key) => key !== "credential_process");
  if (rivals.length > 0) {
    findings.push(
      fail(
        "profile",
        `it has ${rivals.join(", ")} as well`,
        "remove them: most SDKs prefer them to credential_process",
      ),
    );
  }
  const shadows = shadowingKeys(readIfPresent(credentialsFile) ?? "", profile);
  if (shadows.length > 0) {
    findings.push(
      fail(
        "profile",
        `[${profile}] in "${credentialsFile}" has ${shadows.join(", ")}, which SDKs prefer`,
        "remove that section",
      ),
    );
  }
  return { findings, words: words.slice(command + 1), sts: profileEndpoint(document, profile, "sts") };
}

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
