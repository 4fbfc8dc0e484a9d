/** How the resources of one type are named, and what `Ref` and `Fn::GetAtt` return for them. */
interface ResourceKind {
  /** The property with the name. Without it CloudFormation makes up a name, or an id. */
  readonly nameProperty?: string;
  /** The ARN from the service on. */
  readonly arn: string;
  /** What `Ref` returns. Absent where that is something else, such as the URL of a queue. */
  readonly ref?: "name" | "arn";
  /** The attribute that is the ARN. @default "Arn" */
  readonly arnAttribute?: string;
}

/**
 * The types of resources whose ARN can be written without deploying them.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html "Return values"
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
const RESOURCE_KINDS: Readonly<Record<string, ResourceKind>> = {
  "AWS::DynamoDB::Table": {
    nameProperty: "TableName",
    arn: "dynamodb:{region}:{account}:table/{name}",
    ref: "name",
  },
  "AWS::IAM::ManagedPolicy": {
    nameProperty: "ManagedPolicyName",
    arn: "iam::{account}:policy{path}{name}",
    ref: "arn",
    arnAttribute: "PolicyArn",
  },
  "AWS::IAM::Role": { nameProperty: "RoleName", arn: "iam::{account}:role{path}{name}", ref: "name" },
  "AWS::KMS::Key": { arn: "kms:{region}:{account}:key/{name}", ref: "name" },
  "AWS::Lambda::Function": {
    nameProperty: "FunctionName",
    arn: "lambda:{region}:{account}:function:{name}",
    ref: "name",
  },
  "AWS::Logs::LogGroup": {
    nameProperty: "LogGroupName",
    arn: "logs:{region}:{account}:log-group:{name}:*",
    ref: "name",
  },
  "AWS::RolesAnywhere::Profile": {
    arn: "rolesanywhere:{region}:{account}:profile/{name}",
    ref: "name",
    arnAttribute: "ProfileArn",
  },
  "AWS::RolesAnywhere::TrustAnchor": {
    arn: "rolesanywhere:{region}:{account}:trust-anchor/{name}",
    ref: "name",
    arnAttribute: "TrustAnchorArn",
  },
  "AWS::S3::Bucket": { nameProperty: "BucketName", arn: "s3:::{name}", ref: "name" },
  "AWS::SNS::Topic": {
    nameProperty: "TopicName",
    arn: "sns:{region}:{account}:{name}",
    ref: "arn",
    arnAttribute: "TopicArn",
  },
  "AWS::SQS::Queue": { nameProperty: "QueueName", arn: "sqs:{region}:{account}:{name}" },
};

/** A resource of a template with its properties, and how to resolve one of them to a text. */
export interface NamedResource {
  readonly id: string;
  readonly type: string;
  /** What the caller says that `Ref` returns. */
  readonly givenRef?: unknown;
  /** The text of a property, or undefined when the resource does not have it. */
  readonly property: (name: string) => string | undefined;
}

/** The account and region that a template is taken to be deployed in. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
}

/**
 * The ARN of a resource. A name that only a deployment would make up is the logical id, in lower case for buckets: that
 * tells resources apart, which is all that matters to a policy of the same template.
 *
 * @returns `undefined` for a type of which that is not known
 */
export function arnOfResource(
  resource: NamedResource,
  { partition, region, account }: Place,
): string | undefined {
  const kind = RESOURCE_KINDS[resource.type];
  if (kind === undefined) return undefined;
  const path = kind.arn.includes("{path}") ? (resource.property("Path") ?? "/") : "";
  const values = { region, account, path, name: nameOfResource(resource) };
  const rest = kind.arn.replaceAll(
    /\{(region|account|path|name)\}/gu,
    (_, key: keyof typeof values) => values[key],
  );
  return `arn:${partition}:${rest}`;
}

/** What `Ref` returns for a resource; `undefined` when that is not known. */
export function refOfResource(resource: NamedResource, place: Place): string | undefined {
  const ref = RESOURCE_KINDS[resource.type]?.ref;
  if (ref === undefined) return undefined;
  return ref === "arn" ? arnOfResource(resource, place) : nameOfResource(resource);
}

/** Whether an attribute of a resource is its ARN. */
export function isArnAttribute({ type }: NamedResource, attribute: string): boolean {
  const kind = RESOURCE_KINDS[type];
  return kind !== undefined && attribute === (kind.arnAttribute ?? "Arn");
}

function nameOfResource({ id, type, givenRef, property }: NamedResource): string {
  const { nameProperty, ref } = RESOURCE_KINDS[type] ?? {};
  if (ref === "name" && typeof givenRef === "string") return givenRef;
  const given = nameProperty === undefined ? undefined : property(nameProperty);
  return given ?? (type === "AWS::S3::Bucket" ? id.toLowerCase() : id);
}
