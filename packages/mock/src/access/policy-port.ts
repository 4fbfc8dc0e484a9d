/** A policy as IAM has it. */
export interface StoredPolicy {
  /** The ARN of a managed policy, or the name of an inline policy. */
  readonly name: string;
  /** JSON. */
  readonly document: string;
}

/** A role with everything that IAM adds to its sessions. */
export interface RolePolicies {
  readonly roleArn: string;
  /** `AROA…` */
  readonly roleId: string;
  readonly tags: Readonly<Record<string, string>>;
  /** JSON. */
  readonly trustPolicy: string;
  /** Inline and attached policies. */
  readonly policies: readonly StoredPolicy[];
  readonly permissionsBoundary?: StoredPolicy | undefined;
}

/** Where the policies of roles are read. Tests give an implementation of their own. */
export interface PolicyPort {
  /**
   * @returns `undefined` when there is no such role
   * @throws {AwsPortError}
   */
  readRole(roleArn: string): Promise<RolePolicies | undefined>;

  /**
   * The default version of a managed policy.
   *
   * @param account twelve digits; the one that asks, since AWS managed policies belong to none
   * @returns `undefined` when there is no such policy
   * @throws {AwsPortError}
   */
  readManagedPolicy(policyArn: string, account: string): Promise<StoredPolicy | undefined>;
}
