import { ManagedPolicy, Role } from "aws-cdk-lib/aws-iam";
import type { RoleProps } from "aws-cdk-lib/aws-iam";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { Annotations, LegacyStackSynthesizer, CfnOutput, Duration, Stack } from "aws-cdk-lib/core";
import type { StackProps } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import { DEFAULT_SESSION_DURATION_SECONDS, required, sessionDuration } from "../constructs/checks.ts";
import { bucketReaderPolicy, ObjectBucket } from "../constructs/object-bucket.ts";
import type { BucketRemoval } from "../constructs/object-bucket.ts";
import { Profile } from "../constructs/profile.ts";
import { RolesAnywherePrincipal } from "../constructs/roles-anywhere-principal.ts";
import { TrustAnchor } from "../constructs/trust-anchor.ts";

/** What a session may do: read the stack's own bucket, or everything in every bucket of the account. */
export type RolesAnywhereAccess = "bucket-read-only" | "s3-full-access";

/** Properties of {@link RolesAnywhereStack}. */
export interface RolesAnywhereStackProps extends StackProps {
  /** One CA certificate in PEM, or two while a CA is being replaced. */
  readonly caCertificatePem: string;

  /**
   * What the role allows. `bucket-read-only`: `s3:ListBucket` on the stack's bucket and `s3:GetObject` in it.
   * `s3-full-access`: AWS's managed policy AmazonS3FullAccess, every S3 action on every bucket of the account.
   *
   * @default "bucket-read-only"
   */
  readonly access?: RolesAnywhereAccess | undefined;

  /**
   * The subject common names (CN) that may assume the role, compared exactly and with case.
   *
   * @default - every certificate issued under the CA
   */
  readonly certificateCommonNames?: readonly string[] | undefined;

  /**
   * Longest duration of a session, 900 to 43200 seconds.
   *
   * @default 3600
   */
  readonly sessionDurationSeconds?: number | undefined;

  /**
   * Whether the bucket is kept or deleted when the stack is destroyed: see {@link ObjectBucketProps.removal}.
   *
   * @default "retain"
   */
  readonly bucketRemoval?: BucketRemoval | undefined;
}

/**
 * Everything an external server needs to read a bucket with a certificate: trust anchor, role, profile and bucket.
 *
 * The stack has no assets and deploys with the caller's own credentials, so it needs no `cdk bootstrap`.
 * Outputs: `TrustAnchorArn`, `ProfileArn`, `RoleArn`, `BucketName`.
 *
 * @example
 * new RolesAnywhereStack(app, "RolesAnywhereStack", { caCertificatePem: readFileSync("pki/rootCA.pem", "utf8") });
 */
export class RolesAnywhereStack extends Stack {
  readonly trustAnchor: TrustAnchor;
  readonly role: Role;
  readonly profile: Profile;
  readonly bucket: Bucket;

  /**
   * @throws {InfraError} ERR_INFRA_CA_CERTIFICATE_INVALID when the PEM is not one or two current CA certificates
   * @throws {InfraError} ERR_INFRA_OPTION_INVALID when the PEM is missing, or an option has a value that AWS would refuse
   */
  constructor(scope: Construct, id: string, props: RolesAnywhereStackProps) {
    // Only this synthesizer needs no bootstrap role, bucket or parameter. BootstraplessSynthesizer still needs the roles.
    super(scope, id, { synthesizer: new LegacyStackSynthesizer(), ...props });

    const caCertificatePem = required(
      "caCertificatePem",
      props?.caCertificatePem,
      "give the text of the CA certificate file, from -----BEGIN CERTIFICATE----- on",
    );
    const durationSeconds = sessionDuration(props.sessionDurationSeconds ?? DEFAULT_SESSION_DURATION_SECONDS);
    const access = props.access ?? "bucket-read-only";

    this.bucket = new ObjectBucket(this, "Bucket", { removal: props.bucketRemoval ?? "retain" }).bucket;
    this.trustAnchor = new TrustAnchor(this, "TrustAnchor", { caCertificatePem });
    this.role = new Role(this, "Role", {
      description: "Assumed by servers outside AWS through IAM Roles Anywhere",
      assumedBy: new RolesAnywherePrincipal({
        trustAnchorArn: this.trustAnchor.trustAnchorArn,
        certificateCommonNames: props.certificateCommonNames,
      }),
      maxSessionDuration: roleMaximum(durationSeconds),
      ...permissions(access, this.bucket),
    });
    this.profile = new Profile(this, "Profile", { roles: [this.role], durationSeconds });

    if (access === "s3-full-access" && props.certificateCommonNames === undefined) {
      Annotations.of(this).addWarningV2(
        "@roles-anywhere/infra:s3FullAccessForEveryCertificate",
        "Every certificate issued under the CA may read, change and delete every S3 object of the account. " +
          'Use access "bucket-read-only", or name the certificates in certificateCommonNames.',
      );
    }

    new CfnOutput(this, "TrustAnchorArn", { value: this.trustAnchor.trustAnchorArn });
    new CfnOutput(this, "ProfileArn", { value: this.profile.profileArn });
    new CfnOutput(this, "RoleArn", { value: this.role.roleArn });
    new CfnOutput(this, "BucketName", { value: this.bucket.bucketName });
  }
}

/** The role's own maximum must not be below the profile's duration, and IAM's lowest maximum is one hour. */
function roleMaximum(durationSeconds: number): Duration {
  return Duration.seconds(Math.max(3600, durationSeconds));
}

function permissions(
  access: RolesAnywhereAccess,
  bucket: Bucket,
): Pick<RoleProps, "inlinePolicies" | "managedPolicies"> {
  switch (access) {
    case "bucket-read-only":
      return { inlinePolicies: { ReadBucket: bucketReaderPolicy(bucket) } };
    case "s3-full-access":
      return { managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName("AmazonS3FullAccess")] };
  }
}
