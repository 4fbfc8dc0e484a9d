import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { PolicyDocument } from "aws-cdk-lib/aws-iam";
import { InfraError } from "../errors.ts";
import { arnOfKind } from "./checks.ts";

/** Options of {@link RolesAnywherePrincipal}. */
export interface RolesAnywherePrincipalOptions {
  /** ARN of the only trust anchor whose certificates may assume the role. */
  readonly trustAnchorArn: string;

  /**
   * The subject common names (CN) that may assume the role, compared exactly and with case. A name in the list covers
   * every certificate that the CA issues for it, so renewals need no change here.
   *
   * @default - every certificate issued under the trust anchor's CA
   */
  readonly certificateCommonNames?: readonly string[] | undefined;
}

/**
 * The values that STS accepts for a session tag, such as `x509Subject/CN`. The service drops other values, so a condition
 * on such a value is never true.
 */
const SESSION_TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u;

/**
 * IAM Roles Anywhere as the principal of a role. It writes the statement that the role's trust policy needs.
 *
 * The statement allows `sts:AssumeRole`, `sts:TagSession` (the certificate's subject, issuer and SAN become session
 * tags) and `sts:SetSourceIdentity`, only for requests that name the given trust anchor. Without that condition every
 * trust anchor of the account could reach the role.
 *
 * @example
 * new Role(this, "Role", { assumedBy: new RolesAnywherePrincipal({ trustAnchorArn: anchor.trustAnchorArn }) });
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html "Trust policy"
 */
export class RolesAnywherePrincipal extends ServicePrincipal {
  /**
   * @throws {InfraError} ERR_INFRA_OPTION_INVALID when `trustAnchorArn` is missing or no ARN of a trust anchor, or
   * `certificateCommonNames` is empty or has a name that can never match
   */
  constructor(options: RolesAnywherePrincipalOptions) {
    const { trustAnchorArn, certificateCommonNames } = options ?? {};
    super("rolesanywhere.amazonaws.com", {
      conditions: {
        // The key holds an ARN, so it needs an ARN operator. The value is one whole ARN without wildcards.
        ArnEquals: { "aws:SourceArn": arnOfKind("trustAnchorArn", trustAnchorArn, "trustAnchor") },
        ...(certificateCommonNames === undefined
          ? {}
          : { StringEquals: { "aws:PrincipalTag/x509Subject/CN": matchableNames(certificateCommonNames) } }),
      },
    });
  }

  override addToAssumeRolePolicy(document: PolicyDocument): void {
    document.addStatements(
      new PolicyStatement({
        principals: [this],
        actions: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
      }),
    );
  }
}

function matchableNames(names: readonly string[]): string[] {
  if (names.length === 0) {
    throw new InfraError(
      "ERR_INFRA_OPTION_INVALID",
      "certificateCommonNames is empty, so that no certificate could assume the role; name at least one, " +
        "or leave the option out to accept every certificate of the CA.",
    );
  }
  for (const name of names) {
    if (!SESSION_TAG_VALUE.test(name)) {
      throw new InfraError(
        "ERR_INFRA_OPTION_INVALID",
        `certificateCommonNames has ${JSON.stringify(name)}, which can never match: a common name becomes a session tag only ` +
          "when it is 1 to 256 letters, digits, spaces and _ . : / = + - @.",
      );
    }
  }
  return [...names];
}
