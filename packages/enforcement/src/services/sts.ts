import { listOf, objectOf, requestTags, tagPairs, textOf } from "../permission.ts";
import type { ServicePermission } from "../permission.ts";
import type { ServiceRequest } from "../service-request.ts";

/**
 * Operations of STS that need no permission: AWS lets every caller make them, whatever policies say, or (those with a
 * token of an identity provider) does not look at the caller.
 */
const OPEN = new Set([
  "AssumeRoleWithSAML",
  "AssumeRoleWithWebIdentity",
  "GetCallerIdentity",
  "GetSessionToken",
]);

/**
 * The permissions that a request to STS needs.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export function mapSts({ operation, parameters, accountId }: ServiceRequest): readonly ServicePermission[] {
  if (OPEN.has(operation)) return [];
  const tags = tagPairs(parameters["Tags"]);
  const transitive = listOf(parameters["TransitiveTagKeys"]).filter((key) => typeof key === "string");
  const sourceIdentity = textOf(parameters["SourceIdentity"]);
  const tagKeys = {
    ...requestTags(tags),
    "sts:TransitiveTagKeys": transitive.length === 0 ? undefined : transitive,
  };
  if (operation === "AssumeRole") {
    const resource = textOf(parameters["RoleArn"]) ?? "*";
    const context = {
      ...tagKeys,
      "sts:ExternalId": textOf(parameters["ExternalId"]),
      "sts:RoleSessionName": textOf(parameters["RoleSessionName"]),
      "sts:SourceIdentity": sourceIdentity,
    };
    const actions = ["sts:AssumeRole"];
    if (tags.length > 0 || transitive.length > 0) actions.push("sts:TagSession");
    if (sourceIdentity !== undefined) actions.push("sts:SetSourceIdentity");
    return actions.map((action) => ({ action, resource, context }));
  }
  if (operation === "GetFederationToken") {
    const resource = `arn:aws:sts::${accountId}:federated-user/${textOf(parameters["Name"]) ?? ""}`;
    const actions = ["sts:GetFederationToken", ...(tags.length > 0 ? ["sts:TagSession"] : [])];
    return actions.map((action) => ({ action, resource, context: tagKeys }));
  }
  if (operation === "AssumeRoot") {
    const target = textOf(parameters["TargetPrincipal"]) ?? "*";
    const resource = /^\d{12}$/u.test(target) ? `arn:aws:iam::${target}:root` : target;
    const taskPolicy = textOf(objectOf(parameters["TaskPolicyArn"])["arn"]);
    return [{ action: "sts:AssumeRoot", resource, context: { "sts:TaskPolicyArn": taskPolicy } }];
  }
  return [{ action: `sts:${operation}`, resource: "*" }];
}
