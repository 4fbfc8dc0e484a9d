import type { CredentialsSettings } from "../config/credentials-settings.ts";

/** Who this server is to AWS, as `GET /api/identity` answers it. */
export interface CallerIdentity {
  /** Twelve digits. */
  readonly account: string;
  /** With Roles Anywhere `arn:aws:sts::<account>:assumed-role/<role>/<session name>`. */
  readonly arn: string;
  /** `<role id>:<session name>` */
  readonly userId: string;
  /** Where the credentials come from: a profile's credential process, or this process itself. */
  readonly credentialSource: CredentialsSettings["source"];
  /** ISO 8601, UTC; null when the credentials do not expire. */
  readonly credentialsExpireAt: string | null;
}
