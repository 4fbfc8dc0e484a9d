/** What a permission of S3 is about. */
export type S3Target =
  /** The bucket `Bucket`. */
  | "bucket"
  /** The object `Key` in the bucket. */
  | "object"
  /** Each object of `Delete.Objects`. */
  | "deleted objects"
  /** The object of `CopySource`. */
  | "source"
  /** The directory bucket `Bucket`. */
  | "directory bucket"
  /** All buckets of the account, as AWS's own examples name them for `s3:ListAllMyBuckets`. */
  | "all buckets"
  /** The role of a replication configuration. */
  | "replication role"
  /** No resource. */
  | "*";

/** One permission that an operation of S3 needs. */
export interface S3Permission {
  readonly action: string;
  readonly on: S3Target;
  /** The action instead when the request names a version. */
  readonly versioned?: string | undefined;
  /** Parameters of which one must be there for the permission to be needed. @default always needed */
  readonly ifAny?: readonly string[] | undefined;
  /** For tags that go along with a copied object: needed when the object is known to have some. */
  readonly ifTagsCopied?: boolean | undefined;
}

const bucket = (action: string, ...ifAny: string[]): S3Permission => on("bucket", action, undefined, ifAny);
const object = (action: string, versioned?: string): S3Permission => on("object", action, versioned);
const optional = (action: string, ...ifAny: string[]): S3Permission => on("object", action, undefined, ifAny);

function on(
  target: S3Target,
  action: string,
  versioned?: string,
  ifAny: readonly string[] = [],
): S3Permission {
  return {
    on: target,
    action: `s3:${action}`,
    versioned: versioned === undefined ? undefined : `s3:${versioned}`,
    ifAny: ifAny.length === 0 ? undefined : ifAny,
  };
}

const GRANTS = ["GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP"];

/** What writing an object needs beyond the object itself. */
const ATTRIBUTES: readonly S3Permission[] = [
  optional("PutObjectAcl", "ACL", ...GRANTS),
  optional("PutObjectTagging", "Tagging"),
  optional("PutObjectRetention", "ObjectLockMode", "ObjectLockRetainUntilDate"),
  optional("PutObjectLegalHold", "ObjectLockLegalHoldStatus"),
];

const SOURCE = on("source", "GetObject", "GetObjectVersion");
const BYPASS = "BypassGovernanceRetention";

/**
 * The permissions of every operation of S3, by its name in the service model. `PostObject` is LocalStack's name for the
 * upload of a browser form.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
export const S3_OPERATIONS: Readonly<Record<string, readonly S3Permission[]>> = {
  AbortMultipartUpload: [object("AbortMultipartUpload")],
  CompleteMultipartUpload: [object("PutObject")],
  CopyObject: [
    SOURCE,
    { ...on("source", "GetObjectTagging", "GetObjectVersionTagging"), ifTagsCopied: true },
    object("PutObject"),
    ...ATTRIBUTES,
    { ...object("PutObjectTagging"), ifTagsCopied: true },
  ],
  CreateBucket: [
    bucket("CreateBucket"),
    bucket("PutBucketAcl", "ACL", ...GRANTS),
    bucket("PutBucketVersioning", "ObjectLockEnabledForBucket"),
    bucket("PutBucketObjectLockConfiguration", "ObjectLockEnabledForBucket"),
    bucket("PutBucketOwnershipControls", "ObjectOwnership"),
    bucket("TagResource", "CreateBucketConfiguration.Tags"),
  ],
  CreateBucketMetadataConfiguration: [bucket("CreateBucketMetadataTableConfiguration")],
  CreateBucketMetadataTableConfiguration: [bucket("CreateBucketMetadataTableConfiguration")],
  CreateMultipartUpload: [object("PutObject"), ...ATTRIBUTES],
  CreateSession: [{ action: "s3express:CreateSession", on: "directory bucket" }],
  DeleteBucket: [bucket("DeleteBucket")],
  DeleteBucketAnalyticsConfiguration: [bucket("PutAnalyticsConfiguration")],
  DeleteBucketCors: [bucket("PutBucketCORS")],
  DeleteBucketEncryption: [bucket("PutEncryptionConfiguration")],
  DeleteBucketIntelligentTieringConfiguration: [bucket("PutIntelligentTieringConfiguration")],
  DeleteBucketInventoryConfiguration: [bucket("PutInventoryConfiguration")],
  DeleteBucketLifecycle: [bucket("PutLifecycleConfiguration")],
  DeleteBucketMetadataConfiguration: [bucket("DeleteBucketMetadataTableConfiguration")],
  DeleteBucketMetadataTableConfiguration: [bucket("DeleteBucketMetadataTableConfiguration")],
  DeleteBucketMetricsConfiguration: [bucket("PutMetricsConfiguration")],
  DeleteBucketOwnershipControls: [bucket("PutBucketOwnershipControls")],
  DeleteBucketPolicy: [bucket("DeleteBucketPolicy")],
  DeleteBucketReplication: [bucket("PutReplicationConfiguration")],
  DeleteBucketTagging: [bucket("PutBucketTagging")],
  DeleteBucketWebsite: [bucket("DeleteBucketWebsite")],
  DeleteObject: [
    object("DeleteObject", "DeleteObjectVersion"),
    on("object", "BypassGovernanceRetention", undefined, [BYPASS]),
  ],
  DeleteObjectTagging: [object("DeleteObjectTagging", "DeleteObjectVersionTagging")],
  DeleteObjects: [
    on("deleted objects", "DeleteObject", "DeleteObjectVersion"),
    on("deleted objects", "BypassGovernanceRetention", undefined, [BYPASS]),
  ],
  DeletePublicAccessBlock: [bucket("PutBucketPublicAccessBlock")],
  GetBucketAbac: [bucket("GetBucketAbac")],
  GetBucketAccelerateConfiguration: [bucket("GetAccelerateConfiguration")],
  GetBucketAcl: [bucket("GetBucketAcl")],
  GetBucketAnalyticsConfiguration: [bucket("GetAnalyticsConfiguration")],
  GetBucketCors: [bucket("GetBucketCORS")],
  GetBucketEncryption: [bucket("GetEncryptionConfiguration")],
  GetBucketIntelligentTieringConfiguration: [bucket("GetIntelligentTieringConfiguration")],
  GetBucketInventoryConfiguration: [bucket("GetInventoryConfiguration")],
  GetBucketLifecycle: [bucket("GetLifecycleConfiguration")],
  GetBucketLifecycleConfiguration: [bucket("GetLifecycleConfiguration")],
  GetBucketLocation: [bucket("GetBucketLocation")],
  GetBucketLogging: [bucket("GetBucketLogging")],
  GetBucketMetadataConfiguration: [bucket("GetBucketMetadataTableConfiguration")],
  GetBucketMetadataTableConfiguration: [bucket("GetBucketMetadataTableConfiguration")],
  GetBucketMetricsConfiguration: [bucket("GetMetricsConfiguration")],
  GetBucketNotification: [bucket("GetBucketNotification")],
  GetBucketNotificationConfiguration: [bucket("GetBucketNotification")],
  GetBucketOwnershipControls: [bucket("GetBucketOwnershipControls")],
  GetBucketPolicy: [bucket("GetBucketPolicy")],
  GetBucketPolicyStatus: [bucket("GetBucketPolicyStatus")],
  GetBucketReplication: [bucket("GetReplicationConfiguration")],
  GetBucketRequestPayment: [bucket("GetBucketRequestPayment")],
  GetBucketTagging: [bucket("GetBucketTagging")],
  GetBucketVersioning: [bucket("GetBucketVersioning")],
  GetBucketWebsite: [bucket("GetBucketWebsite")],
  GetObject: [object("GetObject", "GetObjectVersion")],
  GetObjectAcl: [object("GetObjectAcl", "GetObjectVersionAcl")],
  GetObjectAttributes: [
    object("GetObject", "GetObjectVersion"),
    object("GetObjectAttributes", "GetObjectVersionAttributes"),
  ],
  GetObjectLegalHold: [object("GetObjectLegalHold")],
  GetObjectLockConfiguration: [bucket("GetBucketObjectLockConfiguration")],
  GetObjectRetention: [object("GetObjectRetention")],
  GetObjectTagging: [object("GetObjectTagging", "GetObjectVersionTagging")],
  GetObjectTorrent: [object("GetObjectTorrent")],
  GetPublicAccessBlock: [bucket("GetBucketPublicAccessBlock")],
  HeadBucket: [bucket("ListBucket")],
  HeadObject: [object("GetObject", "GetObjectVersion")],
  ListBucketAnalyticsConfigurations: [bucket("GetAnalyticsConfiguration")],
  ListBucketIntelligentTieringConfigurations: [bucket("GetIntelligentTieringConfiguration")],
  ListBucketInventoryConfigurations: [bucket("GetInventoryConfiguration")],
  ListBucketMetricsConfigurations: [bucket("GetMetricsConfiguration")],
  ListBuckets: [on("all buckets", "ListAllMyBuckets")],
  ListDirectoryBuckets: [{ action: "s3express:ListAllMyDirectoryBuckets", on: "*" }],
  ListMultipartUploads: [bucket("ListBucketMultipartUploads")],
  ListObjectVersions: [bucket("ListBucketVersions")],
  ListObjects: [bucket("ListBucket")],
  ListObjectsV2: [bucket("ListBucket")],
  ListParts: [object("ListMultipartUploadParts")],
  PostObject: [object("PutObject"), ...ATTRIBUTES],
  PutBucketAbac: [bucket("PutBucketAbac")],
  PutBucketAccelerateConfiguration: [bucket("PutAccelerateConfiguration")],
  PutBucketAcl: [bucket("PutBucketAcl")],
  PutBucketAnalyticsConfiguration: [bucket("PutAnalyticsConfiguration")],
  PutBucketCors: [bucket("PutBucketCORS")],
  PutBucketEncryption: [bucket("PutEncryptionConfiguration")],
  PutBucketIntelligentTieringConfiguration: [bucket("PutIntelligentTieringConfiguration")],
  PutBucketInventoryConfiguration: [bucket("PutInventoryConfiguration")],
  PutBucketLifecycle: [bucket("PutLifecycleConfiguration")],
  PutBucketLifecycleConfiguration: [bucket("PutLifecycleConfiguration")],
  PutBucketLogging: [bucket("PutBucketLogging")],
  PutBucketMetricsConfiguration: [bucket("PutMetricsConfiguration")],
  PutBucketNotification: [bucket("PutBucketNotification")],
  PutBucketNotificationConfiguration: [bucket("PutBucketNotification")],
  PutBucketOwnershipControls: [bucket("PutBucketOwnershipControls")],
  PutBucketPolicy: [bucket("PutBucketPolicy")],
  PutBucketReplication: [
    bucket("PutReplicationConfiguration"),
    { action: "iam:PassRole", on: "replication role" },
  ],
  PutBucketRequestPayment: [bucket("PutBucketRequestPayment")],
  PutBucketTagging: [bucket("PutBucketTagging")],
  PutBucketVersioning: [bucket("PutBucketVersioning")],
  PutBucketWebsite: [bucket("PutBucketWebsite")],
  PutObject: [object("PutObject"), ...ATTRIBUTES],
  PutObjectAcl: [object("PutObjectAcl", "PutObjectVersionAcl")],
  PutObjectLegalHold: [object("PutObjectLegalHold")],
  PutObjectLockConfiguration: [bucket("PutBucketObjectLockConfiguration")],
  PutObjectRetention: [
    object("PutObjectRetention"),
    on("object", "BypassGovernanceRetention", undefined, [BYPASS]),
  ],
  PutObjectTagging: [object("PutObjectTagging", "PutObjectVersionTagging")],
  PutPublicAccessBlock: [bucket("PutBucketPublicAccessBlock")],
  RenameObject: [{ action: "s3express:CreateSession", on: "directory bucket" }],
  RestoreObject: [object("RestoreObject")],
  SelectObjectContent: [object("GetObject")],
  UpdateBucketMetadataInventoryTableConfiguration: [
    bucket("UpdateBucketMetadataInventoryTableConfiguration"),
  ],
  UpdateBucketMetadataJournalTableConfiguration: [bucket("UpdateBucketMetadataJournalTableConfiguration")],
  UpdateObjectEncryption: [object("UpdateObjectEncryption")],
  UploadPart: [object("PutObject")],
  UploadPartCopy: [SOURCE, object("PutObject")],
  WriteGetObjectResponse: [{ action: "s3-object-lambda:WriteGetObjectResponse", on: "*" }],
};
