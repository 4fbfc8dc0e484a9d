import { PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import { RemovalPolicy } from "aws-cdk-lib/core";
import { Construct } from "constructs";

/** Whether the bucket is kept or deleted when its stack is destroyed. */
export type BucketRemoval = "retain" | "destroy";

/** Properties of {@link ObjectBucket}. */
export interface ObjectBucketProps {
  /**
   * Whether the bucket is kept or deleted when it is removed from the stack. `retain` keeps the bucket and every object.
   * `destroy` deletes the bucket; S3 refuses that while it holds objects, so empty it first. With both values a failed
   * first deployment removes the bucket that it made.
   *
   * @default "retain"
   */
  readonly removal?: BucketRemoval | undefined;
}

/**
 * A private bucket: no public access, encrypted by S3 (SSE-S3), no ACLs, and requests without TLS denied.
 */
export class ObjectBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: ObjectBucketProps = {}) {
    super(scope, id);
    this.bucket = new Bucket(this, "Resource", {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      removalPolicy:
        props.removal === "destroy" ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}

/**
 * The least permissions for listing a bucket and reading its objects: `s3:ListBucket` on the bucket and `s3:GetObject` on
 * its objects.
 *
 * @example
 * new Role(this, "Role", { assumedBy, inlinePolicies: { ReadBucket: bucketReaderPolicy(bucket) } });
 */
export function bucketReaderPolicy(bucket: IBucket): PolicyDocument {
  return new PolicyDocument({
    statements: [
      new PolicyStatement({ actions: ["s3:ListBucket"], resources: [bucket.bucketArn] }),
      new PolicyStatement({ actions: ["s3:GetObject"], resources: [bucket.arnForObjects("*")] }),
    ],
  });
}
