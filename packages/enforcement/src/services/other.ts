import { listOf, partitionOf, regionalArn, textOf } from "../permission.ts";
import type { ServicePermission } from "../permission.ts";
import type { ServiceRequest } from "../service-request.ts";
import { splitTarget } from "../signature/received.ts";

/** Service prefixes of IAM that are not the name that botocore gives the service. */
const PREFIXES: Readonly<Record<string, string>> = {
  dynamodbstreams: "dynamodb",
  elbv2: "elasticloadbalancing",
  elb: "elasticloadbalancing",
  emr: "elasticmapreduce",
  opensearch: "es",
  resourcegroupstaggingapi: "tag",
  s3control: "s3",
  sesv2: "ses",
  stepfunctions: "states",
  "timestream-query": "timestream",
  "timestream-write": "timestream",
  mwaa: "airflow",
};

/** Operations that share the action of another one, or whose action has another name. */
const ACTIONS: Readonly<Record<string, string>> = {
  "dynamodb:TransactGetItems": "dynamodb:GetItem",
  "lambda:Invoke": "lambda:InvokeFunction",
  "lambda:InvokeAsync": "lambda:InvokeFunction",
  "sns:PublishBatch": "sns:Publish",
  "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
  "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
  "sqs:SendMessageBatch": "sqs:SendMessage",
};

/** For services whose parameters are names, or lists of names: how the name becomes the last part of the ARN. */
const NAMES: Readonly<
  Record<string, readonly (readonly [parameter: string, arn: (name: string) => string])[]>
> = {
  dynamodb: [["TableName", (name) => `table/${name}`]],
  kms: [["KeyId", (name) => (name.startsWith("alias/") ? name : `key/${name}`)]],
  lambda: [["FunctionName", (name) => `function:${name}`]],
  logs: [["logGroupName", (name) => `log-group:${name}`]],
  sns: [["Name", (name) => name]],
  sqs: [
    ["QueueUrl", (url) => url.slice(url.lastIndexOf("/") + 1)],
    ["QueueName", (name) => name],
  ],
  ssm: [
    ["Name", parameterName],
    ["Names", parameterName],
    ["Path", parameterName],
  ],
};

/** Without the selector: `name:3` is version 3 of the parameter, `name:label` another of its versions. */
function parameterName(name: string): string {
  return `parameter/${name.replace(/^\/|\/$/gu, "").replace(/:.*$/u, "")}`;
}

/**
 * The permissions that a request to a service without a mapping of its own needs: `<service prefix>:<operation>`, on each
 * resource that a known parameter names or, if exactly one parameter is an ARN of the service, on that ARN; else on `*`.
 */
export function mapOther(request: ServiceRequest): readonly ServicePermission[] {
  const { service, operation } = request;
  if (service === "apigateway" || service === "apigatewayv2") return [mapApiGateway(request)];
  const prefix = Object.hasOwn(PREFIXES, service) ? (PREFIXES[service] ?? service) : service;
  const named = `${prefix}:${operation}`;
  const action = Object.hasOwn(ACTIONS, named) ? (ACTIONS[named] ?? named) : named;
  return resourcesOf(request, prefix).map((resource) => ({ action, resource }));
}

/**
 * The actions of API Gateway are HTTP methods, and its resources paths, in an ARN without account.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-create-and-manage-api.html
 */
function mapApiGateway({ method, path, region }: ServiceRequest): ServicePermission {
  const resource = `arn:${partitionOf(region)}:apigateway:${region}::${splitTarget(path).path}`;
  return { action: `apigateway:${method}`, resource };
}

function resourcesOf(request: ServiceRequest, prefix: string): readonly string[] {
  const { parameters } = request;
  for (const [parameter, arn] of Object.hasOwn(NAMES, prefix) ? (NAMES[prefix] ?? []) : []) {
    const value = parameters[parameter];
    const names = [value, ...listOf(value)].map(textOf).filter((name) => name !== undefined);
    if (names.length > 0) {
      return names.map((name) =>
        name.startsWith("arn:") ? withoutSelector(name) : regionalArn(request, prefix, arn(name)),
      );
    }
  }
  const arns = Object.values(parameters).filter(
    (value) => typeof value === "string" && value.startsWith("arn:") && value.split(":")[2] === prefix,
  );
  return [arns.length === 1 ? (textOf(arns[0]) ?? "*") : "*"];
}

/** The ARN of a parameter of Systems Manager without its version or label; another ARN as it is. */
function withoutSelector(arn: string): string {
  return arn.replace(/^(arn:[^:]*:ssm:[^:]*:[^:]*:parameter\/[^:]*):.*$/u, "$1");
}
