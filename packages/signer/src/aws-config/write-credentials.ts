import { statSync } from "node:fs";

import { SignerError } from "../errors.ts";
import type { CredentialSet } from "../session/credential-set.ts";
import { describeProblem, parseConfig, profileSettings, setProfile } from "./config-file.ts";
import { keepCopy, readToEdit, replaceFile } from "./edited-file.ts";

/** How often the edit is made anew when another program writes the file at the same moment; many may come at once. */
const MAX_EDITS = 20;

/**
 * Puts a session into a profile of a credentials file. Everything else in the file stays byte for byte; the file is
 * readable by its owner only afterwards.
 *
 * @param note Receives what people should know: long-term keys were replaced, others could or still can read the file, or
 *   the AWS CLI and boto3 cannot read it.
 * @throws {SignerError} ERR_SIGNER_CONFIG_CHANGED when another program keeps writing the file; ERR_SIGNER_CONFIG_INVALID
 *   when SDKs disagree about what the profile's section holds; ERR_SIGNER_FILE_UNREADABLE; ERR_SIGNER_FILE_UNWRITABLE;
 *   ERR_SIGNER_RESPONSE_INVALID for credentials that would not fit on a line.
 */
export function writeCredentials(
  path: string,
  profile: string,
  credentials: CredentialSet,
  note: (line: string) => void,
): void {
  const values = {
    aws_access_key_id: oneWord(credentials, "accessKeyId"),
    aws_secret_access_key: oneWord(credentials, "secretAccessKey"),
    aws_session_token: oneWord(credentials, "sessionToken"),
  };
  for (let edit = 1; ; edit += 1) {
    try {
      const before = readToEdit(path);
      const file = parseConfig(before ?? "");
      const after = setProfile(file, "credentials", profile, values, path);
      const modeBefore = openModeOf(path);
      // Keys without a session token are a user's own, and exist nowhere else.
      const keys = new Set(profileSettings(file, "credentials", profile).map(({ key }) => key));
      const isLongTerm = keys.has("aws_secret_access_key") && !keys.has("aws_session_token");
      const backup = before !== undefined && isLongTerm ? keepCopy(path, before) : undefined;
      replaceFile(path, after, before, true);
      const mode = openModeOf(path);
      const [problem] = file.botocore.problems;
      if (backup !== undefined) note(`[${profile}] held long-term keys; the file as it was is "${backup}"`);
      if (mode !== undefined) {
        note(
          `warning: "${path}" has mode ${mode}, which its file system keeps; put it where only you can read it`,
        );
      } else if (modeBefore !== undefined) {
        note(`"${path}" had mode ${modeBefore}; it holds credentials and is private now`);
      }
      if (problem !== undefined) {
        const what = `${describeProblem(path, problem)}; ${problem.remedy}`;
        note(`warning: the AWS CLI and boto3 cannot read ${what}`);
      }
      return;
    } catch (error) {
      const isChanged = error instanceof SignerError && error.code === "ERR_SIGNER_CONFIG_CHANGED";
      if (!isChanged || edit >= MAX_EDITS) throw error;
    }
  }
}

/** Mode of a file that others may read, such as `0644`. */
function openModeOf(path: string): string | undefined {
  if (process.platform === "win32") return undefined;
  const mode = (statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o777;
  return (mode & 0o077) === 0 ? undefined : mode.toString(8).padStart(4, "0");
}

function oneWord(
  credentials: CredentialSet,
  member: "accessKeyId" | "secretAccessKey" | "sessionToken",
): string {
  if (/^[\u0021-\u007e]+$/.test(credentials[member])) return credentials[member];
  const message = `${member} of the session has characters that a credentials file cannot hold; check that the endpoint is Roles Anywhere`;
  throw new SignerError("ERR_SIGNER_RESPONSE_INVALID", message);
}
