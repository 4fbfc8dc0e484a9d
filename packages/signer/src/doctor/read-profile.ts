import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { isAbsolute } from "node:path";

import {
  hasProfile,
  describeProblem,
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
import type { Finding } from "./finding.ts";

/** The command line of a profile, and the findings about it. */
export interface ExaminedProfile {
  readonly findings: readonly Finding[];
  /** Arguments of its credential_process after `credential-process`; undefined when there is no usable one. */
  readonly words: readonly string[] | undefined;
  /** Where it sends requests to STS. */
  readonly sts: ProfileEndpoint;
}

/** How many problems of a file are listed at most. */
const MOST_PROBLEMS = 5;
const PROGRAM_TIMEOUT_MS = 10_000;
const LONGEST_QUOTE = 200;

/**
 * Finds the command line that a profile runs, and what keeps SDKs from running it.
 *
 * @param profile Name of the profile.
 * @param paths The AWS config file and the shared credentials file. A credential_process counts in both, and that of the
 *   credentials file comes first.
 * @param environment Of the program that is tried.
 */
export function readProfile(
  profile: string,
  paths: Readonly<Record<FileKind, string>>,
  environment: Environment,
): ExaminedProfile {
  const findings: Finding[] = [];
  const unusable = (message: string, remedy: string): ExaminedProfile => {
    findings.push(fail("profile", message, remedy));
    return { findings, words: undefined, sts: {} };
  };
  const read = (kind: FileKind): ConfigFile | undefined => {
    try {
      const text = readIfPresent(paths[kind]);
      const file = text === undefined ? undefined : parseConfig(text);
      findings.push(...problemsOf(file, kind, profile, paths[kind]));
      return file;
    } catch (error) {
      findings.push(fail(`${kind} file`, messageOf(error), "give the path of a file that can be read"));
      return undefined;
    }
  };
  const config = read("config");
  const credentials = read("credentials");
  const lineIn = (file: ConfigFile | undefined, kind: FileKind): string | undefined =>
    file === undefined ? undefined : profileValue(file, kind, profile, "credential_process");
  const lineOfCredentials = lineIn(credentials, "credentials");
  const line = lineOfCredentials ?? lineIn(config, "config");
  const kind = lineOfCredentials === undefined ? "config" : "credentials";
  const path = paths[kind];
  const known = `profile "${profile}" in "${path}"`;
  if (line === undefined) {
    const remedy = "write it: ra-signer configure";
    if (config === undefined) return unusable(`there is no file "${path}"`, remedy);
    return hasProfile(config, "config", profile)
      ? unusable(`${known} has no credential_process`, remedy)
      : unusable(`there is no ${known}`, `check its name, or ${remedy}`);
  }
  const words = splitWords(line);
  const command = words?.indexOf("credential-process") ?? -1;
  if (words === undefined || command < 1) {
    return unusable(
      `credential_process of ${known} does not run ra-signer`,
      "write it anew: ra-signer configure",
    );
  }
  const broken = checkProgram(words.slice(0, command), environment);
  if (broken?.status === "fail") return unusable(broken.message, broken.remedy ?? "");
  findings.push(ok("profile", known), ...(broken === undefined ? [] : [broken]));
  if (process.platform !== "win32" && (statSync(path).mode & 0o022) !== 0) {
    findings.push(
      warn(
        "profile",
        `others may change "${path}", and with it the command that SDKs run`,
        `chmod go-w "${path}"`,
      ),
    );
  }
  findings.push(...checkRivals(profile, paths, config, credentials, kind));
  return {
    findings,
    words: words.slice(command + 1),
    sts: config === undefined ? {} : profileEndpoint(config, profile, "sts"),
  };
}

/** Lists the lines because of which the AWS CLI and boto3 refuse a file, or SDKs read a profile in different ways. */
function problemsOf(
  file: ConfigFile | undefined,
  kind: FileKind,
  profile: string,
  path: string,
): readonly Finding[] {
  if (file === undefined) return [];
  const check = `${kind} file`;
  const unread = file.botocore.problems
    .slice(0, MOST_PROBLEMS)
    .map((problem) =>
      fail(check, `the AWS CLI and boto3 cannot read ${describeProblem(path, problem)}`, problem.remedy),
    );
  const differences = readDifferences(file, kind, profile).map((problem) =>
    warn(check, describeProblem(path, problem), problem.remedy),
  );
  return [...unread, ...differences];
}

/** Finds settings that give the profile other credentials beside the credential_process. */
function checkRivals(
  profile: string,
  paths: Readonly<Record<FileKind, string>>,
  config: ConfigFile | undefined,
  credentials: ConfigFile | undefined,
  kind: FileKind,
): readonly Finding[] {
  const keysIn = (file: ConfigFile | undefined, of: FileKind): string => {
    if (file === undefined) return "";
    // The credential_process of this file is the one that is examined, so it is no rival.
    const rivals = rivalSettings(file, of, profile, () => of === kind);
    return [...new Set(rivals.map(({ key }) => key))].join(", ");
  };
  const findings: Finding[] = [];
  const own = keysIn(kind === "config" ? config : credentials, kind);
  if (own !== "") {
    const remedy = "remove them: most SDKs prefer them to credential_process";
    findings.push(fail("profile", `it has ${own} as well`, remedy));
  }
  const other = kind === "config" ? "credentials" : "config";
  const elsewhere = keysIn(other === "config" ? config : credentials, other);
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
  const remedy = "write it anew: ra-signer configure";
  const [program = "", ...rest] = words;
  const gone = words.find(
    (word) => isAbsolute(word) && statSync(word, { throwIfNoEntry: false }) === undefined,
  );
  if (gone !== undefined)
    return fail("profile", `credential_process names "${gone}", which is not there`, remedy);
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
  if (error !== undefined)
    return fail("profile", `${named} ${whyNotStarted(program, error)}`, remedyFor(error, program));
  if (status !== 0) {
    const [firstLine = ""] = (stderr || stdout).trim().split("\n");
    const said = firstLine === "" ? "" : `: ${quotable(firstLine)}`;
    return fail(
      "profile",
      `${named} ends with ${status ?? "a signal"} when asked for its version${said}`,
      remedy,
    );
  }
  if (!/^v?\d+\.\d+/.test(stdout)) {
    return fail("profile", `${named} is not ra-signer: it prints no version`, remedy);
  }
  if (isAbsolute(program) || !/[\\/]/.test(program)) return undefined;
  return warn(
    "profile",
    `${named} is found only by SDKs that run in this folder`,
    `give its absolute path: ${remedy}`,
  );
}

function whyNotStarted(program: string, error: Error): string {
  const code = codeOf(error);
  const stats = isAbsolute(program) ? statSync(program, { throwIfNoEntry: false }) : undefined;
  if (stats?.isDirectory() === true) return "is a folder";
  if (code === "EACCES") return "may not be executed";
  if (code === "ETIMEDOUT")
    return `does not end within ${PROGRAM_TIMEOUT_MS / 1000} s when asked for its version`;
  if (code !== "ENOENT") return `cannot be started: ${quotable(messageOf(error))}`;
  if (stats !== undefined) return "needs an interpreter that is not there; see its first line";
  return /[\\/]/.test(program) ? "is not there" : "is not on the PATH";
}

function remedyFor(error: Error, program: string): string {
  return codeOf(error) === "EACCES" &&
    isAbsolute(program) &&
    statSync(program, { throwIfNoEntry: false })?.isFile() === true
    ? `chmod +x "${program}"`
    : "give its absolute path: ra-signer configure";
}

/** Shortens the output of another program and replaces its control characters. */
function quotable(text: string): string {
  return text.slice(0, LONGEST_QUOTE).replaceAll(/\p{Cc}/gu, "?");
}
