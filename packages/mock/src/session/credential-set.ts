/** The answer of CreateSession; `credentialSet` always has one element. */
export interface CreateSessionOutput {
  readonly credentialSet: readonly CredentialSet[];
  readonly subjectArn: string;
}

export interface CredentialSet {
  readonly assumedRoleUser: { readonly arn: string; readonly assumedRoleId: string };
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
    /** RFC 3339, whole seconds, `Z`. */
    readonly expiration: string;
  };
  /** Percent of the space for policies and tags. */
  readonly packedPolicySize: number;
  readonly roleArn: string;
  readonly sourceIdentity: string;
}

/** A time as the answer shows it. */
export function formatExpiration(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
