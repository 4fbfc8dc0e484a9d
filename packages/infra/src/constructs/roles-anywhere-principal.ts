import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Conditions, PolicyDocument } from "aws-cdk-lib/aws-iam";
import { InfraError } from "../errors.ts";
import { ATTRIBUTE_NAMES, certificateConditions, readHandWritten } from "./certificate-conditions.ts";
import type { CertificateAttributes } from "./certificate-conditions.ts";
import { required } from "./checks.ts";
import type { ITrustAnchor } from "./trust-anchor.ts";

/** The service that assumes the roles. */
export const ROLES_ANYWHERE = "rolesanywhere.amazonaws.com";

/** Options of {@link RolesAnywherePrincipal}: the trust anchor, and the certificates that it lets in. */
export interface RolesAnywherePrincipalOptions extends CertificateAttributes {
  /** The only trust anchor whose certificates may assume the role. */
  readonly trustAnchor: Pick<ITrustAnchor, "trustAnchorArn">;

  /**
   * Whether every certificate of the CA may assume the role, those of other servers and of the future included. Without
   * this permission a trust policy that names no certificate is refused.
   *
   * @default false
   */
  readonly allowAnyCertificate?: boolean | undefined;

  /**
   * More conditions of the trust policy, as IAM writes them, such as patterns of SPIFFE IDs. All must be true.
   *
   * @example { StringLike: { "aws:PrincipalTag/x509SAN/URI": "spiffe://example.org/reports/*" } }
   * @default - none
   */
  readonly conditions?: Conditions | undefined;
}

/**
 * IAM Roles Anywhere as the principal of a role. It writes the statement that the role's trust policy needs.
 *
 * The statement allows `sts:AssumeRole`, `sts:TagSession` (the certificate's subject, issuer and SAN become session
 * tags) and `sts:SetSourceIdentity`, only for the given trust anchor and the given certificates. Without the first
 * condition every trust anchor of the account could reach the role; without the second every certificate of the CA.
 *
 * @example
 * new Role(this, "Role", { assumedBy: new RolesAnywherePrincipal({ trustAnchor, commonNames: ["server-a"] }) });
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html "Trust policy"
 */
export class RolesAnywherePrincipal extends ServicePrincipal {
  /**
   * @throws {InfraError} ERR_INFRA_TRUST_OPEN when no certificate is named and `allowAnyCertificate` is not true
   * @throws {InfraError} ERR_INFRA_OPTION_INVALID when the trust anchor is missing, a list of names is empty or has a name
   * that can never match, names and `allowAnyCertificate` are both given, or `conditions` has a key that this class sets
   */
  constructor(options: RolesAnywherePrincipalOptions) {
    const trustAnchor = required(
      "trustAnchor",
      options?.trustAnchor,
      "give a TrustAnchor, or TrustAnchor.fromTrustAnchorArn(…)",
    );
    super(ROLES_ANYWHERE, {
      conditions: trustConditions(trustAnchor.trustAnchorArn, options),
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

function trustConditions(trustAnchorArn: string, options: RolesAnywherePrincipalOptions): Conditions {
  const named = certificateConditions(options);
  const isNamed = Object.keys(named).length > 0;
  const handWritten = options.conditions ?? {};
  const isNarrow = isNamed || readHandWritten(handWritten).narrowed;
  if (options.allowAnyCertificate === true && isNarrow) {
    throw new InfraError(
      "ERR_INFRA_OPTION_INVALID",
      "allowAnyCertificate is true, and certificates are named as well; give one of them.",
    );
  }
  if (options.allowAnyCertificate !== true && !isNarrow) {
    throw new InfraError(
      "ERR_INFRA_TRUST_OPEN",
      'Every certificate of the CA could assume the role. Name the certificates, for example commonNames: ["server-a"] ' +
        `(or ${ATTRIBUTE_NAMES.slice(1).join(", ")}), or permit them all with allowAnyCertificate: true.`,
    );
  }
  // The key holds an ARN, so it needs an ARN operator. The value is one whole ARN without wildcards.
  const own: Conditions = { ArnEquals: { "aws:SourceArn": trustAnchorArn } };
  if (isNamed) own["StringEquals"] = named;
  return merged(own, handWritten);
}

/** Two operators may be the same, but no key: IAM has one place for each. */
function merged(own: Conditions, handWritten: Conditions): Conditions {
  const keysOf = (conditions: Conditions): string[] =>
    Object.values(conditions).flatMap((keys) => Object.keys(Object(keys)));
  const taken = new Set(keysOf(own).map((key) => key.toLowerCase()));
  const twice = keysOf(handWritten).find((key) => taken.has(key.toLowerCase()));
  if (twice !== undefined) {
    throw new InfraError(
      "ERR_INFRA_OPTION_INVALID",
      `conditions has ${twice}, which trustAnchor or a list of names sets already; give it in one place.`,
    );
  }
  const result: Conditions = { ...own };
  for (const [operator, keys] of Object.entries(handWritten)) {
    result[operator] = { ...Object(own[operator]), ...Object(keys) };
  }
  return result;
}
