/** No credentials could be had from the profile or from Roles Anywhere. The message is one line and safe to show. */
export class CredentialsUnavailableError extends Error {
  override readonly name = "CredentialsUnavailableError";
  readonly code = "ERR_CREDENTIALS_UNAVAILABLE";
}
