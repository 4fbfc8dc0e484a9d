import { statSync } from "node:fs";

import { SignerError } from "../errors.ts";
import type { CredentialSet } from "../session/credential-set.ts";
import { describeProblem, parseConfig, profileSettings, setProfile } from "./config-file.ts";
import { readIfPresent } from "./file-access.ts";
import { keepCopy, replaceFile } from "./replace-file.ts";
import { recover } from "./write-in-place.ts";

/** What people should know about a file that was written. */
export interface WrittenCredentials {
  /** Copy of the file as it was, made because long-term keys were replaced. */
  readonly backup?: string | undefined;
  /** Mode that the file had, if others could read it and now cannot. */
  readonly narrowedMode?: number | undefined;
  /** Mode of the file, if others than its owner may still read it: its file system keeps no modes. */
  readonly openMode?: number | undefined;
  /** Why the AWS CLI and boto3 cannot read the file, with the line; other SDKs can. */
  readonly problem?: string | undefined;
}

/** How often the edit is made anew when another program writes the file at the same moment; many may come at once. */
const MAX_EDITS = 20;

/**
 * Puts a session into a profile of a credentials file. Everything else in the file stays byte for byte; the file is
 * readable by its owner only afterwards.
 *
 * @param path The file.
 * @param profile Name of its section.
 * @param credentials The session.
 * @throws {SignerError} ERR_SIGNER_CONFIG_CHANGED when another program keeps writing the file; ERR_SIGNER_CONFIG_INVALID
 *   when SDKs disagree about what the profile's section holds; ERR_SIGNER_FILE_UNREADABLE; ERR_SIGNER_FILE_UNWRITABLE;
 *   ERR_SIGNER_RESPONSE_INVALID for credentials that would not fit on a line.
 */
export function writeCredentials(
  path: string,
  profile: string,
  credentials: CredentialSet,
): WrittenCredentials {
  const values = {
    aws_access_key_id: oneWord(credentials.accessKeyId, "accessKeyId"),
    aws_secret_access_key: oneWord(credentials.secretAccessKey, "secretAccessKey"),
    aws_session_token: oneWord(credentials.sessionToken, "sessionToken"),
  };
  for (let edit = 1; ; edit += 1) {
    recover(path);
    const before = readIfPresent(path);
    const file = parseConfig(before ?? "");
    const after = setProfile(file, "credentials", profile, values, path);
    const modeBefore = modeOf(path);
    try {
      // Keys without a session token are a user's own, and exist nowhere else.
      const keys = new Set(profileSettings(file, "credentials", profile).map(({ key }) => key));
      const isLongTerm = keys.has("aws_secret_access_key") && !keys.has("aws_session_token");
      const backup = before !== undefined && isLongTerm ? keepCopy(path, before) : undefined;
      replaceFile(path, after, before, { secret: true });
      const openMode = modeOf(path);
      const [problem] = file.botocore.problems;
      return {
        backup,
        openMode,
        narrowedMode: openMode === undefined ? modeBefore : undefined,
        problem: problem === undefined ? undefined : `${describeProblem(path, problem)}; ${problem.remedy}`,
      };
    } catch (error) {
      const changed = error instanceof SignerError && error.code === "ERR_SIGNER_CONFIG_CHANGED";
      if (!changed || edit >= MAX_EDITS) throw error;
    }
  }
}

/** Mode of a file that others may read. */
function modeOf(path: string): number | undefined {
  if (process.platform === "win32") return undefined;
  const mode = (statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o777;
  return (mode & 0o077) === 0 ? undefined : mode;
}

function oneWord(value: string, member: string): string {
  if (/^[\u0021-\u007e]+$/.test(value)) return value;
  throw new SignerError(
    "ERR_SIGNER_RESPONSE_INVALID",
    `${member} of the session has characters that a credentials file cannot hold; check that the endpoint is Roles Anywhere`,
  );
}
