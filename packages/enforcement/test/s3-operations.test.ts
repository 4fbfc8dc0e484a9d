import { readFileSync } from "node:fs";
import * as clientS3 from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { mapRequest } from "../src/index.ts";
import type { JsonObject } from "../src/index.ts";
import { S3_OPERATIONS } from "../src/s3/operations.ts";
import { serviceRequest } from "./support/session.ts";

const OPERATIONS = Object.keys(S3_OPERATIONS);

/** Operations that AWS replaced, and LocalStack's name for a browser upload: the SDK for JavaScript has none of them. */
const NOT_IN_SDK = new Set([
  "GetBucketLifecycle",
  "GetBucketNotification",
  "PostObject",
  "PutBucketLifecycle",
  "PutBucketNotification",
]);

/** Operations that are younger than LocalStack 4.14: the rule for unknown operations maps them. */
const NEWER = [
  "DeleteObjectAnnotation",
  "GetObjectAnnotation",
  "ListObjectAnnotations",
  "PutObjectAnnotation",
  "UpdateBucketMetadataAnnotationTableConfiguration",
];

/** The actions on buckets and objects in the Service Authorization Reference, each with the condition keys of its own. */
const ACTIONS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(
    JSON.parse(readFileSync(new URL("support/s3-actions.json", import.meta.url), "utf8")) as Record<
      string,
      string[]
    >,
  ),
);

/** What every action of S3 has. */
const COMMON = [
  "authType",
  "ResourceAccount",
  "signatureAge",
  "signatureversion",
  "TlsVersion",
  "x-amz-content-sha256",
];

/** A request that has every parameter which the mapping looks at. */
const EVERYTHING: JsonObject = {
  ...{ Bucket: "reports", Key: "a", CopySource: "other/b?versionId=1", Tagging: "team=blue" },
  ...{ Prefix: "p", Delimiter: "/", MaxKeys: 10, ACL: "private", GrantRead: "id=1", GrantReadACP: "id=1" },
  ...{ GrantFullControl: "id=1", GrantWrite: "id=1", GrantWriteACP: "id=1", MetadataDirective: "COPY" },
  ...{ ServerSideEncryption: "aws:kms", SSEKMSKeyId: "key", SSECustomerAlgorithm: "AES256" },
  ...{ StorageClass: "GLACIER", WebsiteRedirectLocation: "/x", IfMatch: "e", IfNoneMatch: "*" },
  ...{ ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate: "2026-06-20T12:00:00Z" },
  ...{ ObjectLockLegalHoldStatus: "ON", LegalHold: { Status: "ON" }, BypassGovernanceRetention: true },
  ...{ Retention: { Mode: "GOVERNANCE", RetainUntilDate: "2026-06-20T12:00:00Z" } },
  ...{ ObjectOwnership: "BucketOwnerEnforced", ObjectLockEnabledForBucket: true },
  CreateBucketConfiguration: { LocationConstraint: "eu-west-1", Tags: [{ Key: "team", Value: "blue" }] },
  InventoryConfiguration: { OptionalFields: ["Size"] },
  ReplicationConfiguration: { Role: "arn:aws:iam::111122223333:role/replicate" },
  Delete: { Objects: [{ Key: "a" }, { Key: "b", VersionId: "1" }] },
};

describe("the table of S3", () => {
  it("has every operation that the AWS SDK for JavaScript has", () => {
    const commands = Object.keys(clientS3)
      .filter((name) => /^[A-Z]\w+Command$/u.test(name))
      .map((name) => name.slice(0, -"Command".length));
    const expected = [...OPERATIONS.filter((name) => !NOT_IN_SDK.has(name)), ...NEWER];
    expect(expected.sort()).toEqual(commands.sort());
  });

  it.each(OPERATIONS)("%s needs actions that the Service Authorization Reference has", (operation) => {
    const unknown = (S3_OPERATIONS[operation] ?? [])
      .flatMap(({ action, versioned }) => [action, versioned ?? action])
      .filter((action) => action.startsWith("s3:") && !ACTIONS.has(action.slice("s3:".length)));
    expect(unknown).toEqual([]);
  });

  it.each(
    OPERATIONS.flatMap((operation) => [[operation, {}] as const, [operation, { VersionId: "v1" }] as const]),
  )("%s %j gives each action only condition keys that it has", (operation, version) => {
    const request = serviceRequest(
      operation,
      { ...EVERYTHING, ...version },
      { existingObjectTags: { state: "final" } },
    );
    const wrong = mapRequest(request)
      .filter(({ action }) => action.startsWith("s3:"))
      .flatMap(({ action, context }) => {
        const name = action.slice("s3:".length);
        const keys = [...(ACTIONS.get(name) ?? []), ...COMMON.map((key) => `s3:${key}`)];
        const known = new Set(keys.map(familyOf));
        return Object.entries(context)
          .filter(([key, value]) => value !== undefined && /^s3:|Tag/u.test(key))
          .map(([key]) => familyOf(key))
          .filter((key) => !known.has(key))
          .map((key) => `${action} has no ${key}`);
      });
    expect(wrong).toEqual([]);
  });

  it("gives no permission at all to no operation", () => {
    const free = OPERATIONS.filter((operation) => mapRequest(serviceRequest(operation)).length === 0);
    expect(free).toEqual([]);
  });
});

/** `s3:ExistingObjectTag/state` and `s3:ExistingObjectTag/<key>` are one family; letter case does not count. */
function familyOf(key: string): string {
  return key.toLowerCase().replace(/\/.*$/u, "/");
}
