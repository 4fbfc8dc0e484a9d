import type { IAMClient } from "@aws-sdk/client-iam";
import { isNotFound, portError } from "../session/aws-sdk.ts";
import type { ClientsOf } from "../session/aws-sdk.ts";
import { parseArn, roleNameOf } from "../state/state.ts";
import type { PolicyPort, RolePolicies, StoredPolicy } from "./policy-port.ts";

/** Reads policies from the IAM of the given clients with the AWS SDK. */
export function policySdkPort(clientsOf: ClientsOf): PolicyPort {
  return {
    async readRole(roleArn) {
      const { iam } = await clientsOf(parseArn(roleArn)?.account ?? "");
      return await orUndefined("IAM GetRole", readRole(iam, roleArn));
    },
    async readManagedPolicy(policyArn, account) {
      const { iam } = await clientsOf(account);
      return await orUndefined("IAM GetPolicy", readManagedPolicy(iam, policyArn));
    },
  };
}

async function readRole(iam: IAMClient, roleArn: string): Promise<RolePolicies> {
  const { GetRoleCommand, GetRolePolicyCommand, paginateListRolePolicies, paginateListAttachedRolePolicies } =
    await import("@aws-sdk/client-iam");
  const RoleName = roleNameOf(roleArn);
  const { Role: role } = await iam.send(new GetRoleCommand({ RoleName }));
  const policies: StoredPolicy[] = [];
  for await (const page of paginateListRolePolicies({ client: iam }, { RoleName })) {
    for (const name of page.PolicyNames ?? []) {
      const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: name }));
      policies.push({ name, document: decodeURIComponent(PolicyDocument ?? "") });
    }
  }
  for await (const page of paginateListAttachedRolePolicies({ client: iam }, { RoleName })) {
    for (const { PolicyArn } of page.AttachedPolicies ?? []) {
      if (PolicyArn !== undefined) policies.push(await readManagedPolicy(iam, PolicyArn));
    }
  }
  // IAM percent-encodes policies in its responses (RFC 3986).
  const trustPolicy = decodeURIComponent(role?.AssumeRolePolicyDocument ?? "");
  const boundaryArn = role?.PermissionsBoundary?.PermissionsBoundaryArn;
  return {
    roleArn: role?.Arn ?? roleArn,
    roleId: role?.RoleId ?? "",
    tags: Object.fromEntries((role?.Tags ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""])),
    trustPolicy,
    policies,
    permissionsBoundary: boundaryArn === undefined ? undefined : await readManagedPolicy(iam, boundaryArn),
  };
}

async function readManagedPolicy(iam: IAMClient, PolicyArn: string): Promise<StoredPolicy> {
  const { GetPolicyCommand, GetPolicyVersionCommand } = await import("@aws-sdk/client-iam");
  const { Policy: policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
  const VersionId = policy?.DefaultVersionId;
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
  return { name: PolicyArn, document: decodeURIComponent(PolicyVersion?.Document ?? "") };
}

async function orUndefined<T>(call: string, answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw portError(call, error);
  }
}
