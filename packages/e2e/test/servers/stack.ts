/* oxlint-disable eslint/no-new -- a construct adds itself to its scope */
import { ManagedPolicy, PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { CfnOutput, LegacyStackSynthesizer, RemovalPolicy, Stack, Tags } from "aws-cdk-lib/core";
import type { App } from "aws-cdk-lib/core";
import { DenyOlderSessions, ExternalServer, TrustAnchor, TrustAnchorAlarms } from "@roles-anywhere/infra";

/** When the sessions of server B were issued that are denied. */
export const DENIED_BEFORE = new Date("2026-01-01T00:00:00Z");

/** An app that owns a bucket, with two servers of different rights, alarms, and sessions that are denied. */
export function addServers(app: App, caCertificatePem: string): void {
  const stack = new Stack(app, "Servers", { synthesizer: new LegacyStackSynthesizer() });
  const bucket = new Bucket(stack, "Bucket", { removalPolicy: RemovalPolicy.DESTROY });
  const trustAnchor = TrustAnchor.fromPem(stack, "TrustAnchor", caCertificatePem, {
    notificationSettings: [
      { event: "CA_CERTIFICATE_EXPIRY", thresholdDays: 90 },
      { event: "END_ENTITY_CERTIFICATE_EXPIRY", enabled: false },
    ],
  });
  Tags.of(trustAnchor).add("team", "reports");

  const serverA = new ExternalServer(stack, "A", { trustAnchor, commonNames: ["server-a"] });
  const serverB = new ExternalServer(stack, "B", {
    trustAnchor,
    uris: ["spiffe://example.org/server-b"],
    profileName: "Server B",
    durationSeconds: 900,
    acceptRoleSessionName: true,
    attributeMappings: [{ certificateField: "x509SAN", specifiers: ["URI"] }],
    sessionPolicy: new PolicyDocument({
      statements: [new PolicyStatement({ actions: ["s3:*"], resources: [bucket.bucketArn] })],
    }),
    managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName("AmazonS3ReadOnlyAccess")],
  });
  bucket.grantReadWrite(serverA);
  bucket.grantRead(serverB);
  new DenyOlderSessions(stack, "KeyLeak", { roles: [serverB.role], issuedBefore: DENIED_BEFORE });

  const { topic, expiryRule } = new TrustAnchorAlarms(stack, "Alarms", { trustAnchor, daysToExpiry: 14 });
  new CfnOutput(stack, "TopicArn", { value: topic.topicArn });
  new CfnOutput(stack, "RuleName", { value: expiryRule.ruleName });
  new CfnOutput(stack, "BucketArn", { value: bucket.bucketArn });
}
