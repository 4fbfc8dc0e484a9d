import type { CredentialSet } from "../session/credential-set.ts";

/**
 * The JSON of a credential process, one line without a line feed, members in the helper's order.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
 */
export function credentialProcessJson(credentials: CredentialSet): string {
  return JSON.stringify({
    Version: 1,
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    SessionToken: credentials.sessionToken,
    Expiration: credentials.expiration,
  });
}
