import type { ContextRecord } from "@roles-anywhere/iam-policy";
import { mapCloudFormation } from "./services/cloudformation.ts";
import { mapIam } from "./services/iam.ts";
import { mapOther } from "./services/other.ts";
import { mapS3 } from "./s3/map-s3.ts";
import { mapSts } from "./services/sts.ts";
import type { RequiredPermission, ServicePermission } from "./permission.ts";
import { requestContext } from "./request-context.ts";
import type { ServiceRequest } from "./service-request.ts";

const SERVICES: ReadonlyMap<string, (request: ServiceRequest) => readonly ServicePermission[]> = new Map([
  ["s3", mapS3],
  ["sts", mapSts],
  ["iam", mapIam],
  ["cloudformation", mapCloudFormation],
]);

/**
 * Lists what IAM must allow for a request: one or several actions, each with its resource and its condition keys. All
 * must be allowed. The list is empty for the operations that AWS lets every caller make, such as `sts:GetCallerIdentity`.
 *
 * S3, STS, IAM and CloudFormation follow the Service Authorization Reference. Other services have one permission,
 * `<service prefix>:<operation>`, on the resource that a parameter names, else on `*`; see docs/enforcement.md.
 *
 * @example
 * mapRequest({ ...request, service: "s3", operation: "HeadObject", parameters: { Bucket: "reports", Key: "2026.csv" } });
 * // [{ action: "s3:GetObject", resource: "arn:aws:s3:::reports/2026.csv", context: { "aws:SourceIp": …, … } }]
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export function mapRequest(request: ServiceRequest): readonly RequiredPermission[] {
  const map = SERVICES.get(request.service) ?? mapOther;
  const common = requestContext(request);
  const { accountId, resourceAccountId = accountId } = request;
  return map(request).map(({ action, resource, context, owner = resourceAccountId }) => ({
    action,
    resource,
    owner,
    context: { ...common, ...context, ...accountKeys(action, owner) },
  }));
}

function accountKeys(action: string, owner: string): ContextRecord {
  return { "aws:ResourceAccount": owner, "s3:ResourceAccount": action.startsWith("s3:") ? owner : undefined };
}
