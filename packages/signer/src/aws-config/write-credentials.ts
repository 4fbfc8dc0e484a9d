import { statSync } from "node:fs";

import { SignerError } from "../errors.ts";
import type { CredentialSet } from "../session/credential-set.ts";
import { credentialsSections, formatConfig, parseConfig, setCredentials } from "./config-document.ts";
import type { Section } from "./config-document.ts";
import { readIfPresent, writeFileAtomically } from "./write-file-atomically.ts";

/** What people should know about a file that was written. */
export interface WrittenCredentials {
  /** Copy of the file as it was, made because long-term keys were replaced. */
  readonly backup?: string;
  /** Mode of the file, if others than its owner may read it. */
  readonly openMode?: number;
}

/** How often the edit is made anew when another program writes the file at the same moment. */
const MAX_EDITS = 5;

/**
 * Puts a session into a profile of a credentials file, in one step. Everything else in the file stays byte for byte.
 *
 * @param path The file.
 * @param profile Name of its section.
 * @param credentials The session.
 * @throws {SignerError} ERR_SIGNER_CONFIG_CHANGED when another program keeps writing the file; ERR_SIGNER_FILE_UNREADABLE;
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
    const before = readIfPresent(path);
    const document = parseConfig(before ?? "");
    const hadLongTermKeys = holdsLongTermKeys(credentialsSections(document, profile));
    try {
      const backup = before !== undefined && hadLongTermKeys ? keepCopy(path, before) : undefined;
      writeFileAtomically(path, formatConfig(setCredentials(document, profile, values)), before);
      return { ...(backup === undefined ? {} : { backup }), ...openMode(path) };
    } catch (error) {
      const changed = error instanceof SignerError && error.code === "ERR_SIGNER_CONFIG_CHANGED";
      if (!changed || edit >= MAX_EDITS) throw error;
    }
  }
}

/** Keys without a session token are a user's own, and exist nowhere else. */
function holdsLongTermKeys(sections: readonly Section[]): boolean {
  const keys = new Set(sections.flatMap(({ settings }) => settings.map(({ key }) => key)));
  return keys.has("aws_secret_access_key") && !keys.has("aws_session_token");
}

/** Copies to the first free name, or to one that holds the same already. */
function keepCopy(path: string, text: string): string {
  for (let number = 1; ; number += 1) {
    const copy = number === 1 ? `${path}.backup` : `${path}.backup${number}`;
    const there = readIfPresent(copy);
    if (there === text) return copy;
    if (there !== undefined) continue;
    writeFileAtomically(copy, text, undefined);
    return copy;
  }
}

function openMode(path: string): { readonly openMode?: number } {
  if (process.platform === "win32") return {};
  const mode = statSync(path).mode & 0o777;
  return (mode & 0o077) === 0 ? {} : { openMode: mode };
}

function oneWord(value: string, member: string): string {
  if (/^[\u0021-\u007e]+$/.test(value)) return value;
  throw new SignerError(
    "ERR_SIGNER_RESPONSE_INVALID",
    `${member} of the session has characters that a credentials file cannot hold; check that the endpoint is Roles Anywhere`,
  );
}
