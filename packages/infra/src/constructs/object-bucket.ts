import { PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import { RemovalPolicy } from "aws-cdk-lib/core";
import { Construct } from "constructs";

/** What becomes of the bucket when its stack is destroyed. */
export type BucketRemoval = "retain" | "destroy";

/** Properties of {@link ObjectBucket}. */
export interface ObjectBucketProps {
  /**
   * What becomes of the bucket when it leaves the stack. `retain` keeps it and every object. `destroy` deletes it,
   * which S3 refuses while it holds objects: empty it first. Either way a bucket made by a first deployment that
   * failed is removed again.
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
 * The least that listing a bucket and reading its objects takes: `s3:ListBucket` on it, `s3:GetObject` inside it.
 */
export function bucketReaderPolicy(bucket: IBucket): PolicyDocument {
  return new PolicyDocument({
    statements: [
      new PolicyStatement({ actions: ["s3:ListBucket"], resources: [bucket.bucketArn] }),
      new PolicyStatement({ actions: ["s3:GetObject"], resources: [bucket.arnForObjects("*")] }),
    ],
  });
}
