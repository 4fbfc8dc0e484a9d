import { describe, expect, it } from "vitest";
import { mapRequest, policyResources, readClaim } from "../src/index.ts";
import type { JsonObject, ServiceRequest } from "../src/index.ts";
import { serviceRequest } from "./support/session.ts";

const B = "arn:aws:s3:::reports";
const OBJECT = { Bucket: "reports", Key: "2026/a b+ü.csv" };
const O = `${B}/2026/a b+ü.csv`;

function needs(operation: string, parameters: JsonObject, changed: Partial<ServiceRequest> = {}): string[] {
  return mapRequest(serviceRequest(operation, parameters, changed)).map(
    ({ action, resource }) => `${action} ${resource}`,
  );
}

describe("mapRequest for S3", () => {
  it.each<[operation: string, parameters: JsonObject, permissions: string[]]>([
    ["GetObject", OBJECT, [`s3:GetObject ${O}`]],
    ["GetObject", { ...OBJECT, VersionId: "v1" }, [`s3:GetObjectVersion ${O}`]],
    ["GetObject", { ...OBJECT, VersionId: null }, [`s3:GetObject ${O}`]],
    ["GetObject", { ...OBJECT, Range: "bytes=0-1" }, [`s3:GetObject ${O}`]],
    ["HeadObject", OBJECT, [`s3:GetObject ${O}`]],
    ["HeadObject", { ...OBJECT, VersionId: "v1" }, [`s3:GetObjectVersion ${O}`]],
    ["GetObjectAttributes", OBJECT, [`s3:GetObject ${O}`, `s3:GetObjectAttributes ${O}`]],
    [
      "GetObjectAttributes",
      { ...OBJECT, VersionId: "v1" },
      [`s3:GetObjectVersion ${O}`, `s3:GetObjectVersionAttributes ${O}`],
    ],
    ["GetObjectTagging", { ...OBJECT, VersionId: "v1" }, [`s3:GetObjectVersionTagging ${O}`]],
    ["GetObjectRetention", { ...OBJECT, VersionId: "v1" }, [`s3:GetObjectRetention ${O}`]],
    ["SelectObjectContent", OBJECT, [`s3:GetObject ${O}`]],
    ["ListObjectsV2", { Bucket: "reports", Prefix: "2026/" }, [`s3:ListBucket ${B}`]],
    ["ListObjects", { Bucket: "reports" }, [`s3:ListBucket ${B}`]],
    ["HeadBucket", { Bucket: "reports" }, [`s3:ListBucket ${B}`]],
    ["ListObjectVersions", { Bucket: "reports" }, [`s3:ListBucketVersions ${B}`]],
    ["ListMultipartUploads", { Bucket: "reports" }, [`s3:ListBucketMultipartUploads ${B}`]],
    ["ListParts", { ...OBJECT, UploadId: "u" }, [`s3:ListMultipartUploadParts ${O}`]],
    ["ListBuckets", {}, ["s3:ListAllMyBuckets arn:aws:s3:::*"]],
    ["PutObject", OBJECT, [`s3:PutObject ${O}`]],
    ["PutObject", { ...OBJECT, ACL: "public-read" }, [`s3:PutObject ${O}`, `s3:PutObjectAcl ${O}`]],
    ["PutObject", { ...OBJECT, GrantRead: "id=1" }, [`s3:PutObject ${O}`, `s3:PutObjectAcl ${O}`]],
    ["PutObject", { ...OBJECT, Tagging: "a=b" }, [`s3:PutObject ${O}`, `s3:PutObjectTagging ${O}`]],
    [
      "PutObject",
      { ...OBJECT, ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate: "2027-01-01T00:00:00Z" },
      [`s3:PutObject ${O}`, `s3:PutObjectRetention ${O}`],
    ],
    [
      "PutObject",
      { ...OBJECT, ObjectLockLegalHoldStatus: "ON" },
      [`s3:PutObject ${O}`, `s3:PutObjectLegalHold ${O}`],
    ],
    ["PutObject", { ...OBJECT, Tagging: "", ACL: null }, [`s3:PutObject ${O}`]],
    ["CreateMultipartUpload", { ...OBJECT, ACL: "private" }, [`s3:PutObject ${O}`, `s3:PutObjectAcl ${O}`]],
    ["UploadPart", { ...OBJECT, UploadId: "u", PartNumber: 1 }, [`s3:PutObject ${O}`]],
    ["CompleteMultipartUpload", { ...OBJECT, UploadId: "u" }, [`s3:PutObject ${O}`]],
    ["AbortMultipartUpload", { ...OBJECT, UploadId: "u" }, [`s3:AbortMultipartUpload ${O}`]],
    [
      "CopyObject",
      { ...OBJECT, CopySource: "other/a%20b%2Bc" },
      ["s3:GetObject arn:aws:s3:::other/a b+c", `s3:PutObject ${O}`],
    ],
    [
      "CopyObject",
      { ...OBJECT, CopySource: "/other/a?versionId=v1" },
      ["s3:GetObjectVersion arn:aws:s3:::other/a", `s3:PutObject ${O}`],
    ],
    [
      "CopyObject",
      { ...OBJECT, CopySource: { Bucket: "other", Key: "a", VersionId: "v1" } },
      ["s3:GetObjectVersion arn:aws:s3:::other/a", `s3:PutObject ${O}`],
    ],
    [
      "CopyObject",
      { ...OBJECT, CopySource: "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/object/a" },
      ["s3:GetObject arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/object/a", `s3:PutObject ${O}`],
    ],
    [
      "CopyObject",
      { ...OBJECT, CopySource: "other/a", Tagging: "x=y", TaggingDirective: "REPLACE", ACL: "private" },
      [
        "s3:GetObject arn:aws:s3:::other/a",
        `s3:PutObject ${O}`,
        `s3:PutObjectAcl ${O}`,
        `s3:PutObjectTagging ${O}`,
      ],
    ],
    [
      "UploadPartCopy",
      { ...OBJECT, CopySource: "other/a" },
      ["s3:GetObject arn:aws:s3:::other/a", `s3:PutObject ${O}`],
    ],
    ["DeleteObject", OBJECT, [`s3:DeleteObject ${O}`]],
    ["DeleteObject", { ...OBJECT, VersionId: "v1" }, [`s3:DeleteObjectVersion ${O}`]],
    [
      "DeleteObject",
      { ...OBJECT, VersionId: "v1", BypassGovernanceRetention: true },
      [`s3:DeleteObjectVersion ${O}`, `s3:BypassGovernanceRetention ${O}`],
    ],
    ["DeleteObject", { ...OBJECT, BypassGovernanceRetention: false }, [`s3:DeleteObject ${O}`]],
    [
      "DeleteObjects",
      { Bucket: "reports", Delete: { Objects: [{ Key: "a" }, { Key: "b", VersionId: "v" }] } },
      [`s3:DeleteObject ${B}/a`, `s3:DeleteObjectVersion ${B}/b`],
    ],
    ["DeleteObjects", { Bucket: "reports" }, [`s3:DeleteObject ${B}/`]],
    ["CreateBucket", { Bucket: "reports" }, [`s3:CreateBucket ${B}`]],
    [
      "CreateBucket",
      {
        Bucket: "reports",
        ACL: "private",
        ObjectOwnership: "ObjectWriter",
        ObjectLockEnabledForBucket: true,
      },
      [
        `s3:CreateBucket ${B}`,
        `s3:PutBucketAcl ${B}`,
        `s3:PutBucketVersioning ${B}`,
        `s3:PutBucketObjectLockConfiguration ${B}`,
        `s3:PutBucketOwnershipControls ${B}`,
      ],
    ],
    [
      "PutBucketReplication",
      { Bucket: "reports", ReplicationConfiguration: { Role: "arn:aws:iam::111122223333:role/r" } },
      [`s3:PutReplicationConfiguration ${B}`, "iam:PassRole arn:aws:iam::111122223333:role/r"],
    ],
    ["GetObjectLockConfiguration", { Bucket: "reports" }, [`s3:GetBucketObjectLockConfiguration ${B}`]],
    ["DeleteBucketCors", { Bucket: "reports" }, [`s3:PutBucketCORS ${B}`]],
    [
      "GetObject",
      { Bucket: "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap", Key: "a" },
      ["s3:GetObject arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/object/a"],
    ],
    [
      "CreateSession",
      { Bucket: "x--euw1-az1--x-s3" },
      ["s3express:CreateSession arn:aws:s3express:eu-west-1:111122223333:bucket/x--euw1-az1--x-s3"],
    ],
    ["GetObjectAnnotation", OBJECT, [`s3:GetObjectAnnotation ${O}`]],
    ["AnOperationOfTomorrow", { Bucket: "reports" }, [`s3:AnOperationOfTomorrow ${B}`]],
    ["AnOperationOfTomorrow", {}, ["s3:AnOperationOfTomorrow *"]],
    ["constructor", {}, ["s3:constructor *"]],
  ])("%s %j", (operation, parameters, permissions) => {
    expect(needs(operation, parameters)).toEqual(permissions);
  });

  it("needs the permissions of tags that go along with a copy", () => {
    const copied = { existingObjectTags: { state: "final" } };
    const parameters = { ...OBJECT, CopySource: "other/a" };
    expect(needs("CopyObject", parameters, copied)).toEqual([
      "s3:GetObject arn:aws:s3:::other/a",
      "s3:GetObjectTagging arn:aws:s3:::other/a",
      `s3:PutObject ${O}`,
      `s3:PutObjectTagging ${O}`,
    ]);
    expect(needs("CopyObject", { ...parameters, TaggingDirective: "REPLACE" }, copied)).toHaveLength(2);
    expect(needs("CopyObject", parameters, { existingObjectTags: {} })).toHaveLength(2);
  });

  it.each([
    ["cn-north-1", "arn:aws-cn:s3:::reports/a"],
    ["us-gov-west-1", "arn:aws-us-gov:s3:::reports/a"],
    ["eu-west-1", "arn:aws:s3:::reports/a"],
  ])("writes ARNs of the partition of %s", (region, arn) => {
    expect(needs("GetObject", { Bucket: "reports", Key: "a" }, { region })).toEqual([`s3:GetObject ${arn}`]);
  });

  it("asks for the policies of both buckets of a copy, once each", () => {
    const request = serviceRequest("CopyObject", { ...OBJECT, CopySource: "other/a/b" });
    expect(policyResources(request)).toEqual(["arn:aws:s3:::other", B]);
    expect(policyResources(serviceRequest("ListBuckets"))).toEqual([]);
  });
});

it("tells the owners of both buckets of a copy", () => {
  const request = serviceRequest(
    "CopyObject",
    { ...OBJECT, CopySource: "other/a" },
    { resourceAccountId: "444455556666", sourceAccountId: "777788889999" },
  );
  expect(mapRequest(request)).toMatchObject([
    { owner: "777788889999", context: { "s3:ResourceAccount": "777788889999" } },
    { owner: "444455556666", context: { "aws:ResourceAccount": "444455556666" } },
  ]);
});

describe("condition keys of S3", () => {
  it.each<[operation: string, parameters: JsonObject, action: string, keys: Record<string, unknown>]>([
    [
      "ListObjectsV2",
      { Bucket: "reports", Prefix: "", Delimiter: "/", MaxKeys: 10 },
      "s3:ListBucket",
      { "s3:prefix": "", "s3:delimiter": "/", "s3:max-keys": "10" },
    ],
    ["ListObjectsV2", { Bucket: "reports" }, "s3:ListBucket", { "s3:prefix": undefined }],
    ["GetObject", { ...OBJECT, VersionId: "v1" }, "s3:GetObjectVersion", { "s3:VersionId": "v1" }],
    [
      "PutObject",
      {
        ...OBJECT,
        ServerSideEncryption: "aws:kms",
        SSEKMSKeyId: "k",
        StorageClass: "GLACIER",
        ACL: "private",
      },
      "s3:PutObject",
      {
        "s3:x-amz-server-side-encryption": "aws:kms",
        "s3:x-amz-server-side-encryption-aws-kms-key-id": "k",
        "s3:x-amz-storage-class": "GLACIER",
        "s3:x-amz-acl": "private",
        "s3:ObjectCreationOperation": "true",
      },
    ],
    ["UploadPart", OBJECT, "s3:PutObject", { "s3:ObjectCreationOperation": "false" }],
    [
      "PutObject",
      { ...OBJECT, Tagging: "team=blue&state=a%20b" },
      "s3:PutObject",
      {
        "s3:RequestObjectTag/team": "blue",
        "s3:RequestObjectTag/state": "a b",
        "s3:RequestObjectTagKeys": ["team", "state"],
      },
    ],
    [
      "PutObjectTagging",
      { ...OBJECT, Tagging: { TagSet: [{ Key: "team", Value: "blue" }] } },
      "s3:PutObjectTagging",
      { "s3:RequestObjectTag/team": "blue", "s3:RequestObjectTagKeys": ["team"] },
    ],
    [
      "PutObjectRetention",
      { ...OBJECT, Retention: { Mode: "GOVERNANCE", RetainUntilDate: "2026-06-25T12:00:00Z" } },
      "s3:PutObjectRetention",
      { "s3:object-lock-mode": "GOVERNANCE", "s3:object-lock-remaining-retention-days": "10" },
    ],
    [
      "CopyObject",
      { ...OBJECT, CopySource: "other/a", MetadataDirective: "REPLACE" },
      "s3:PutObject",
      { "s3:x-amz-copy-source": "other/a", "s3:x-amz-metadata-directive": "REPLACE" },
    ],
    [
      "CreateBucket",
      { Bucket: "reports", CreateBucketConfiguration: { LocationConstraint: "eu-west-1" } },
      "s3:CreateBucket",
      { "s3:locationconstraint": "eu-west-1" },
    ],
    [
      "GetObject",
      OBJECT,
      "s3:GetObject",
      {
        "s3:authType": "REST-HEADER",
        "s3:signatureversion": "AWS4-HMAC-SHA256",
        "s3:signatureAge": "2000",
        "s3:TlsVersion": "1.3",
        "s3:ResourceAccount": "111122223333",
        "s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD",
        "aws:SourceIp": "192.0.2.7",
        "aws:SecureTransport": "true",
        "aws:CurrentTime": "2026-06-15T12:00:00Z",
        "aws:EpochTime": "1781524800",
        "aws:RequestedRegion": "eu-west-1",
        "aws:UserAgent": "test/1",
        "aws:ResourceAccount": "111122223333",
      },
    ],
  ])("%s %j gives %s %j", (operation, parameters, action, keys) => {
    const found = mapRequest(serviceRequest(operation, parameters)).find((each) => each.action === action);
    expect(found?.context).toMatchObject(keys);
  });

  it("tells a presigned request by its query, and how old its signature is", () => {
    const query =
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20260615%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=20260615T115900Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host&X-Amz-Signature=00";
    const changed = { path: `/reports/a?${query}`, headers: [["Host", "s3.example"]] as const };
    const request = serviceRequest("GetObject", OBJECT, changed);
    const [permission] = mapRequest(request);
    expect(permission?.context).toMatchObject({
      "s3:authType": "REST-QUERY-STRING",
      "s3:signatureAge": "60000",
    });
    const claim = readClaim(request);
    if ("refused" in claim) throw new Error(claim.refused.error.message);
    expect(mapRequest({ ...request, path: "/reports/a", claim })).toEqual(mapRequest(request));
  });

  it("gives the tags of the object that is read, and not to the object that is written", () => {
    const request = serviceRequest(
      "CopyObject",
      { ...OBJECT, CopySource: "other/a", TaggingDirective: "REPLACE" },
      { existingObjectTags: { state: "final" } },
    );
    const [read, write] = mapRequest(request).map(({ context }) => context["s3:ExistingObjectTag/state"]);
    expect([read, write]).toEqual(["final", undefined]);
  });
});
