import type { Statement } from "./enforced-account.ts";

/** A request of the table, and what it answers when the policies allow it. */
export interface TableRequest {
  readonly service: string;
  readonly operation: string;
  readonly parameters: object;
  /** Status and code of a request that is allowed and finds nothing. @default success */
  readonly missing?: string | undefined;
}

const Bucket = "reports";
const ARN = "arn:aws:s3:::reports";
const s3 = (operation: string, parameters: object = {}, missing?: string): TableRequest => ({
  service: "s3",
  operation,
  parameters,
  missing,
});
const of = (service: string, operation: string, parameters: object = {}, missing?: string): TableRequest => ({
  service,
  operation,
  parameters,
  missing,
});

/** The requests of the table. The bucket `reports` has the objects `a.txt`, `public/b.txt` and `secret/c.txt`. */
export const REQUESTS = {
  get: s3("GetObject", { Bucket, Key: "a.txt" }),
  getPublic: s3("GetObject", { Bucket, Key: "public/b.txt" }),
  getSecret: s3("GetObject", { Bucket, Key: "secret/c.txt" }),
  getMissing: s3("GetObject", { Bucket, Key: "none" }, "404 NoSuchKey"),
  getVersion: s3("GetObject", { Bucket, Key: "a.txt", VersionId: "null" }),
  getAttributes: s3("GetObjectAttributes", { Bucket, Key: "a.txt", ObjectAttributes: ["ObjectSize"] }),
  getTags: s3("GetObjectTagging", { Bucket, Key: "a.txt" }),
  getAcl: s3("GetObjectAcl", { Bucket, Key: "a.txt" }),
  list: s3("ListObjectsV2", { Bucket }),
  list1: s3("ListObjects", { Bucket }),
  listPublic: s3("ListObjectsV2", { Bucket, Prefix: "public/" }),
  listSecret: s3("ListObjectsV2", { Bucket, Prefix: "secret/" }),
  listVersions: s3("ListObjectVersions", { Bucket }),
  listUploads: s3("ListMultipartUploads", { Bucket }),
  listBuckets: s3("ListBuckets"),
  location: s3("GetBucketLocation", { Bucket }),
  versioning: s3("GetBucketVersioning", { Bucket }),
  bucketAcl: s3("GetBucketAcl", { Bucket }),
  bucketPolicy: s3("GetBucketPolicy", { Bucket }, "404 NoSuchBucketPolicy"),
  deleteBucketPolicy: s3("DeleteBucketPolicy", { Bucket }),
  put: s3("PutObject", { Bucket, Key: "new.txt", Body: "x" }),
  putOwn: s3("PutObject", { Bucket, Key: "client/x", Body: "x" }),
  putOther: s3("PutObject", { Bucket, Key: "server/x", Body: "x" }),
  putTagged: s3("PutObject", { Bucket, Key: "new.txt", Body: "x", Tagging: "team=red" }),
  putAcl: s3("PutObject", { Bucket, Key: "new.txt", Body: "x", ACL: "bucket-owner-full-control" }),
  putEncrypted: s3("PutObject", { Bucket, Key: "new.txt", Body: "x", ServerSideEncryption: "AES256" }),
  putIa: s3("PutObject", { Bucket, Key: "new.txt", Body: "x", StorageClass: "STANDARD_IA" }),
  tag: s3("PutObjectTagging", { Bucket, Key: "a.txt", Tagging: { TagSet: [{ Key: "team", Value: "red" }] } }),
  copy: s3("CopyObject", { Bucket, Key: "copy.txt", CopySource: "reports/a.txt" }),
  copySecret: s3("CopyObject", { Bucket, Key: "copy.txt", CopySource: "reports/secret/c.txt" }),
  remove: s3("DeleteObject", { Bucket, Key: "none" }),
  removeSecret: s3("DeleteObject", { Bucket, Key: "secret/none" }),
  startUpload: s3("CreateMultipartUpload", { Bucket, Key: "large" }),
  abortUpload: s3("AbortMultipartUpload", { Bucket, Key: "large", UploadId: "none" }, "404 NoSuchUpload"),
  createBucket: s3("CreateBucket", { Bucket: "reports-2" }),
  whoAmI: of("sts", "GetCallerIdentity"),
  assume: of("sts", "AssumeRole", {
    RoleArn: "arn:aws:iam::000000000000:role/trusting",
    RoleSessionName: "again",
  }),
  assumeUntrusting: of("sts", "AssumeRole", {
    RoleArn: "arn:aws:iam::000000000000:role/table",
    RoleSessionName: "again",
  }),
  listRoles: of("iam", "ListRoles"),
  getRole: of("iam", "GetRole", { RoleName: "table" }),
  getOtherRole: of("iam", "GetRole", { RoleName: "trusting" }),
  listUsers: of("iam", "ListUsers"),
  listStacks: of("cloudformation", "ListStacks"),
  getParameter: of("ssm", "GetParameter", { Name: "/app/a" }, "400 ParameterNotFound"),
  getOtherParameter: of("ssm", "GetParameter", { Name: "/other" }, "400 ParameterNotFound"),
} as const satisfies Record<string, TableRequest>;

export type RequestName = keyof typeof REQUESTS;

/** A policy of the role, and the requests that it allows and refuses. */
export interface TablePolicy {
  readonly title: string;
  readonly statements: readonly Statement[];
  readonly allows: readonly RequestName[];
  readonly refuses: readonly RequestName[];
}

const allow = (Action: string | string[], Resource: string | string[], Condition?: object): Statement => ({
  Effect: "Allow",
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});
const deny = (Action: string | string[], Resource: string | string[], Condition?: object): Statement => ({
  ...allow(Action, Resource, Condition),
  Effect: "Deny",
});
const EVERYTHING = allow("*", "*");

export const TABLE: readonly TablePolicy[] = [
  {
    title: "reading objects",
    statements: [allow("s3:GetObject", `${ARN}/*`)],
    allows: ["get", "getPublic", "getSecret", "whoAmI"],
    // Without s3:ListBucket nobody learns that an object is missing.
    refuses: [
      "list",
      "put",
      "remove",
      "getTags",
      "getAcl",
      "listBuckets",
      "copy",
      "getParameter",
      "getVersion",
    ],
  },
  {
    title: "reading one object",
    statements: [allow("s3:GetObject", `${ARN}/a.txt`)],
    allows: ["get"],
    refuses: ["getPublic", "getSecret", "list"],
  },
  {
    title: "reading a folder, with wildcards",
    statements: [allow("s3:Get*", `${ARN}/pub?ic/*`)],
    allows: ["getPublic"],
    refuses: ["get", "getSecret", "location"],
  },
  {
    title: "listing",
    statements: [allow("s3:ListBucket", ARN)],
    allows: ["list", "list1", "listPublic", "listSecret"],
    refuses: ["get", "listVersions", "listUploads", "listBuckets", "location"],
  },
  {
    title: "listing one prefix",
    statements: [allow("s3:ListBucket", ARN, { StringLike: { "s3:prefix": "public/*" } })],
    allows: ["listPublic"],
    refuses: ["list", "list1", "listSecret"],
  },
  {
    title: "objects of the bucket as resource of a bucket action",
    statements: [allow("s3:*", `${ARN}/*`)],
    allows: ["get", "getTags", "put", "remove", "tag", "startUpload", "abortUpload", "copy", "getVersion"],
    refuses: ["list", "location", "versioning", "bucketPolicy", "listBuckets", "createBucket"],
  },
  {
    title: "the bucket alone as resource of object actions",
    statements: [allow("s3:*", ARN)],
    allows: ["list", "listVersions", "listUploads", "location", "versioning", "bucketAcl", "bucketPolicy"],
    refuses: ["get", "put", "remove", "startUpload", "listBuckets"],
  },
  {
    title: "reading and listing",
    statements: [allow(["s3:GetObject", "s3:ListBucket"], [ARN, `${ARN}/*`])],
    allows: ["get", "getMissing", "list"],
    refuses: ["put", "deleteBucketPolicy", "getAcl"],
  },
  {
    title: "writing objects",
    statements: [allow("s3:PutObject", `${ARN}/*`)],
    allows: ["put", "putEncrypted", "putIa", "startUpload"],
    refuses: ["putTagged", "putAcl", "tag", "abortUpload", "get", "remove", "copy"],
  },
  {
    title: "writing objects with tags",
    statements: [allow(["s3:PutObject", "s3:PutObjectTagging"], `${ARN}/*`)],
    allows: ["put", "putTagged", "tag"],
    refuses: ["putAcl", "getTags"],
  },
  {
    title: "writing objects with an ACL",
    statements: [allow(["s3:PutObject", "s3:PutObjectAcl"], `${ARN}/*`)],
    allows: ["putAcl"],
    refuses: ["putTagged", "getAcl"],
  },
  {
    title: "writing encrypted objects only",
    statements: [
      allow("s3:PutObject", `${ARN}/*`, { StringEquals: { "s3:x-amz-server-side-encryption": "AES256" } }),
    ],
    allows: ["putEncrypted"],
    refuses: ["put", "putIa"],
  },
  {
    title: "denying what is not encrypted",
    statements: [
      allow("s3:PutObject", `${ARN}/*`),
      deny("s3:PutObject", `${ARN}/*`, { Null: { "s3:x-amz-server-side-encryption": "true" } }),
    ],
    allows: ["putEncrypted"],
    refuses: ["put"],
  },
  {
    title: "one storage class",
    statements: [
      allow("s3:PutObject", `${ARN}/*`, { StringEquals: { "s3:x-amz-storage-class": "STANDARD_IA" } }),
    ],
    allows: ["putIa"],
    refuses: ["put", "putEncrypted"],
  },
  {
    title: "one's own folder, by the session tag of the certificate's name",
    statements: [allow("s3:PutObject", `${ARN}/\${aws:PrincipalTag/x509Subject/CN}/*`)],
    allows: ["putOwn"],
    refuses: ["putOther", "put"],
  },
  {
    title: "a copy needs the right to read its source",
    statements: [allow("s3:PutObject", `${ARN}/*`), allow("s3:GetObject", `${ARN}/a.txt`)],
    allows: ["copy"],
    refuses: ["copySecret"],
  },
  {
    title: "everything but one folder",
    statements: [EVERYTHING, deny("s3:*", `${ARN}/secret/*`)],
    allows: ["get", "list", "put", "remove", "listRoles", "listBuckets", "getParameter"],
    refuses: ["getSecret", "removeSecret", "copySecret"],
  },
  {
    title: "NotAction",
    statements: [{ Effect: "Allow", NotAction: "iam:*", Resource: "*" }],
    allows: ["get", "listStacks", "getParameter", "createBucket"],
    refuses: ["listRoles", "getRole", "listUsers"],
  },
  {
    title: "NotResource",
    statements: [{ Effect: "Allow", Action: "s3:*", NotResource: `${ARN}/secret/*` }],
    allows: ["get", "list"],
    refuses: ["getSecret", "copySecret", "removeSecret"],
  },
  {
    title: "from the address of the test",
    statements: [allow("s3:GetObject", `${ARN}/*`, { IpAddress: { "aws:SourceIp": "127.0.0.0/8" } })],
    allows: ["get"],
    refuses: ["put"],
  },
  {
    title: "from another address",
    statements: [allow("s3:GetObject", `${ARN}/*`, { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } })],
    allows: [],
    refuses: ["get"],
  },
  {
    title: "over TLS, which the sandbox says that it is",
    statements: [EVERYTHING, deny("*", "*", { Bool: { "aws:SecureTransport": "false" } })],
    allows: ["get", "listRoles"],
    refuses: [],
  },
  {
    title: "in another region",
    statements: [allow("*", "*", { StringEquals: { "aws:RequestedRegion": "eu-central-1" } })],
    allows: [],
    refuses: ["get", "getParameter", "listStacks"],
  },
  {
    title: "in this region",
    statements: [allow("*", "*", { StringEquals: { "aws:RequestedRegion": "us-east-1" } })],
    allows: ["get", "getParameter", "listStacks"],
    refuses: [],
  },
  {
    title: "until a time that is over",
    statements: [allow("*", "*", { DateLessThan: { "aws:CurrentTime": "2020-01-01T00:00:00Z" } })],
    allows: ["whoAmI"],
    refuses: ["get", "listRoles"],
  },
  {
    title: "since a time that is over",
    statements: [allow("*", "*", { DateGreaterThan: { "aws:CurrentTime": "2020-01-01T00:00:00Z" } })],
    allows: ["get", "listRoles"],
    refuses: [],
  },
  {
    title: "by the source identity",
    statements: [allow("s3:GetObject", `${ARN}/*`, { StringEquals: { "aws:SourceIdentity": "CN=client" } })],
    allows: ["get"],
    refuses: ["put"],
  },
  {
    title: "by another source identity",
    statements: [allow("s3:GetObject", `${ARN}/*`, { StringEquals: { "aws:SourceIdentity": "CN=server" } })],
    allows: [],
    refuses: ["get"],
  },
  {
    title: "by the issuer of the certificate",
    statements: [
      allow("s3:GetObject", `${ARN}/*`, { StringEquals: { "aws:PrincipalTag/x509Issuer/CN": "Root" } }),
    ],
    allows: ["get"],
    refuses: ["put"],
  },
  {
    title: "by the role",
    statements: [allow("s3:*", "*", { ArnLike: { "aws:PrincipalArn": "arn:aws:iam::*:role/table" } })],
    allows: ["get", "listBuckets"],
    refuses: ["listRoles"],
  },
  {
    title: "with MFA, which no session of Roles Anywhere has",
    statements: [allow("*", "*", { Bool: { "aws:MultiFactorAuthPresent": "true" } })],
    allows: ["whoAmI"],
    refuses: ["get"],
  },
  {
    title: "administering the bucket",
    statements: [allow(["s3:GetBucketPolicy", "s3:DeleteBucketPolicy", "s3:GetBucketVersioning"], ARN)],
    allows: ["bucketPolicy", "deleteBucketPolicy", "versioning"],
    refuses: ["location", "bucketAcl", "list"],
  },
  {
    title: "buckets of the account",
    statements: [allow(["s3:ListAllMyBuckets", "s3:CreateBucket"], "*")],
    allows: ["listBuckets", "createBucket"],
    refuses: ["list", "get"],
  },
  {
    title: "IAM, one role",
    statements: [allow("iam:GetRole", "arn:aws:iam::000000000000:role/table")],
    allows: ["getRole"],
    refuses: ["getOtherRole", "listRoles", "listUsers"],
  },
  {
    title: "IAM, reading",
    statements: [allow(["iam:Get*", "iam:List*"], "*")],
    allows: ["getRole", "listRoles", "listUsers"],
    refuses: ["get", "listBuckets"],
  },
  {
    title: "assuming roles, which these must trust",
    statements: [allow("sts:AssumeRole", "*")],
    allows: ["assume", "whoAmI"],
    refuses: ["assumeUntrusting"],
  },
  {
    title: "Systems Manager, one path",
    statements: [allow("ssm:GetParameter", "arn:aws:ssm:us-east-1:000000000000:parameter/app/*")],
    allows: ["getParameter"],
    refuses: ["getOtherParameter"],
  },
  {
    title: "nothing but a denial",
    statements: [deny("s3:PutObject", "*")],
    allows: ["whoAmI"],
    refuses: ["get", "put", "list", "listRoles", "listStacks", "assume"],
  },
];
