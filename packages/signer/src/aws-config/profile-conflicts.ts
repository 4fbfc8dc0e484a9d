import { parseConfig, profileSections, sectionsOf } from "./config-document.ts";
import type { ConfigDocument } from "./config-document.ts";
import { splitWords } from "./shell-word.ts";

/** Settings that give a profile another way to its credentials; most of them win over credential_process. */
const RIVAL_KEYS: ReadonlySet<string> = new Set([
  "aws_access_key_id",
  "aws_secret_access_key",
  "aws_session_token",
  "role_arn",
  "source_profile",
  "credential_source",
  "web_identity_token_file",
  "sso_session",
  "sso_start_url",
  "sso_account_id",
  "sso_role_name",
  "sso_region",
  "login_session",
]);

/** Keys of a profile that would fight with ours, `credential_process` included when it is not ours. */
export function rivalKeys(document: ConfigDocument, profile: string): readonly string[] {
  const settings = profileSections(document, profile).flatMap((section) => section.settings);
  const rivals = settings
    .filter(({ key, value }) =>
      key === "credential_process" ? value !== "" && !isOurs(value) : RIVAL_KEYS.has(key),
    )
    .map(({ key }) => key);
  return [...new Set(rivals)];
}

/**
 * Keys under the profile's name in the credentials file that SDKs prefer to the config file.
 *
 * @param text The credentials file.
 * @param profile Name of the profile; sections are named without `profile ` there.
 */
export function shadowingKeys(text: string, profile: string): readonly string[] {
  const settings = sectionsOf(parseConfig(text))
    .filter(({ name }) => name === profile)
    .flatMap((section) => section.settings);
  const keys = settings.map(({ key }) => key);
  return [...new Set(keys)].filter((key) => key === "credential_process" || RIVAL_KEYS.has(key));
}

/** Whether a credential_process line runs `ra-signer credential-process`, installed or from its built file. */
function isOurs(line: string): boolean {
  const words = splitWords(line) ?? [];
  const command = words.indexOf("credential-process");
  if (command < 1) return false;
  const program = (words[command - 1] ?? "").replaceAll("\\", "/");
  return (
    /(^|\/)ra-signer(\.cmd|\.exe|\.c?js)?$/.test(program) || /signer\/dist\/cli\/main\.c?js$/.test(program)
  );
}
