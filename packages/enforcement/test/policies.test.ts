import { describe, expect, it } from "vitest";
import { authorizeRequest } from "../src/index.ts";
import type { ApplicablePolicies, JsonObject, ServiceRequest, Verdict } from "../src/index.ts";
import { ACCOUNT, serviceRequest, SESSION } from "./support/session.ts";

type Effect = "Allow" | "ImplicitDeny" | "ExplicitDeny";

const BUCKET = "arn:aws:s3:::reports";
const ALL = `${BUCKET}/*`;

interface StatementSpec {
  readonly Effect?: "Allow" | "Deny";
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Principal?: JsonObject | string;
  readonly Condition?: JsonObject;
}

function policy(...statements: readonly StatementSpec[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map(({ Effect = "Allow", ...rest }) => Object.assign({ Effect }, rest)),
  });
}

function identity(...statements: readonly StatementSpec[]): ApplicablePolicies {
  return { identityPolicies: [{ name: "role", document: policy(...statements) }] };
}

const object = (extra: JsonObject = {}): JsonObject => ({ Bucket: "reports", Key: "2026/a.csv", ...extra });
const bucket = (extra: JsonObject = {}): JsonObject => ({ Bucket: "reports", ...extra });

/** The requests of the tables, by a short name. */
const REQUESTS = {
  get: ["GetObject", object()],
  "get a version": ["GetObject", object({ VersionId: "v1" })],
  "get elsewhere": ["GetObject", { Bucket: "reports", Key: "2025/a.csv" }],
  "get from another bucket": ["GetObject", { Bucket: "other", Key: "2026/a.csv" }],
  head: ["HeadObject", object()],
  attributes: ["GetObjectAttributes", object()],
  "get tags": ["GetObjectTagging", object()],
  "get ACL": ["GetObjectAcl", object()],
  list: ["ListObjectsV2", bucket()],
  "list 2026/": ["ListObjectsV2", bucket({ Prefix: "2026/", Delimiter: "/" })],
  "list 2025/": ["ListObjectsV2", bucket({ Prefix: "2025/", Delimiter: "/" })],
  "list 2026/ 10 keys": ["ListObjectsV2", bucket({ Prefix: "2026/", MaxKeys: 10 })],
  "list 2026/ 1000 keys": ["ListObjectsV2", bucket({ Prefix: "2026/", MaxKeys: 1000 })],
  "list by version 1": ["ListObjects", bucket({ Prefix: "2026/" })],
  "list versions": ["ListObjectVersions", bucket()],
  "head bucket": ["HeadBucket", bucket()],
  "list uploads": ["ListMultipartUploads", bucket()],
  "list buckets": ["ListBuckets", {}],
  location: ["GetBucketLocation", bucket()],
  put: ["PutObject", object()],
  "put publicly": ["PutObject", object({ ACL: "public-read" })],
  "put for the owner": ["PutObject", object({ ACL: "bucket-owner-full-control" })],
  "put encrypted": ["PutObject", object({ ServerSideEncryption: "aws:kms" })],
  "put AES256": ["PutObject", object({ ServerSideEncryption: "AES256" })],
  "put in Glacier": ["PutObject", object({ StorageClass: "GLACIER" })],
  "put tagged blue": ["PutObject", object({ Tagging: "team=blue" })],
  "put tagged red": ["PutObject", object({ Tagging: "team=red" })],
  "put tagged twice": ["PutObject", object({ Tagging: "team=blue&secret=1" })],
  "put if new": ["PutObject", object({ IfNoneMatch: "*" })],
  "start upload": ["CreateMultipartUpload", object()],
  "upload part": ["UploadPart", object({ UploadId: "u", PartNumber: 1 })],
  "complete upload": ["CompleteMultipartUpload", object({ UploadId: "u" })],
  "abort upload": ["AbortMultipartUpload", object({ UploadId: "u" })],
  "list parts": ["ListParts", object({ UploadId: "u" })],
  "copy within": ["CopyObject", object({ CopySource: "reports/2026/b.csv" })],
  "copy in": ["CopyObject", object({ CopySource: "other/b.csv" })],
  "copy out": ["CopyObject", { Bucket: "other", Key: "b.csv", CopySource: "reports/2026/a.csv" }],
  "copy a part in": ["UploadPartCopy", object({ CopySource: "other/b.csv", UploadId: "u", PartNumber: 1 })],
  delete: ["DeleteObject", object()],
  "delete a version": ["DeleteObject", object({ VersionId: "v1" })],
  "delete two": ["DeleteObjects", bucket({ Delete: { Objects: [{ Key: "2026/a" }, { Key: "2026/b" }] } })],
  "delete here and there": [
    "DeleteObjects",
    bucket({ Delete: { Objects: [{ Key: "2026/a" }, { Key: "2025/b" }] } }),
  ],
  "put tags": ["PutObjectTagging", object({ Tagging: { TagSet: [{ Key: "team", Value: "blue" }] } })],
  "put ACL": ["PutObjectAcl", object({ ACL: "public-read" })],
  "create bucket": ["CreateBucket", bucket()],
  "create a public bucket": ["CreateBucket", bucket({ ACL: "public-read" })],
  "delete bucket": ["DeleteBucket", bucket()],
  "put policy": ["PutBucketPolicy", bucket({ Policy: "{}" })],
  "get policy": ["GetBucketPolicy", bucket()],
  "put CORS": ["PutBucketCors", bucket()],
  "delete CORS": ["DeleteBucketCors", bucket()],
  "put lifecycle": ["PutBucketLifecycleConfiguration", bucket()],
} as const satisfies Record<string, readonly [operation: string, parameters: JsonObject]>;

type RequestName = keyof typeof REQUESTS;

function decide(
  name: RequestName,
  policies: ApplicablePolicies,
  changed: Partial<ServiceRequest> = {},
): Verdict {
  const [operation, parameters] = REQUESTS[name];
  return authorizeRequest(serviceRequest(operation, parameters, changed), SESSION, policies);
}

function effectOf(verdict: Verdict): Effect | undefined {
  return verdict.allowed ? "Allow" : verdict.refused?.effect;
}

type Table = Readonly<Partial<Record<Effect, readonly RequestName[]>>>;

const rows: (readonly [title: string, name: RequestName, effect: Effect, policies: ApplicablePolicies])[] =
  [];

/** Adds one row for each request of a table. */
function check(
  title: string,
  policies: ApplicablePolicies,
  { Allow, ImplicitDeny, ExplicitDeny }: Table,
): void {
  for (const name of Allow ?? []) rows.push([title, name, "Allow", policies]);
  for (const name of ImplicitDeny ?? []) rows.push([title, name, "ImplicitDeny", policies]);
  for (const name of ExplicitDeny ?? []) rows.push([title, name, "ExplicitDeny", policies]);
}

check(
  "no policy",
  { identityPolicies: [] },
  { ImplicitDeny: ["get", "list", "put", "list buckets", "delete two"] },
);

check("AmazonS3FullAccess", identity({ Action: ["s3:*", "s3-object-lambda:*"], Resource: "*" }), {
  Allow: [
    "get",
    "list",
    "put publicly",
    "list buckets",
    "delete a version",
    "copy in",
    "create bucket",
    "put policy",
  ],
});

check(
  "AmazonS3ReadOnlyAccess",
  identity({ Action: ["s3:Get*", "s3:List*", "s3:Describe*"], Resource: "*" }),
  {
    Allow: [
      ...([
        "get",
        "get a version",
        "head",
        "attributes",
        "get tags",
        "get ACL",
        "list",
        "list versions",
      ] as const),
      ...(["head bucket", "list uploads", "list buckets", "location", "list parts", "get policy"] as const),
    ],
    ImplicitDeny: [
      ...([
        "put",
        "upload part",
        "complete upload",
        "abort upload",
        "copy within",
        "delete",
        "delete two",
      ] as const),
      ...([
        "put tags",
        "put ACL",
        "create bucket",
        "delete bucket",
        "put policy",
        "put CORS",
        "delete CORS",
      ] as const),
    ],
  },
);

check("GetObject below one prefix", identity({ Action: "s3:GetObject", Resource: `${BUCKET}/2026/*` }), {
  Allow: ["get", "head"],
  ImplicitDeny: [
    ...([
      "get elsewhere",
      "get from another bucket",
      "get a version",
      "attributes",
      "get tags",
      "list",
    ] as const),
    ...(["head bucket", "put", "copy within"] as const),
  ],
});

check("ListBucket on the bucket", identity({ Action: "s3:ListBucket", Resource: BUCKET }), {
  Allow: ["list", "list 2026/", "list by version 1", "head bucket"],
  ImplicitDeny: ["list versions", "list uploads", "list buckets", "get", "location"],
});

check("ListBucket on the objects grants nothing", identity({ Action: "s3:ListBucket", Resource: ALL }), {
  ImplicitDeny: ["list", "list 2026/", "head bucket"],
});

check("GetObject on the bucket grants nothing", identity({ Action: "s3:GetObject", Resource: BUCKET }), {
  ImplicitDeny: ["get", "head"],
});

check(
  "ListBucket of one prefix",
  identity({
    Action: "s3:ListBucket",
    Resource: BUCKET,
    Condition: { StringLike: { "s3:prefix": "2026/*" } },
  }),
  {
    Allow: ["list 2026/", "list by version 1"],
    // HeadBucket and a list without prefix do not have the key.
    ImplicitDeny: ["list", "list 2025/", "head bucket"],
  },
);

check(
  "ListBucket, except one prefix",
  identity(
    { Action: "s3:ListBucket", Resource: BUCKET },
    {
      Effect: "Deny",
      Action: "s3:ListBucket",
      Resource: BUCKET,
      Condition: { StringEquals: { "s3:prefix": "2025/" } },
    },
  ),
  { Allow: ["list", "list 2026/", "head bucket"], ExplicitDeny: ["list 2025/"] },
);

check(
  "ListBucket of at most 100 keys",
  identity({
    Action: "s3:ListBucket",
    Resource: BUCKET,
    Condition: { NumericLessThanEquals: { "s3:max-keys": "100" } },
  }),
  { Allow: ["list 2026/ 10 keys"], ImplicitDeny: ["list 2026/ 1000 keys", "list"] },
);

check(
  "ListBucket with the delimiter /",
  identity({
    Action: "s3:ListBucket",
    Resource: BUCKET,
    Condition: { StringEquals: { "s3:delimiter": "/" } },
  }),
  { Allow: ["list 2026/", "list 2025/"], ImplicitDeny: ["list", "list by version 1"] },
);

check("PutObject", identity({ Action: "s3:PutObject", Resource: ALL }), {
  Allow: [
    ...(["put", "put encrypted", "put in Glacier", "put if new"] as const),
    ...(["start upload", "upload part", "complete upload"] as const),
  ],
  ImplicitDeny: [
    ...(["put publicly", "put tagged blue", "abort upload", "list parts", "copy within", "copy in"] as const),
    ...(["delete", "put tags", "put ACL", "get"] as const),
  ],
});

check(
  "PutObject and PutObjectAcl",
  identity({ Action: ["s3:PutObject", "s3:PutObjectAcl"], Resource: ALL }),
  {
    Allow: ["put", "put publicly", "put for the owner", "put ACL"],
    ImplicitDeny: ["put tagged blue"],
  },
);

check(
  "PutObject only with bucket-owner-full-control",
  identity({
    Action: ["s3:PutObject", "s3:PutObjectAcl"],
    Resource: ALL,
    Condition: { StringEquals: { "s3:x-amz-acl": "bucket-owner-full-control" } },
  }),
  { Allow: ["put for the owner"], ImplicitDeny: ["put", "put publicly", "put ACL", "upload part"] },
);

const UNENCRYPTED = { Effect: "Deny", Action: "s3:PutObject", Resource: ALL } as const;
check(
  "PutObject, denied without KMS",
  identity(
    { Action: "s3:PutObject", Resource: ALL },
    { ...UNENCRYPTED, Condition: { StringNotEquals: { "s3:x-amz-server-side-encryption": "aws:kms" } } },
  ),
  { Allow: ["put encrypted"], ExplicitDeny: ["put", "put AES256", "upload part"] },
);

check(
  "PutObject, denied without any encryption header",
  identity(
    { Action: "s3:PutObject", Resource: ALL },
    { ...UNENCRYPTED, Condition: { Null: { "s3:x-amz-server-side-encryption": "true" } } },
  ),
  { Allow: ["put encrypted", "put AES256"], ExplicitDeny: ["put"] },
);

check(
  "PutObject in Glacier only",
  identity({
    Action: "s3:PutObject",
    Resource: ALL,
    Condition: { StringEquals: { "s3:x-amz-storage-class": "GLACIER" } },
  }),
  { Allow: ["put in Glacier"], ImplicitDeny: ["put"] },
);

check(
  "PutObject with the tag of the team",
  identity({
    Action: ["s3:PutObject", "s3:PutObjectTagging"],
    Resource: ALL,
    Condition: { StringEquals: { "s3:RequestObjectTag/team": "${aws:PrincipalTag/team}" } },
  }),
  { Allow: ["put tagged blue", "put tagged twice", "put tags"], ImplicitDeny: ["put", "put tagged red"] },
);

check(
  "PutObject with no other tags",
  identity({
    Action: ["s3:PutObject", "s3:PutObjectTagging"],
    Resource: ALL,
    Condition: { "ForAllValues:StringEquals": { "s3:RequestObjectTagKeys": ["team"] } },
  }),
  { Allow: ["put", "put tagged blue", "put tagged red"], ImplicitDeny: ["put tagged twice"] },
);

check(
  "conditional writes, parts aside",
  identity(
    { Action: "s3:PutObject", Resource: ALL },
    {
      ...UNENCRYPTED,
      Condition: { Null: { "s3:if-none-match": "true" }, Bool: { "s3:ObjectCreationOperation": "true" } },
    },
  ),
  { Allow: ["put if new", "start upload", "upload part"], ExplicitDeny: ["put", "complete upload"] },
);

check(
  "DeleteObject below one prefix",
  identity({ Action: "s3:DeleteObject", Resource: `${BUCKET}/2026/*` }),
  {
    Allow: ["delete", "delete two"],
    ImplicitDeny: ["delete a version", "delete here and there", "delete bucket"],
  },
);

check(
  "GetObject and PutObject in one bucket",
  identity({ Action: ["s3:GetObject", "s3:PutObject"], Resource: ALL }),
  { Allow: ["copy within", "get", "put"], ImplicitDeny: ["copy in", "copy out", "copy a part in"] },
);

check(
  "read elsewhere, write here",
  identity(
    { Action: "s3:GetObject", Resource: "arn:aws:s3:::other/*" },
    { Action: "s3:PutObject", Resource: ALL },
  ),
  { Allow: ["copy in", "copy a part in"], ImplicitDeny: ["copy within", "copy out"] },
);

check(
  "copies from one bucket only",
  identity(
    { Action: ["s3:GetObject", "s3:PutObject"], Resource: "*" },
    {
      ...UNENCRYPTED,
      Condition: {
        StringNotLikeIfExists: { "s3:x-amz-copy-source": "other/*" },
        Null: { "s3:x-amz-copy-source": "false" },
      },
    },
  ),
  { Allow: ["copy in", "put"], ExplicitDeny: ["copy within"] },
);

check("all but deletes", identity({ NotAction: ["s3:Delete*", "s3:PutBucket*"], Resource: "*" }), {
  Allow: ["get", "put", "list buckets", "create bucket", "put lifecycle"],
  ImplicitDeny: ["delete", "delete two", "delete bucket", "put policy", "put CORS", "delete CORS"],
});

check("all outside one bucket", identity({ Action: "s3:*", NotResource: [BUCKET, ALL] }), {
  Allow: ["get from another bucket", "list buckets"],
  ImplicitDeny: ["get", "list", "copy in", "copy out"],
});

check(
  "ListAllMyBuckets on all buckets, as AWS's examples write it",
  identity({ Action: "s3:ListAllMyBuckets", Resource: "arn:aws:s3:::*" }),
  { Allow: ["list buckets"], ImplicitDeny: ["list"] },
);

check(
  "ListAllMyBuckets on a bucket grants nothing",
  identity({ Action: "s3:ListAllMyBuckets", Resource: BUCKET }),
  {
    ImplicitDeny: ["list buckets"],
  },
);

check("CreateBucket", identity({ Action: "s3:CreateBucket", Resource: "*" }), {
  Allow: ["create bucket"],
  ImplicitDeny: ["create a public bucket", "delete bucket"],
});

check("PutBucketCORS", identity({ Action: "s3:PutBucketCORS", Resource: BUCKET }), {
  Allow: ["put CORS", "delete CORS"],
  ImplicitDeny: ["put policy", "put lifecycle"],
});

const FULL = identity({ Action: "s3:*", Resource: "*" });
const READ = policy({ Action: ["s3:GetObject", "s3:ListBucket"], Resource: [BUCKET, ALL] });

check(
  "a session policy limits the role",
  { ...FULL, sessionPolicies: [{ name: "profile", document: READ }] },
  {
    Allow: ["get", "head", "list"],
    ImplicitDeny: ["put", "get a version", "get from another bucket", "list buckets"],
  },
);

check(
  "two session policies allow what any of them allows",
  {
    ...FULL,
    sessionPolicies: [
      { name: "profile", document: READ },
      { name: "write", document: policy({ Action: "s3:PutObject", Resource: ALL }) },
    ],
  },
  { Allow: ["get", "put", "copy within"], ImplicitDeny: ["delete", "copy in"] },
);

check(
  "a session policy adds nothing to the role",
  {
    ...identity({ Action: "s3:GetObject", Resource: ALL }),
    sessionPolicies: [{ name: "profile", document: policy({ Action: "s3:*", Resource: "*" }) }],
  },
  { Allow: ["get"], ImplicitDeny: ["put", "list"] },
);

check(
  "a permissions boundary limits the role",
  { ...FULL, permissionsBoundary: { name: "limit", document: READ } },
  {
    Allow: ["get", "list"],
    ImplicitDeny: ["put", "list buckets"],
  },
);

const ROLE = { AWS: SESSION.roleArn };
const THIS_SESSION = { AWS: SESSION.assumedRoleArn };

function bucketPolicy(...statements: readonly StatementSpec[]): Pick<ApplicablePolicies, "resourcePolicies"> {
  const document = policy(...statements);
  return { resourcePolicies: [{ name: "bucket policy", document, resourceArn: BUCKET }] };
}

const NOTHING: ApplicablePolicies = { identityPolicies: [] };
const DENY_ALL_BUT_LIST = {
  sessionPolicies: [{ name: "profile", document: policy({ Action: "s3:ListBucket", Resource: BUCKET }) }],
};

check(
  "a bucket policy that names the role grants alone",
  { ...NOTHING, ...bucketPolicy({ Principal: ROLE, Action: "s3:GetObject", Resource: ALL }) },
  { Allow: ["get", "head"], ImplicitDeny: ["put", "list", "get from another bucket"] },
);

check(
  "a bucket policy that names the role is limited by session policies",
  {
    ...NOTHING,
    ...DENY_ALL_BUT_LIST,
    ...bucketPolicy({ Principal: ROLE, Action: "s3:*", Resource: [BUCKET, ALL] }),
  },
  { Allow: ["list"], ImplicitDeny: ["get", "put"] },
);

check(
  "a bucket policy that names the session is not limited by session policies or boundary",
  {
    ...NOTHING,
    ...DENY_ALL_BUT_LIST,
    permissionsBoundary: { name: "limit", document: policy({ Action: "sqs:*", Resource: "*" }) },
    ...bucketPolicy({ Principal: THIS_SESSION, Action: "s3:GetObject", Resource: ALL }),
  },
  { Allow: ["get"], ImplicitDeny: ["put", "list"] },
);

check(
  "a bucket policy that names the account leaves it to the account",
  { ...NOTHING, ...bucketPolicy({ Principal: { AWS: ACCOUNT }, Action: "s3:*", Resource: [BUCKET, ALL] }) },
  { ImplicitDeny: ["get", "list"] },
);

check(
  "a bucket policy that denies wins over everything",
  {
    ...FULL,
    ...bucketPolicy(
      { Principal: THIS_SESSION, Action: "s3:*", Resource: [BUCKET, ALL] },
      { Effect: "Deny", Principal: "*", Action: "s3:DeleteObject*", Resource: ALL },
    ),
  },
  { Allow: ["get", "put"], ExplicitDeny: ["delete", "delete a version", "delete two"] },
);

check(
  "the bucket policy of another bucket has no say",
  {
    ...FULL,
    resourcePolicies: [
      {
        name: "bucket policy",
        document: policy({ Effect: "Deny", Principal: "*", Action: "s3:*", Resource: "*" }),
        resourceArn: "arn:aws:s3:::other",
      },
    ],
  },
  {
    Allow: ["get", "list"],
    ExplicitDeny: ["get from another bucket", "copy in", "copy out", "copy a part in"],
  },
);

describe("policies", () => {
  it.each(rows)("%s: %s: %s", (_, name, effect, policies) => {
    expect(effectOf(decide(name, policies))).toBe(effect);
  });
});

describe("a bucket whose name is the start of another one's", () => {
  it("has no say about the other one", () => {
    const deny = policy({ Effect: "Deny", Principal: "*", Action: "s3:*", Resource: "*" });
    const resourcePolicies = [{ name: "bucket policy", document: deny, resourceArn: "arn:aws:s3:::rep" }];
    expect(effectOf(decide("get", { ...FULL, resourcePolicies }))).toBe("Allow");
    expect(effectOf(decide("list", { ...FULL, resourcePolicies }))).toBe("Allow");
  });
});

describe("AWSRevokeOlderSessions", () => {
  const revoke = (time: string): ApplicablePolicies =>
    identity(
      { Action: "s3:*", Resource: "*" },
      {
        Effect: "Deny",
        Action: "*",
        Resource: "*",
        Condition: { DateLessThan: { "aws:TokenIssueTime": time } },
      },
    );
  it.each<[string, time: string, Effect]>([
    ["ends sessions that were issued before", "2026-06-15T11:30:01Z", "ExplicitDeny"],
    ["leaves sessions that were issued after", "2026-06-15T11:30:00Z", "Allow"],
  ])("%s", (_, time, effect) => {
    expect(effectOf(decide("get", revoke(time)))).toBe(effect);
  });
});

describe("the bucket of another account", () => {
  const foreign = { resourceAccountId: "444455556666" };
  const grant = bucketPolicy({ Principal: ROLE, Action: "s3:GetObject", Resource: ALL });
  it.each<[string, ApplicablePolicies, Effect]>([
    ["needs its bucket policy", FULL, "ImplicitDeny"],
    ["needs the role's policy as well", { ...NOTHING, ...grant }, "ImplicitDeny"],
    ["is open when both allow", { ...FULL, ...grant }, "Allow"],
  ])("%s", (_, policies, effect) => {
    expect(effectOf(decide("get", policies, foreign))).toBe(effect);
  });
});

describe("conditions on request and session", () => {
  const get = (Condition: JsonObject): ApplicablePolicies =>
    identity({ Action: "s3:GetObject", Resource: "*", Condition });
  it.each<[string, Condition: JsonObject, changed: Partial<ServiceRequest>, Effect]>([
    ["TLS", { Bool: { "aws:SecureTransport": "true" } }, {}, "Allow"],
    ["no TLS", { Bool: { "aws:SecureTransport": "true" } }, { secureTransport: false }, "ImplicitDeny"],
    ["TLS 1.2 or newer", { NumericGreaterThanEquals: { "s3:TlsVersion": "1.2" } }, {}, "Allow"],
    [
      "TLS 1.1",
      { NumericGreaterThanEquals: { "s3:TlsVersion": "1.2" } },
      { tlsVersion: "TLSv1.1" },
      "ImplicitDeny",
    ],
    ["an address of the range", { IpAddress: { "aws:SourceIp": "192.0.2.0/24" } }, {}, "Allow"],
    [
      "an address outside",
      { IpAddress: { "aws:SourceIp": "192.0.2.0/24" } },
      { sourceIp: "198.51.100.1" },
      "ImplicitDeny",
    ],
    ["the region", { StringEquals: { "aws:RequestedRegion": "eu-west-1" } }, {}, "Allow"],
    [
      "another region",
      { StringEquals: { "aws:RequestedRegion": "eu-west-1" } },
      { region: "us-east-1" },
      "ImplicitDeny",
    ],
    ["before a date", { DateLessThan: { "aws:CurrentTime": "2026-07-01T00:00:00Z" } }, {}, "Allow"],
    ["after a date", { DateGreaterThan: { "aws:CurrentTime": "2026-07-01T00:00:00Z" } }, {}, "ImplicitDeny"],
    [
      "the token issued after a date",
      { DateGreaterThan: { "aws:TokenIssueTime": "2026-06-15T11:00:00Z" } },
      {},
      "Allow",
    ],
    [
      "the token issued before a date",
      { DateGreaterThan: { "aws:TokenIssueTime": "2026-06-15T11:45:00Z" } },
      {},
      "ImplicitDeny",
    ],
    ["the role's ARN", { ArnEquals: { "aws:PrincipalArn": SESSION.roleArn } }, {}, "Allow"],
    ["the session's ARN", { ArnEquals: { "aws:PrincipalArn": SESSION.assumedRoleArn } }, {}, "ImplicitDeny"],
    ["the account", { StringEquals: { "aws:PrincipalAccount": ACCOUNT } }, {}, "Allow"],
    ["a session tag", { StringEquals: { "aws:PrincipalTag/team": "blue" } }, {}, "Allow"],
    ["another session tag", { StringEquals: { "aws:PrincipalTag/team": "red" } }, {}, "ImplicitDeny"],
    ["the source identity", { StringEquals: { "aws:SourceIdentity": "CN=server-a" } }, {}, "Allow"],
    ["the user id", { StringLike: { "aws:userid": "AROAEXAMPLE0000000001:*" } }, {}, "Allow"],
    ["the type of principal", { StringEquals: { "aws:PrincipalType": "AssumedRole" } }, {}, "Allow"],
    ["MFA", { Bool: { "aws:MultiFactorAuthPresent": "true" } }, {}, "ImplicitDeny"],
    ["a user name", { Null: { "aws:username": "false" } }, {}, "ImplicitDeny"],
    ["signed headers", { StringEquals: { "s3:authType": "REST-HEADER" } }, {}, "Allow"],
    ["a presigned URL", { StringEquals: { "s3:authType": "REST-QUERY-STRING" } }, {}, "ImplicitDeny"],
    ["a fresh signature", { NumericLessThan: { "s3:signatureAge": "600000" } }, {}, "Allow"],
    ["an older signature", { NumericLessThan: { "s3:signatureAge": "1000" } }, {}, "ImplicitDeny"],
    [
      "a tag of the object",
      { StringEquals: { "s3:ExistingObjectTag/state": "final" } },
      { existingObjectTags: { state: "final" } },
      "Allow",
    ],
    [
      "another tag of the object",
      { StringEquals: { "s3:ExistingObjectTag/state": "final" } },
      { existingObjectTags: { state: "draft" } },
      "ImplicitDeny",
    ],
    [
      "a tag that nobody looked up",
      { StringEquals: { "s3:ExistingObjectTag/state": "final" } },
      {},
      "ImplicitDeny",
    ],
  ])("%s", (_, Condition, changed, effect) => {
    expect(effectOf(decide("get", get(Condition), changed))).toBe(effect);
  });

  it("gives each team its own prefix", () => {
    const policies = identity({ Action: "s3:GetObject", Resource: `${BUCKET}/\${aws:PrincipalTag/team}/*` });
    const get = (Key: string): Verdict =>
      authorizeRequest(serviceRequest("GetObject", { Bucket: "reports", Key }), SESSION, policies);
    expect([get("blue/a").allowed, get("red/a").allowed, get("${aws:PrincipalTag/team}/a").allowed]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
