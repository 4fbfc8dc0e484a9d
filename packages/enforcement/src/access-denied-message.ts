import type { PolicyType } from "@roles-anywhere/iam-policy";
import type { PermissionVerdict } from "./verdict.ts";

/** What AWS calls each type of policy in the message. */
const NAMES: Readonly<Record<PolicyType, { readonly none: string; readonly denies: string }>> = {
  identity: { none: "identity-based policy", denies: "an identity-based policy" },
  session: { none: "session policy", denies: "a session policy" },
  boundary: { none: "permissions boundary", denies: "a permissions boundary" },
  resource: { none: "resource-based policy", denies: "a resource-based policy" },
  trust: { none: "role trust policy", denies: "the role trust policy" },
};

/** Whether a permission is about one resource, and not about everything or all buckets. */
export function isOneResource(resource: string): boolean {
  return resource !== "*" && !resource.endsWith(":s3:::*");
}

/**
 * The message that AWS writes for a refused permission: who, what, on which resource (S3 in quotation marks), and which
 * type of policy refused.
 *
 * @example
 * 'User: arn:aws:sts::111122223333:assumed-role/reader/server-a is not authorized to perform: s3:PutObject on resource:
 * "arn:aws:s3:::reports/2026.csv" because no session policy allows the s3:PutObject action'
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
 */
export function accessDeniedMessage(
  principalArn: string,
  { action, resource, effect, policyType = "identity" }: PermissionVerdict,
  service: string,
): string {
  const shown = service === "s3" ? `"${resource}"` : resource;
  const on = !isOneResource(resource) ? "" : ` on resource: ${shown}`;
  const { none, denies } = NAMES[policyType] ?? {
    none: `${policyType} policy`,
    denies: `a ${policyType} policy`,
  };
  const why =
    effect === "ExplicitDeny"
      ? `with an explicit deny in ${denies}`
      : `because no ${none} allows the ${action} action`;
  const prefix = service === "ec2" ? "You are not authorized to perform this operation. " : "";
  return `${prefix}User: ${principalArn} is not authorized to perform: ${action}${on} ${why}`;
}
