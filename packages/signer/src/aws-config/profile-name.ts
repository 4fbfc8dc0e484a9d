import { SignerError } from "../errors.ts";

/** Names that every SDK reads; JavaScript's reader takes no others. */
const PROFILE_NAME = /^[\w@+.%:/-]+$/;

/**
 * Refuses a profile name that cannot be written into a section header.
 *
 * @throws {SignerError} ERR_SIGNER_CONFIG_VALUE_INVALID
 */
export function checkProfileName(name: string): void {
  if (PROFILE_NAME.test(name)) return;
  throw new SignerError(
    "ERR_SIGNER_CONFIG_VALUE_INVALID",
    `profile name ${JSON.stringify(name)} is not readable by every SDK; use letters, digits and _ @ + . % : / -`,
  );
}
