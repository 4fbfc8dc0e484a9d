import type { ContextRecord } from "@roles-anywhere/iam-policy";
import { listOf, objectOf, partitionOf, regionalArn, textOf } from "../permission.ts";
import type { ServicePermission } from "../permission.ts";
import type { JsonObject, ServiceRequest } from "../service-request.ts";
import { parameterAt, s3Context, signatureContext } from "./condition-keys.ts";
import { readCopySource } from "./copy-source.ts";
import { S3_OPERATIONS } from "./operations.ts";
import type { S3Permission, S3Target } from "./operations.ts";

/** One object or bucket that a permission is about. */
interface S3Resource {
  readonly arn: string;
  readonly versionId?: string | undefined;
  /** The account that owns the bucket. */
  readonly owner?: string | undefined;
}

/**
 * The permissions that a request to S3 needs. An operation that the table lacks needs `s3:<operation>` on the object or
 * bucket that it names, as most operations do.
 */
export function mapS3(request: ServiceRequest): readonly ServicePermission[] {
  const { operation } = request;
  const known = Object.hasOwn(S3_OPERATIONS, operation) ? S3_OPERATIONS[operation] : undefined;
  const permissions = known ?? [{ action: `s3:${operation}`, on: mostPrecise(request.parameters) }];
  const signature = signatureContext(request);
  return permissions
    .filter((permission) => isNeeded(permission, request))
    .flatMap((permission) =>
      resourcesOf(permission.on, request).map(({ arn, versionId, owner }) => {
        const { versioned, action } = permission;
        const name = versionId === undefined ? action : (versioned ?? action);
        return {
          action: name,
          resource: arn,
          context: contextOf(name, request, versionId, signature),
          owner,
        };
      }),
    );
}

function mostPrecise({ Bucket, Key }: JsonObject): S3Target {
  if (textOf(Key) !== undefined) return "object";
  return textOf(Bucket) === undefined ? "*" : "bucket";
}

function isNeeded({ ifAny, ifTagsCopied }: S3Permission, request: ServiceRequest): boolean {
  if (ifTagsCopied === true) {
    const isCopied = textOf(request.parameters["TaggingDirective"]) !== "REPLACE";
    return isCopied && Object.keys(request.existingObjectTags ?? {}).length > 0;
  }
  return ifAny === undefined || ifAny.some((path) => isGiven(request.parameters, path));
}

function isGiven(parameters: JsonObject, path: string): boolean {
  const value = parameterAt(parameters, path);
  return value !== undefined && value !== null && value !== false && value !== "";
}

function resourcesOf(target: S3Target, request: ServiceRequest): readonly S3Resource[] {
  const { parameters, region } = request;
  const bucket = textOf(parameters["Bucket"]) ?? "";
  const partition = partitionOf(region);
  const versionId = versionOf(parameters);
  switch (target) {
    case "*":
      return [{ arn: "*" }];
    case "all buckets":
      return [{ arn: bucketArn(partition, "*") }];
    case "bucket":
      return [{ arn: bucketArn(partition, bucket) }];
    case "object":
      return [{ arn: objectArn(partition, bucket, textOf(parameters["Key"]) ?? ""), versionId }];
    case "deleted objects": {
      const objects = listOf(objectOf(parameters["Delete"])["Objects"]);
      // A request for no object still needs a permission, or one whose parameters nobody could read needed none.
      return (objects.length === 0 ? [{}] : objects).map((item) => {
        const entry = objectOf(item);
        return {
          arn: objectArn(partition, bucket, textOf(entry["Key"]) ?? ""),
          versionId: versionOf(entry),
        };
      });
    }
    case "source": {
      const source = request.copySource ?? readCopySource(parameters["CopySource"]);
      return [
        {
          arn: objectArn(partition, source.bucket, source.key),
          versionId: source.versionId,
          owner: request.sourceAccountId,
        },
      ];
    }
    case "directory bucket":
      return [{ arn: regionalArn(request, "s3express", `bucket/${bucket}`) }];
    case "replication role": {
      const role = textOf(parameterAt(parameters, "ReplicationConfiguration.Role"));
      return [{ arn: role ?? "*" }];
    }
  }
}

/** ARNs as `Bucket` name access points; they stay as they are. */
function bucketArn(partition: string, bucket: string): string {
  return bucket.startsWith("arn:") ? bucket : `arn:${partition}:s3:::${bucket}`;
}

function objectArn(partition: string, bucket: string, key: string): string {
  const arn = bucketArn(partition, bucket);
  return bucket.startsWith("arn:") ? `${arn}/object/${key}` : `${arn}/${key}`;
}

function versionOf(parameters: JsonObject): string | undefined {
  const versionId = textOf(parameters["VersionId"]);
  return versionId === "" ? undefined : versionId;
}

function contextOf(
  action: string,
  request: ServiceRequest,
  versionId: string | undefined,
  signature: ContextRecord,
): ContextRecord {
  if (action === "iam:PassRole") return { "iam:PassedToService": "s3.amazonaws.com" };
  return action.startsWith("s3:") ? { ...signature, ...s3Context(action, request, versionId) } : {};
}
