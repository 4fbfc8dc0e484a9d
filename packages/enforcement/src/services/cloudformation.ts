import { listOf, passRole, regionalArn, requestTags, tagPairs, textOf } from "../permission.ts";
import type { ServicePermission } from "../permission.ts";
import type { ServiceRequest } from "../service-request.ts";

/**
 * The permissions that a request to CloudFormation needs. A stack that the request names without its id is
 * `stack/<name>/*`, as CloudFormation writes it. `iam:PassRole` is needed for a service role.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
 */
export function mapCloudFormation(request: ServiceRequest): readonly ServicePermission[] {
  const { operation, parameters } = request;
  const types = listOf(parameters["ResourceTypes"]).filter((type) => typeof type === "string");
  return [
    {
      action: `cloudformation:${operation}`,
      resource: resourceOf(request),
      context: {
        ...requestTags(tagPairs(parameters["Tags"])),
        "cloudformation:TemplateUrl": textOf(parameters["TemplateURL"]),
        "cloudformation:StackPolicyUrl": textOf(parameters["StackPolicyURL"]),
        "cloudformation:RoleArn": textOf(parameters["RoleARN"]),
        "cloudformation:ChangeSetName": textOf(parameters["ChangeSetName"]),
        "cloudformation:ResourceTypes": types.length === 0 ? undefined : types,
      },
    },
    ...passRole(parameters["RoleARN"], "cloudformation.amazonaws.com"),
  ];
}

/** Operations that name what they make, for which IAM has no resource. */
const WITHOUT_RESOURCE: ReadonlySet<string> = new Set(["CreateGeneratedTemplate", "CreateStackSet"]);

function resourceOf(request: ServiceRequest): string {
  if (WITHOUT_RESOURCE.has(request.operation)) return "*";
  const stack = textOf(request.parameters["StackName"]);
  if (stack !== undefined) {
    return stack.startsWith("arn:") ? stack : regionalArn(request, "cloudformation", `stack/${stack}/*`);
  }
  const stackSet = textOf(request.parameters["StackSetName"]);
  if (stackSet !== undefined) return regionalArn(request, "cloudformation", `stackset/${stackSet}:*`);
  const changeSet = textOf(request.parameters["ChangeSetName"]);
  return changeSet?.startsWith("arn:") === true ? changeSet : "*";
}
