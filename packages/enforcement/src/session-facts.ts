import type { ContextRecord } from "@roles-anywhere/iam-policy";

/** What is known about a role session when its credentials are used. */
export interface SessionFacts {
  /** @example "arn:aws:sts::111122223333:assumed-role/reader/server-a" */
  readonly assumedRoleArn: string;
  /** With the role's path, if it has one. @example "arn:aws:iam::111122223333:role/servers/reader" */
  readonly roleArn: string;
  /** The role's unique id. @example "AROAEXAMPLEEXAMPLE123" */
  readonly roleId: string;
  readonly sessionName: string;
  /** Session tags. They win over tags of the role with the same key, in any letter case. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Tags of the role itself. */
  readonly roleTags?: Readonly<Record<string, string>> | undefined;
  readonly sourceIdentity?: string | undefined;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/**
 * The global condition keys that describe the principal of a session. `aws:MultiFactorAuthPresent` is `false`, as for
 * all temporary credentials without MFA; `aws:MultiFactorAuthAge` and `aws:username` are absent.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export function sessionContext(session: SessionFacts): ContextRecord {
  return {
    ...principalTags(session),
    "aws:PrincipalArn": session.roleArn,
    "aws:PrincipalAccount": session.assumedRoleArn.split(":")[4],
    "aws:PrincipalType": "AssumedRole",
    "aws:userid": `${session.roleId}:${session.sessionName}`,
    "aws:PrincipalIsAWSService": "false",
    "aws:ViaAWSService": "false",
    "aws:MultiFactorAuthPresent": "false",
    "aws:TokenIssueTime": isoSeconds(session.issuedAt),
    "aws:SourceIdentity": session.sourceIdentity,
  };
}

function principalTags({ tags = {}, roleTags = {} }: SessionFacts): Record<string, string> {
  const byName = new Map<string, readonly [key: string, value: string]>();
  for (const tag of [...Object.entries(roleTags), ...Object.entries(tags)]) {
    byName.set(tag[0].toLowerCase(), tag);
  }
  return Object.fromEntries([...byName.values()].map(([key, value]) => [`aws:PrincipalTag/${key}`, value]));
}

/** ISO 8601 without fractions of a second, as IAM writes times. */
export function isoSeconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
