import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { isAbsolute } from "node:path";

import {
  describeProblem,
  hasProfile,
  parseConfig,
  profileEndpoint,
  profileValue,
  readDifferences,
  rivalSettings,
} from "../aws-config/config-file.ts";
import type { ConfigFile, FileKind, ProfileEndpoint } from "../aws-config/config-file.ts";
import { splitWords } from "../aws-config/credential-process-line.ts";
import { readIfPresent } from "../aws-config/edited-file.ts";
import { configPath, credentialsPath } from "../config/aws-files.ts";
import type { Environment } from "../config/environment.ts";
import { codeOf, messageOf } from "../errors.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding, Report } from "./finding.ts";

/** What a profile runs. */
export interface ProfileCommand {
  /** Arguments of its credential_process after `credential-process`. */
  readonly words: readonly string[];
  /** Where it sends requests to STS. */
  readonly sts: ProfileEndpoint;
}

const MOST_PROBLEMS = 5;
const PROGRAM_TIMEOUT_MS = 10_000;

/**
 * Finds the command line that a profile runs, and what keeps SDKs from running it. A credential_process counts in the config
 * file and in the credentials file, and that of the credentials file comes first.
 */
export function readProfile(
  profile: string,
  environment: Environment,
  report: Report,
): ProfileCommand | undefined {
  const paths = { config: configPath(environment), credentials: credentialsPath(environment) };
  const unusable = (message: string, remedy?: string): undefined =>
    void report(fail("profile", message, remedy));
  const files = {
    config: readFile("config", profile, paths.config, report),
    credentials: readFile("credentials", profile, paths.credentials, report),
  };
  const { config = parseConfig(""), credentials = parseConfig("") } = files;
  const first = profileValue(credentials, "credentials", profile, "credential_process");
  const line = first ?? profileValue(config, "config", profile, "credential_process");
  const kind = first === undefined ? "config" : "credentials";
  const known = `profile "${profile}" in "${paths[kind]}"`;
  if (line === undefined) {
    const remedy = "write it: ra-signer configure";
    if (files.config === undefined) return unusable(`there is no file "${paths.config}"`, remedy);
    return hasProfile(config, "config", profile)
      ? unusable(`${known} has no credential_process`, remedy)
      : unusable(`there is no ${known}`, `check its name, or ${remedy}`);
  }
  const words = splitWords(line) ?? [];
  const command = words.indexOf("credential-process");
  if (command < 1) return unusable(`credential_process of ${known} does not run ra-signer`);
  const problems = checkProgram(words.slice(0, command), environment);
  if (problems.some(({ status }) => status === "fail")) return void report(...problems);
  report(ok("profile", known), ...problems);
  if (process.platform !== "win32" && (statSync(paths[kind]).mode & 0o022) !== 0) {
    const message = `others may change "${paths[kind]}", and with it the command that SDKs run`;
    report(warn("profile", message, `chmod go-w "${paths[kind]}"`));
  }
  report(...checkRivals(profile, paths, { config, credentials }, kind));
  return { words: words.slice(command + 1), sts: profileEndpoint(config, profile, "sts") };
}

/** Reports the lines because of which the AWS CLI and boto3 refuse a file, or SDKs read a profile in different ways. */
function readFile(kind: FileKind, profile: string, path: string, report: Report): ConfigFile | undefined {
  const check = `${kind} file`;
  try {
    const text = readIfPresent(path);
    if (text === undefined) return undefined;
    const file = parseConfig(text);
    for (const problem of file.botocore.problems.slice(0, MOST_PROBLEMS)) {
      const where = describeProblem(path, problem);
      report(fail(check, `the AWS CLI and boto3 cannot read ${where}`, problem.remedy));
    }
    for (const difference of readDifferences(file, kind, profile)) {
      report(warn(check, describeProblem(path, difference), difference.remedy));
    }
    return file;
  } catch (error) {
    report(fail(check, messageOf(error)));
    return undefined;
  }
}

/** Finds settings that give the profile other credentials beside the credential_process in the file of that kind. */
function* checkRivals(
  profile: string,
  paths: Readonly<Record<FileKind, string>>,
  files: Readonly<Record<FileKind, ConfigFile>>,
  kind: FileKind,
): Generator<Finding> {
  // The credential_process of this file is the one that is examined, so it is no rival.
  const keysIn = (of: FileKind): string =>
    [...new Set(rivalSettings(files[of], of, profile, () => of === kind).map(({ key }) => key))].join(", ");
  const own = keysIn(kind);
  const remedy = "remove them: most SDKs prefer them to credential_process";
  if (own !== "") yield fail("profile", `it has ${own} as well`, remedy);
  const other = kind === "config" ? "credentials" : "config";
  const keys = keysIn(other);
  if (keys === "") return;
  const message = `[${profile}] in "${paths[other]}" has ${keys}`;
  yield other === "credentials"
    ? fail("profile", `${message}, which SDKs prefer`, "remove that section")
    : warn("profile", `${message} as well`, "remove one of the two");
}

/** Runs `env ra-signer` or `node /path/main.cjs` as boto3 does, without a shell, and asks for its version. */
function checkProgram(words: readonly string[], environment: Environment): readonly Finding[] {
  const [program = "", ...rest] = words;
  const gone = words.find((word) => isAbsolute(word) && !existsSync(word));
  if (gone !== undefined) return [fail("profile", `credential_process names "${gone}", which is not there`)];
  const { status, error, stdout, stderr } = spawnSync(program, [...rest, "version"], {
    env: environment,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: PROGRAM_TIMEOUT_MS,
    killSignal: "SIGKILL",
    // Without a terminal, so that a program that asks for a password ends, as it would in a service.
    ...{ detached: true },
    // npm's programs are scripts of cmd.exe there.
    shell: process.platform === "win32",
  });
  const named = `credential_process starts "${program}", which`;
  if (error !== undefined) {
    const [why, remedy = "give its absolute path: ra-signer configure"] = whyNotStarted(program, error);
    return [fail("profile", `${named} ${why}`, remedy)];
  }
  if (status !== 0) {
    const [firstLine = ""] = (stderr || stdout).trim().split("\n");
    const said = firstLine === "" ? "" : `: ${quotable(firstLine)}`;
    const end = `ends with ${status ?? "a signal"} when asked for its version${said}`;
    return [fail("profile", `${named} ${end}`)];
  }
  if (!/^v?\d+\.\d+/.test(stdout)) {
    return [fail("profile", `${named} is not ra-signer: it prints no version`)];
  }
  if (isAbsolute(program) || !/[\\/]/.test(program)) return [];
  const message = `${named} is found only by SDKs that run in this folder`;
  return [warn("profile", message, "give its absolute path: write it anew: ra-signer configure")];
}

function whyNotStarted(program: string, error: Error): readonly [why: string, remedy?: string | undefined] {
  const stats = isAbsolute(program) ? statSync(program, { throwIfNoEntry: false }) : undefined;
  const chmod = stats?.isFile() === true ? `chmod +x "${program}"` : undefined;
  const code = codeOf(error);
  if (stats?.isDirectory() === true) return ["is a folder"];
  if (code === "EACCES") return ["may not be executed", chmod];
  if (code === "ETIMEDOUT") {
    return [`does not end within ${PROGRAM_TIMEOUT_MS / 1000} s when asked for its version`];
  }
  if (code !== "ENOENT") return [`cannot be started: ${quotable(messageOf(error))}`];
  if (stats !== undefined) return ["needs an interpreter that is not there; see its first line"];
  return [/[\\/]/.test(program) ? "is not there" : "is not on the PATH"];
}

function quotable(text: string): string {
  return text.slice(0, 200).replaceAll(/\p{Cc}/gu, "?");
}
