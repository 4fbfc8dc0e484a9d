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
import { readIfPresent } from "../aws-config/file-access.ts";
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

/** How many problems of a file are listed at most. */
const MOST_PROBLEMS = 5;
const PROGRAM_TIMEOUT_MS = 10_000;

/**
 * Finds the command line that a profile runs, and what keeps SDKs from running it.
 *
 * @param paths The AWS config file and the shared credentials file. A credential_process counts in both, and that of the
 *   credentials file comes first.
 * @param environment Of the program that is tried.
 * @returns Undefined when there is no usable command line.
 */
export function readProfile(
  profile: string,
  paths: Readonly<Record<FileKind, string>>,
  environment: Environment,
  report: Report,
): ProfileCommand | undefined {
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
    if (files.config === undefined) report(fail("profile", `there is no file "${paths.config}"`, remedy));
    else if (hasProfile(config, "config", profile)) {
      report(fail("profile", `${known} has no credential_process`, remedy));
    } else report(fail("profile", `there is no ${known}`, `check its name, or ${remedy}`));
    return undefined;
  }
  const words = splitWords(line) ?? [];
  const command = words.indexOf("credential-process");
  if (command < 1) {
    report(fail("profile", `credential_process of ${known} does not run ra-signer`));
    return undefined;
  }
  const problem = checkProgram(words.slice(0, command), environment);
  if (problem?.status !== "fail") report(ok("profile", known));
  if (problem !== undefined) report(problem);
  if (problem?.status === "fail") return undefined;
  report(...checkMode(paths[kind]), ...checkRivals(profile, paths, { config, credentials }, kind));
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

function checkMode(path: string): readonly Finding[] {
  if (process.platform === "win32" || (statSync(path).mode & 0o022) === 0) return [];
  const message = `others may change "${path}", and with it the command that SDKs run`;
  return [warn("profile", message, `chmod go-w "${path}"`)];
}

/** Finds settings that give the profile other credentials beside the credential_process in the file of that kind. */
function checkRivals(
  profile: string,
  paths: Readonly<Record<FileKind, string>>,
  files: Readonly<Record<FileKind, ConfigFile>>,
  kind: FileKind,
): readonly Finding[] {
  // The credential_process of this file is the one that is examined, so it is no rival.
  const keysIn = (of: FileKind): string =>
    [...new Set(rivalSettings(files[of], of, profile, () => of === kind).map(({ key }) => key))].join(", ");
  const findings: Finding[] = [];
  const own = keysIn(kind);
  const other = kind === "config" ? "credentials" : "config";
  const elsewhere = keysIn(other);
  if (own !== "") {
    const remedy = "remove them: most SDKs prefer them to credential_process";
    findings.push(fail("profile", `it has ${own} as well`, remedy));
  }
  if (elsewhere !== "") {
    const message = `[${profile}] in "${paths[other]}" has ${elsewhere}`;
    findings.push(
      other === "credentials"
        ? fail("profile", `${message}, which SDKs prefer`, "remove that section")
        : warn("profile", `${message} as well`, "remove one of the two"),
    );
  }
  return findings;
}

/**
 * Runs the program of a credential_process as boto3 does, without a shell, and asks for its version.
 *
 * @param words Program and arguments before `credential-process`: `env ra-signer`, `node /path/main.cjs`.
 * @returns What is wrong; undefined when nothing is.
 */
function checkProgram(words: readonly string[], environment: Environment): Finding | undefined {
  const [program = "", ...rest] = words;
  const gone = words.find((word) => isAbsolute(word) && !existsSync(word));
  if (gone !== undefined) return fail("profile", `credential_process names "${gone}", which is not there`);
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
    return fail("profile", `${named} ${why}`, remedy);
  }
  if (status !== 0) {
    const [firstLine = ""] = (stderr || stdout).trim().split("\n");
    const said = firstLine === "" ? "" : `: ${quotable(firstLine)}`;
    const end = `ends with ${status ?? "a signal"} when asked for its version${said}`;
    return fail("profile", `${named} ${end}`);
  }
  if (!/^v?\d+\.\d+/.test(stdout)) {
    return fail("profile", `${named} is not ra-signer: it prints no version`);
  }
  if (isAbsolute(program) || !/[\\/]/.test(program)) return undefined;
  const message = `${named} is found only by SDKs that run in this folder`;
  return warn("profile", message, "give its absolute path: write it anew: ra-signer configure");
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

/** Shortens the output of another program and replaces its control characters. */
function quotable(text: string): string {
  return text.slice(0, 200).replaceAll(/\p{Cc}/gu, "?");
}
