import { fromRolesAnywhere, type RolesAnywhereInit } from "@roles-anywhere/signer";
import type { InProcessSettings } from "../config/credentials-settings.ts";
import { CredentialsUnavailableError } from "./credentials-unavailable-error.ts";
import { oneLineReason } from "./one-line-reason.ts";
import type { SharedCredentials } from "./share-credentials.ts";

export interface InProcessOptions extends Pick<RolesAnywhereInit, "now" | "sleep"> {
  /** Called with one safe line when a renewal fails while the current credentials still live. */
  readonly onRenewalFailure?: (reason: string) => void;
}

/** How long all attempts to get one session may take together, in milliseconds; as long as a credential process may. */
const TOTAL_TIMEOUT_MS = 30_000;

/**
 * One set of credentials for all clients, got from Roles Anywhere by this process. The provider renews it in the
 * background, five minutes before its end, from files that it reads anew each time, so rotated certificates count.
 *
 * Endpoint, FIPS, dual stack and attempts are those of the AWS variables of the environment.
 */
export function inProcessCredentials(
  settings: InProcessSettings,
  options: InProcessOptions = {},
): SharedCredentials {
  const { onRenewalFailure, ...clock } = options;
  const { privateKey, privateKeyPassword, intermediates } = settings;
  const provider = fromRolesAnywhere({
    certificate: settings.certificate,
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(privateKeyPassword === undefined ? {} : { passphrase: privateKeyPassword }),
    ...(intermediates === undefined ? {} : { intermediates }),
    trustAnchorArn: settings.trustAnchorArn,
    profileArn: settings.profileArn,
    roleArn: settings.roleArn,
    durationSeconds: settings.sessionDurationSeconds,
    totalTimeoutMs: TOTAL_TIMEOUT_MS,
    ...clock,
    onRefreshFailure: (error) => onRenewalFailure?.(oneLineReason(error)),
  });
  let rejected = false;

  const share = async () => {
    const forceRefresh = rejected;
    try {
      const credentials = await provider({ forceRefresh });
      if (forceRefresh) rejected = false;
      return credentials;
    } catch (cause) {
      throw new CredentialsUnavailableError(oneLineReason(cause), { cause });
    }
  };
  return Object.assign(share, {
    memoized: true as const,
    forget: () => {
      rejected = true;
    },
  });
}
