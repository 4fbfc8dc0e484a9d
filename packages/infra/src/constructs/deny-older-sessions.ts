import { Effect, Policy, PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IRole } from "aws-cdk-lib/aws-iam";
import { Annotations } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import { InfraError } from "../errors.ts";
import { listOf } from "./checks.ts";

/** Properties of {@link DenyOlderSessions}. */
export interface DenyOlderSessionsProps {
  /** The roles whose sessions are denied, 1 to 250. */
  readonly roles: readonly IRole[];

  /** Sessions that were issued before this time may do nothing any more. Sessions issued from then on are not touched. */
  readonly issuedBefore: Date;
}

/**
 * Denies everything to the sessions of some roles that were issued before a time: after a key leaked, close the way to new
 * sessions (revoke the certificate, or disable the profile or trust anchor), then deny those that were given already.
 *
 * IAM's console does the same under "Revoke sessions". [The reference](../../docs/infra.md) has the command that does it at
 * once, without a deployment.
 *
 * @example
 * new DenyOlderSessions(this, "KeyLeak", { roles: [server.role], issuedBefore: new Date("2026-11-25T14:00:00Z") });
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
 */
export class DenyOlderSessions extends Construct {
  /** @throws {InfraError} ERR_INFRA_OPTION_INVALID when the roles are missing, or `issuedBefore` is no valid date */
  constructor(scope: Construct, id: string, props: DenyOlderSessionsProps) {
    super(scope, id);
    const roles = listOf("roles", props?.roles, 250);
    const document = olderSessionsPolicy(props.issuedBefore);
    if (props.issuedBefore.getTime() > Date.now()) {
      Annotations.of(this).addWarningV2(
        "@roles-anywhere/infra:deniesFutureSessions",
        `Sessions are denied until ${props.issuedBefore.toISOString()}, those issued from now on included.`,
      );
    }
    const policy = new Policy(this, "Resource", { document });
    for (const role of roles) role.attachInlinePolicy(policy);
  }
}

/**
 * The policy that denies everything to sessions issued before a time.
 *
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when `issuedBefore` is no valid date
 */
export function olderSessionsPolicy(issuedBefore: Date): PolicyDocument {
  if (!(issuedBefore instanceof Date) || Number.isNaN(issuedBefore.getTime())) {
    throw new InfraError(
      "ERR_INFRA_OPTION_INVALID",
      `issuedBefore is ${String(issuedBefore)}; give a date, for example new Date("2026-11-25T14:00:00Z").`,
    );
  }
  return new PolicyDocument({
    statements: [
      new PolicyStatement({
        effect: Effect.DENY,
        actions: ["*"],
        resources: ["*"],
        conditions: { DateLessThan: { "aws:TokenIssueTime": issuedBefore.toISOString() } },
      }),
    ],
  });
}
