import { isObject } from "../policy-json.ts";
import { PolicyTestError } from "./policy-test-error.ts";
import { managedPolicy, parseAt } from "./role-under-test.ts";
import type { ManagedPolicies, RoleUnderTest } from "./role-under-test.ts";

/**
 * A role as IAM describes it: an element of `RoleDetailList` of `aws iam get-account-authorization-details`, or the `Role`
 * of `aws iam get-role` completed by its policies. Policies are objects, JSON text or URL-encoded text.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleDetail.html
 */
export interface IamRole {
  readonly Arn: string;
  readonly AssumeRolePolicyDocument: string | object;
  /** The inline policies. An empty list for none: without it nobody knows. */
  readonly RolePolicyList: readonly {
    readonly PolicyName: string;
    readonly PolicyDocument: string | object;
  }[];
  /** The managed policies, whose documents the option `managedPolicies` holds. An empty list for none. */
  readonly AttachedManagedPolicies: readonly { readonly PolicyArn: string }[];
  readonly PermissionsBoundary?: { readonly PermissionsBoundaryArn: string } | undefined;
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[] | undefined;
}

/** Reads a role that comes from IAM. It has no template, so resources have no policies and no logical ids. */
export function readIamRole(role: object, managedPolicies: ManagedPolicies, region: string): RoleUnderTest {
  const { Arn: arn, AssumeRolePolicyDocument: trust, PermissionsBoundary: boundary } = members(role);
  const [, partition = "", , , account = ""] = typeof arn === "string" ? arn.split(":") : [];
  if (typeof arn !== "string" || !/^\d{12}$/u.test(account)) {
    throw new PolicyTestError(
      "ERR_POLICY_TEST_ARGUMENT",
      "Arn",
      "is missing; give a template and a role, or a role of IAM",
    );
  }
  const managed = (value: unknown, path: string) =>
    managedPolicy(managedPolicies, String(value), "identity", path);
  return {
    name: arn,
    arn,
    place: { partition, region, account },
    tags: listOf(role, "Tags", []).map(({ Key, Value }) => ({ key: String(Key), value: String(Value) })),
    trustPolicy: parseAt(trust, "trust", "AssumeRolePolicyDocument"),
    identityPolicies: [
      ...listOf(role, "RolePolicyList").map(({ PolicyName, PolicyDocument }, index) => ({
        name: String(PolicyName),
        document: parseAt(PolicyDocument, "identity", `RolePolicyList[${index}].PolicyDocument`),
      })),
      ...listOf(role, "AttachedManagedPolicies").map(({ PolicyArn }, index) =>
        managed(PolicyArn, `AttachedManagedPolicies[${index}]`),
      ),
    ],
    boundaries: isObject(boundary)
      ? [managed(boundary["PermissionsBoundaryArn"], "PermissionsBoundary")]
      : [],
    trustAnchors: [],
    resourcePolicies: () => [],
    arnOf: (logicalId) => {
      const problem = `${JSON.stringify(logicalId)} is a logical id, and a role of IAM has no template; give an ARN`;
      throw new PolicyTestError("ERR_POLICY_TEST_ARGUMENT", "", problem);
    },
  };
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

/** A list of the role. One that is missing is not the same as an empty one: a proof must not rest on it. */
function listOf(role: object, name: string, byDefault?: readonly unknown[]) {
  const list: unknown = members(role)[name] ?? byDefault;
  if (Array.isArray(list)) return list.map(members);
  throw new PolicyTestError(
    "ERR_POLICY_TEST_ARGUMENT",
    name,
    "is missing; give the list, [] when the role has none",
  );
}
