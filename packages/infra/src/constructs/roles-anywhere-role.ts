import { Role } from "aws-cdk-lib/aws-iam";
import type { IManagedPolicy, RoleProps } from "aws-cdk-lib/aws-iam";
import { Annotations, Stack } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import { ATTRIBUTE_NAMES, readHandWritten } from "./certificate-conditions.ts";
import { RolesAnywherePrincipal } from "./roles-anywhere-principal.ts";
import type { RolesAnywherePrincipalOptions } from "./roles-anywhere-principal.ts";

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
  /** @throws {InfraError} as {@link RolesAnywherePrincipal} does */
  constructor(scope: Construct, id: string, props: RolesAnywhereRoleProps) {
    super(scope, id, {
      description: "Assumed by servers outside AWS through IAM Roles Anywhere",
      ...props,
      assumedBy: new RolesAnywherePrincipal(props),
    });
    this.warnOfWideTrust(props);
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
