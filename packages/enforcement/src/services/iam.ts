import { partitionOf, passRole, requestTags, tagPairs, textOf } from "../permission.ts";
import type { ServicePermission } from "../permission.ts";
import type { ServiceRequest } from "../service-request.ts";

/** The parameter that names the resource of an operation, in the order in which they are looked for, and its type. */
const RESOURCES: readonly (readonly [parameter: string, type: string])[] = [
  ["InstanceProfileName", "instance-profile"],
  ["RoleName", "role"],
  ["GroupName", "group"],
  ["UserName", "user"],
  ["SAMLProviderArn", "arn"],
  ["OpenIDConnectProviderArn", "arn"],
  ["ServerCertificateName", "server-certificate"],
  ["SerialNumber", "arn"],
  ["VirtualMFADeviceName", "mfa"],
  ["PolicySourceArn", "arn"],
  ["PolicyArn", "arn"],
  ["PolicyName", "policy"],
  ["Arn", "arn"],
];

/** Operations whose `PolicyArn` is attached to another resource: for them it is a condition key. */
const ATTACHES = /^(?:Attach|Detach)(?:Role|User|Group)Policy$/u;

/**
 * The permissions that a request to IAM needs. A resource that exists is named without its path, unless the request gives
 * the path or an ARN: requests name roles, users and groups by their name alone.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
 */
export function mapIam(request: ServiceRequest): readonly ServicePermission[] {
  const { operation, parameters } = request;
  const permission: ServicePermission = {
    action: `iam:${operation}`,
    resource: resourceOf(request),
    context: {
      ...requestTags(tagPairs(parameters["Tags"])),
      "iam:PolicyARN": ATTACHES.test(operation) ? textOf(parameters["PolicyArn"]) : undefined,
      "iam:PermissionsBoundary": textOf(parameters["PermissionsBoundary"]),
      "iam:AWSServiceName": textOf(parameters["AWSServiceName"]),
    },
  };
  if (operation !== "AddRoleToInstanceProfile") return [permission];
  const role = textOf(parameters["RoleName"]) ?? "";
  return [permission, ...passRole(iamArn(request, `role/${role}`), "ec2.amazonaws.com")];
}

function resourceOf(request: ServiceRequest): string {
  const { operation, parameters } = request;
  if (operation === "CreateServiceLinkedRole") {
    return iamArn(request, `role/aws-service-role/${textOf(parameters["AWSServiceName"]) ?? ""}/*`);
  }
  if (operation === "CreateSAMLProvider") {
    return iamArn(request, `saml-provider/${textOf(parameters["Name"]) ?? ""}`);
  }
  if (operation === "CreateOpenIDConnectProvider") {
    const url = textOf(parameters["Url"]) ?? "";
    return iamArn(request, `oidc-provider/${url.replace(/^https:\/\//u, "")}`);
  }
  for (const [parameter, type] of RESOURCES) {
    const name = textOf(parameters[parameter]);
    if (name === undefined) continue;
    if (type === "arn") return name;
    return iamArn(request, `${type}${textOf(parameters["Path"]) ?? "/"}${name}`);
  }
  return "*";
}

function iamArn({ region, accountId }: ServiceRequest, name: string): string {
  return `arn:${partitionOf(region)}:iam::${accountId}:${name}`;
}
