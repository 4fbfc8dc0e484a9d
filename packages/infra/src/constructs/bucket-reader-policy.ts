import { PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IBucket } from "aws-cdk-lib/aws-s3";

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
