import { Role } from "aws-cdk-lib/aws-iam";
import type { IManagedPolicy, RoleProps } from "aws-cdk-lib/aws-iam";
import { Annotations, Stack, Token } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import { InfraError } from "../errors.ts";
import { optionalList } from "../list.ts";
import { ATTRIBUTE_NAMES, readHandWritten, tooLongCommonNames } from "./certificate-conditions.ts";
import { ROLES_ANYWHERE, RolesAnywherePrincipal } from "./roles-anywhere-principal.ts";
import type { RolesAnywherePrincipalOptions } from "./roles-anywhere-principal.ts";

/** How many characters the trust policy of a role may have: by default, and when AWS has raised the quota. */
const DEFAULT_TRUST_POLICY_LENGTH = 2048;
const MAXIMUM_TRUST_POLICY_LENGTH = 4096;

/** Properties of {@link RolesAnywhereRole}: those of any role, but for who assumes it. */
export interface RolesAnywhereRoleProps
  extends RolesAnywherePrincipalOptions, Omit<RoleProps, "assumedBy" | "externalIds"> {}

/**
 * A role that certain certificates can assume through IAM Roles Anywhere. Everything that takes a role takes it.
 *
 * @example
 * const role = new RolesAnywhereRole(this, "Role", { trustAnchor, commonNames: ["server-a"] });
 * bucket.grantRead(role);
 * new Profile(this, "Profile", { roles: [role] });
 */
export class RolesAnywhereRole extends Role {
  /**
   * @throws {InfraError} as {@link RolesAnywherePrincipal} does
   * @throws {InfraError} ERR_INFRA_OPTION_INVALID when the trust policy has more than 4096 characters
   */
  constructor(scope: Construct, id: string, props: RolesAnywhereRoleProps) {
    super(scope, id, {
      description: "Assumed by servers outside AWS through IAM Roles Anywhere",
      ...props,
      assumedBy: new RolesAnywherePrincipal(props),
      managedPolicies: optionalList("managedPolicies", props.managedPolicies),
    });
    this.warnOfWideTrust(props);
    this.warnOfLongNames(props);
    this.checkTrustPolicyLength();
    for (const policy of props.managedPolicies ?? []) this.warnOfFullAccess(policy);
  }

  override addManagedPolicy(policy: IManagedPolicy): void {
    super.addManagedPolicy(policy);
    this.warnOfFullAccess(policy);
  }

  private warnOfWideTrust(props: RolesAnywhereRoleProps): void {
    if (props.allowAnyCertificate === true) {
      this.warn(
        "anyCertificate",
        "Every certificate that the CA has issued and will issue may assume this role. Name the certificates, for example with commonNames.",
      );
      return;
    }
    const { patterns } = readHandWritten(props.conditions ?? {});
    if (patterns.length > 0) {
      this.warn(
        "wildcardTrust",
        `Every certificate that matches ${patterns.join(", ")} may assume this role. The CA must give such names to nobody else.`,
      );
    }
    const given = ATTRIBUTE_NAMES.filter((name) => props[name] !== undefined);
    if (
      given.length === 1 &&
      given[0] === "issuerCommonNames" &&
      !readHandWritten(props.conditions ?? {}).narrowed
    ) {
      this.warn(
        "issuerOnly",
        "Every certificate of the issuing CA may assume this role: issuerCommonNames names no server. Add commonNames.",
      );
    }
  }

  private warnOfLongNames({ commonNames, issuerCommonNames }: RolesAnywhereRoleProps): void {
    for (const name of [...tooLongCommonNames(commonNames), ...tooLongCommonNames(issuerCommonNames)]) {
      this.warn(
        "longCommonName",
        `The common name ${JSON.stringify(name)} has more than 64 characters, so that no certificate that keeps to RFC 5280 has it.`,
      );
    }
  }

  /**
   * What only CloudFormation or the synthesis knows counts as nothing, so the policy is at least this long. Resolving it
   * here would fix the values of the user's `Lazy` lists too early.
   */
  private checkTrustPolicyLength(): void {
    const { length } = JSON.stringify(this.assumeRolePolicy, (key, value: unknown) => {
      // The CDK writes the service's name as a token.
      if (key === "Service") return ROLES_ANYWHERE;
      return Token.isUnresolved(value) ? "" : value;
    });
    if (length > MAXIMUM_TRUST_POLICY_LENGTH) {
      throw new InfraError(
        "ERR_INFRA_OPTION_INVALID",
        `The trust policy of ${this.node.path} has at least ${length} characters; IAM takes ${MAXIMUM_TRUST_POLICY_LENGTH} at most. ` +
          "Name fewer certificates, or compare an organizational unit instead.",
      );
    }
    if (length > DEFAULT_TRUST_POLICY_LENGTH) {
      this.warn(
        "longTrustPolicy",
        `The trust policy has at least ${length} characters; IAM takes ${DEFAULT_TRUST_POLICY_LENGTH} unless the account's quota ` +
          `was raised (to ${MAXIMUM_TRUST_POLICY_LENGTH} at most). Name fewer certificates, or compare an organizational unit instead.`,
      );
    }
  }

  private warnOfFullAccess(policy: IManagedPolicy): void {
    if (
      !JSON.stringify(Stack.of(this).resolve(policy.managedPolicyArn)).includes(":policy/AmazonS3FullAccess")
    )
      return;
    this.warn(
      "s3FullAccess",
      "AmazonS3FullAccess lets a session read, change and delete every S3 object of the account. " +
        "Grant the buckets that the server needs instead: bucket.grantRead(role).",
    );
  }

  private warn(id: string, message: string): void {
    Annotations.of(this).addWarningV2(`@roles-anywhere/infra:${id}`, message);
  }
}
