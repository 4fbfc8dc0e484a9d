import type { ContextRecord } from "@roles-anywhere/iam-policy";
import { tagPairs, textOf, objectOf, requestTags } from "../permission.ts";
import type { TagPair } from "../permission.ts";
import { headerOf } from "../request-context.ts";
import { readClaim } from "../signature/claim.ts";
import type { JsonObject, ServiceRequest } from "../service-request.ts";

/** A condition key whose value is a parameter of the request, and the actions that have the key. */
interface ParameterKey {
  readonly key: string;
  readonly parameter: string;
  readonly actions: readonly string[];
}

const LIST = ["ListBucket", "ListBucketVersions"];
const WRITE = ["PutObject"];
const WRITE_OR_BYPASS = ["PutObject", "BypassGovernanceRetention"];
const ACL = [
  "PutObject",
  "PutObjectAcl",
  "PutObjectVersionAcl",
  "PutBucketAcl",
  "CreateBucket",
  "BypassGovernanceRetention",
];

/** @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html */
export const PARAMETER_KEYS: readonly ParameterKey[] = [
  { key: "prefix", parameter: "Prefix", actions: LIST },
  { key: "delimiter", parameter: "Delimiter", actions: LIST },
  { key: "max-keys", parameter: "MaxKeys", actions: LIST },
  { key: "x-amz-acl", parameter: "ACL", actions: ACL },
  { key: "x-amz-grant-full-control", parameter: "GrantFullControl", actions: ACL },
  { key: "x-amz-grant-read", parameter: "GrantRead", actions: ACL },
  { key: "x-amz-grant-read-acp", parameter: "GrantReadACP", actions: ACL },
  { key: "x-amz-grant-write", parameter: "GrantWrite", actions: ACL },
  { key: "x-amz-grant-write-acp", parameter: "GrantWriteACP", actions: ACL },
  { key: "x-amz-copy-source", parameter: "CopySource", actions: WRITE_OR_BYPASS },
  { key: "x-amz-metadata-directive", parameter: "MetadataDirective", actions: WRITE_OR_BYPASS },
  {
    key: "x-amz-server-side-encryption",
    parameter: "ServerSideEncryption",
    actions: WRITE_OR_BYPASS,
  },
  {
    key: "x-amz-server-side-encryption-aws-kms-key-id",
    parameter: "SSEKMSKeyId",
    actions: WRITE_OR_BYPASS,
  },
  {
    key: "x-amz-server-side-encryption-customer-algorithm",
    parameter: "SSECustomerAlgorithm",
    actions: WRITE,
  },
  {
    key: "x-amz-storage-class",
    parameter: "StorageClass",
    actions: WRITE_OR_BYPASS,
  },
  {
    key: "x-amz-website-redirect-location",
    parameter: "WebsiteRedirectLocation",
    actions: WRITE_OR_BYPASS,
  },
  { key: "if-match", parameter: "IfMatch", actions: ["PutObject", "DeleteObject"] },
  { key: "if-none-match", parameter: "IfNoneMatch", actions: WRITE },
  { key: "object-lock-mode", parameter: "ObjectLockMode", actions: ["PutObject", "PutObjectRetention"] },
  { key: "object-lock-mode", parameter: "Retention.Mode", actions: ["PutObjectRetention"] },
  {
    key: "object-lock-retain-until-date",
    parameter: "ObjectLockRetainUntilDate",
    actions: ["PutObject", "PutObjectRetention"],
  },
  {
    key: "object-lock-retain-until-date",
    parameter: "Retention.RetainUntilDate",
    actions: ["PutObjectRetention"],
  },
  {
    key: "object-lock-legal-hold",
    parameter: "ObjectLockLegalHoldStatus",
    actions: ["PutObject", "PutObjectLegalHold"],
  },
  { key: "object-lock-legal-hold", parameter: "LegalHold.Status", actions: ["PutObjectLegalHold"] },
  {
    key: "locationconstraint",
    parameter: "CreateBucketConfiguration.LocationConstraint",
    actions: ["CreateBucket"],
  },
  { key: "x-amz-object-ownership", parameter: "ObjectOwnership", actions: ["CreateBucket"] },
];

/** Actions that know the tags which the object has already. */
const READS_TAGS = new Set([
  "DeleteObjectTagging",
  "DeleteObjectVersionTagging",
  "GetObject",
  "GetObjectAcl",
  "GetObjectAttributes",
  "GetObjectTagging",
  "GetObjectVersion",
  "GetObjectVersionAcl",
  "GetObjectVersionAttributes",
  "GetObjectVersionTagging",
  "PutObjectAcl",
  "PutObjectTagging",
  "PutObjectVersionAcl",
  "PutObjectVersionTagging",
]);

const SETS_TAGS = new Set([
  "PutObject",
  "PutObjectTagging",
  "PutObjectVersionTagging",
  "BypassGovernanceRetention",
]);

/** Operations that write an object without creating one: for them `s3:ObjectCreationOperation` is false. */
const CREATES_NO_OBJECT = new Set(["CreateMultipartUpload", "UploadPart", "UploadPartCopy"]);

const DAY_MILLISECONDS = 86_400_000;

/**
 * The condition keys that one action of S3 has for a request, beyond those of all actions.
 *
 * @param action such as `s3:PutObject`
 * @param versionId the version that the request names, for the actions on versions
 */
export function s3Context(
  action: string,
  request: ServiceRequest,
  versionId: string | undefined,
): ContextRecord {
  const name = action.slice("s3:".length);
  const { parameters, operation, existingObjectTags = {} } = request;
  const context: Record<string, string | readonly string[] | undefined> = {};
  for (const { key, parameter, actions } of PARAMETER_KEYS) {
    if (actions.includes(name)) context[`s3:${key}`] ??= textOf(parameterAt(parameters, parameter));
  }
  if (name.includes("Version") && versionId !== undefined) context["s3:VersionId"] = versionId;
  if (name === "PutObject") {
    context["s3:ObjectCreationOperation"] = String(!CREATES_NO_OBJECT.has(operation));
  }
  const until = context["s3:object-lock-retain-until-date"];
  if (typeof until === "string" && Number.isFinite(Date.parse(until))) {
    const days = (Date.parse(until) - request.receivedAt.getTime()) / DAY_MILLISECONDS;
    context["s3:object-lock-remaining-retention-days"] = String(Math.max(0, Math.ceil(days)));
  }
  if (SETS_TAGS.has(name)) {
    const tags = objectTags(parameters);
    for (const [key, value] of tags) context[`s3:RequestObjectTag/${key}`] = value;
    if (tags.length > 0) context["s3:RequestObjectTagKeys"] = tags.map(([key]) => key);
  }
  if (READS_TAGS.has(name)) {
    for (const [key, value] of Object.entries(existingObjectTags)) {
      context[`s3:ExistingObjectTag/${key}`] = value;
    }
  }
  if (name === "PutInventoryConfiguration") {
    const fields = parameterAt(parameters, "InventoryConfiguration.OptionalFields");
    if (Array.isArray(fields)) {
      context["s3:InventoryAccessibleOptionalFields"] = fields.filter((field) => typeof field === "string");
    }
  }
  if (name === "CreateBucket" || name === "TagResource") {
    Object.assign(context, requestTags(tagPairs(parameterAt(parameters, "CreateBucketConfiguration.Tags"))));
  }
  return context;
}

/** What all actions of S3 have: how the request is signed, and over which TLS. */
export function signatureContext(request: ServiceRequest): ContextRecord {
  const claim = request.claim ?? readClaim(request);
  const signed = "refused" in claim ? undefined : claim;
  const age =
    signed?.signedAt === undefined ? undefined : request.receivedAt.getTime() - signed.signedAt.getTime();
  return {
    "s3:authType": signed === undefined ? undefined : signed.presigned ? "REST-QUERY-STRING" : "REST-HEADER",
    "s3:signatureversion": signed === undefined ? undefined : "AWS4-HMAC-SHA256",
    "s3:signatureAge": age === undefined ? undefined : String(Math.max(0, age)),
    "s3:TlsVersion": /^TLSv(?<number>\d(?:\.\d)?)$/u.exec(request.tlsVersion ?? "")?.groups?.["number"],
    "s3:x-amz-content-sha256": headerOf(request, "x-amz-content-sha256"),
  };
}

/** Tags of the request: the query string of `x-amz-tagging`, or the `TagSet` of PutObjectTagging. */
function objectTags({ Tagging }: JsonObject): readonly TagPair[] {
  return typeof Tagging === "string"
    ? [...new URLSearchParams(Tagging)]
    : tagPairs(objectOf(Tagging)["TagSet"]);
}

/** The value at a path such as `Retention.Mode`. */
export function parameterAt(parameters: JsonObject, path: string): JsonObject[string] {
  return path.split(".").reduce<JsonObject[string]>((value, name) => objectOf(value)[name], parameters);
}
