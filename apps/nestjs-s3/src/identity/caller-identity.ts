/** Who this server is to AWS, as `GET /api/identity` answers it. */
export interface CallerIdentity {
  /** Twelve digits. */
  readonly account: string;
  /** With Roles Anywhere `arn:aws:sts::<account>:assumed-role/<role>/<session name>`. */
  readonly arn: string;
  /** `<role id>:<session name>` */
  readonly userId: string;
  /** ISO 8601, UTC; null when the credentials do not expire. */
  readonly credentialsExpireAt: string | null;
}
