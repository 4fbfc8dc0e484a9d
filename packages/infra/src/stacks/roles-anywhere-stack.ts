import { ManagedPolicy } from "aws-cdk-lib/aws-iam";
import type { RoleProps } from "aws-cdk-lib/aws-iam";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { CfnOutput, LegacyStackSynthesizer, Stack } from "aws-cdk-lib/core";
import type { StackProps } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import { DEFAULT_SESSION_DURATION_SECONDS, required, sessionDuration } from "../constructs/checks.ts";
import { matchableValues } from "../constructs/certificate-conditions.ts";
import { DenyOlderSessions } from "../constructs/deny-older-sessions.ts";
import { roleMaximum } from "../constructs/external-server.ts";
import { bucketReaderPolicy, ObjectBucket } from "../constructs/object-bucket.ts";
import type { BucketRemoval } from "../constructs/object-bucket.ts";
import { Profile } from "../constructs/profile.ts";
import { RolesAnywhereRole } from "../constructs/roles-anywhere-role.ts";
import { TrustAnchor } from "../constructs/trust-anchor.ts";
import { TrustAnchorAlarms } from "../constructs/trust-anchor-alarms.ts";
import { InfraError } from "../errors.ts";

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
   * The subject common names (CN) that may assume the role, compared exactly and with case. Give these or
   * `allowAnyCertificate`.
   */
  readonly certificateCommonNames?: readonly string[] | undefined;

  /**
   * Whether every certificate of the CA may assume the role. Without names the stack is refused unless this is true.
   *
   * @default false
   */
  readonly allowAnyCertificate?: boolean | undefined;

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

  /**
   * Whether the stack has {@link TrustAnchorAlarms}. Its topic is the output `AlarmTopicArn`.
   *
   * @default false
   */
  readonly alarms?: boolean | undefined;

  /**
   * Denies everything to sessions of the role that were issued before this time: see {@link DenyOlderSessions}.
   *
   * @default - no session is denied
   */
  readonly denySessionsIssuedBefore?: Date | undefined;
}

/**
 * Everything an external server needs to read a bucket with a certificate: trust anchor, role, profile and bucket.
 *
 * The stack has no assets and deploys with the caller's own credentials, so it needs no `cdk bootstrap`.
 * Outputs: `TrustAnchorArn`, `ProfileArn`, `RoleArn`, `BucketName`.
 *
 * @example
 * new RolesAnywhereStack(app, "RolesAnywhereStack", {
 *   caCertificatePem: readFileSync("pki/rootCA.pem", "utf8"),
 *   certificateCommonNames: ["server-a"],
 * });
 */
export class RolesAnywhereStack extends Stack {
  readonly trustAnchor: TrustAnchor;
  readonly role: RolesAnywhereRole;
  readonly profile: Profile;
  readonly bucket: Bucket;

  /**
   * @throws {InfraError} ERR_INFRA_CA_CERTIFICATE_INVALID when the PEM is not one or two current CA certificates
   * @throws {InfraError} ERR_INFRA_TRUST_OPEN when no certificate is named and `allowAnyCertificate` is not true
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
    this.trustAnchor = TrustAnchor.fromPem(this, "TrustAnchor", caCertificatePem, {
      trustAnchorName: this.stackName,
    });
    this.role = new RolesAnywhereRole(this, "Role", {
      trustAnchor: this.trustAnchor,
      commonNames: certificateNames(props),
      allowAnyCertificate: props.allowAnyCertificate,
      maxSessionDuration: roleMaximum(durationSeconds),
      ...permissions(access, this.bucket),
    });
    this.profile = new Profile(this, "Profile", {
      roles: [this.role],
      profileName: this.stackName,
      durationSeconds,
    });
    if (props.denySessionsIssuedBefore !== undefined) {
      new DenyOlderSessions(this, "DenyOlderSessions", {
        roles: [this.role],
        issuedBefore: props.denySessionsIssuedBefore,
      });
    }

    new CfnOutput(this, "TrustAnchorArn", { value: this.trustAnchor.trustAnchorArn });
    new CfnOutput(this, "ProfileArn", { value: this.profile.profileArn });
    new CfnOutput(this, "RoleArn", { value: this.role.roleArn });
    new CfnOutput(this, "BucketName", { value: this.bucket.bucketName });
    if (props.alarms === true) {
      const { topic } = new TrustAnchorAlarms(this, "Alarms", { trustAnchor: this.trustAnchor });
      new CfnOutput(this, "AlarmTopicArn", { value: topic.topicArn });
    }
  }
}

/** The names under the stack's own words, so that a message says which property or setting to change. */
function certificateNames(props: RolesAnywhereStackProps): readonly string[] | undefined {
  if (props.certificateCommonNames !== undefined) {
    return matchableValues("certificateCommonNames", props.certificateCommonNames);
  }
  if (props.allowAnyCertificate === true) return undefined;
  throw new InfraError(
    "ERR_INFRA_TRUST_OPEN",
    "certificateCommonNames is missing, so that every certificate of the CA could assume the role. Name the certificates: " +
      "-c certificateCommonNames=server-a,server-b; or permit them all: -c allowAnyCertificate=true.",
  );
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
