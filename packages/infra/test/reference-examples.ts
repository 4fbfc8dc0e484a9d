import { readFileSync } from "node:fs";
import { CertificateAuthority } from "aws-cdk-lib/aws-acmpca";
import { ComparisonOperator, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { PolicyDocument, PolicyStatement, Role } from "aws-cdk-lib/aws-iam";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Duration, Stack, Tags } from "aws-cdk-lib/core";
import type { StackProps } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import {
  CertificateRevocationList,
  DenyOlderSessions,
  ExternalServer,
  Profile,
  RolesAnywherePrincipal,
  RolesAnywhereRole,
  TrustAnchor,
  TrustAnchorAlarms,
} from "../src/index.ts";

/** The examples of docs/infra.md. The page shows what stands between `// example: …` and `// end`. */
export class ReferenceExamples extends Stack {
  constructor(scope: Construct, id: string, folder: string, props?: StackProps) {
    super(scope, id, props);
    const readPki = (name: string): string => readFileSync(`${folder}/${name}`, "utf8");
    const bucket = new Bucket(this, "Bucket");
    const onCall = Role.fromRoleName(this, "OnCall", "on-call");

    // example: TrustAnchor
    const trustAnchor = TrustAnchor.fromPem(this, "TrustAnchor", readPki("rootCA.pem"), {
      notificationSettings: [{ event: "CA_CERTIFICATE_EXPIRY", thresholdDays: 90 }],
    });
    Tags.of(trustAnchor).add("team", "reports");
    trustAnchor.grant(onCall, "rolesanywhere:GetTrustAnchor", "rolesanywhere:DisableTrustAnchor");
    // end

    // example: TrustAnchor of AWS Private CA, and one that exists
    const authority = CertificateAuthority.fromCertificateAuthorityArn(
      this,
      "Authority",
      "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/3f9d2a8c-0e7b-4c55-9d1f-6b1f2f6f0a11",
    );
    TrustAnchor.fromPrivateCa(this, "PrivateCa", authority);
    const existing = TrustAnchor.fromTrustAnchorArn(
      this,
      "Existing",
      "arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/a1c4f1de-3a52-4e0a-8c1c-0c2d7e6b9f22",
    );
    // end

    // example: CertificateRevocationList
    const revoked = new CertificateRevocationList(this, "Revoked", {
      trustAnchor,
      crlPem: readPki("rootCA.crl.pem"),
    });
    revoked.grantUpdate(onCall);
    // end

    // example: RolesAnywhereRole
    const role = new RolesAnywhereRole(this, "Role", {
      trustAnchor,
      commonNames: ["reports-1", "reports-2"],
      organizationalUnits: ["Reports"],
      maxSessionDuration: Duration.hours(2),
    });
    bucket.grantRead(role);
    // end

    // example: conditions
    new RolesAnywhereRole(this, "Batch", {
      trustAnchor: existing,
      conditions: { StringLike: { "aws:PrincipalTag/x509SAN/URI": "spiffe://example.org/batch/*" } },
    });
    // end

    // example: RolesAnywherePrincipal
    new Role(this, "Own", {
      assumedBy: new RolesAnywherePrincipal({ trustAnchor, dnsNames: ["reports.example.org"] }),
    });
    // end

    // example: Profile
    const readObjects = new PolicyStatement({ actions: ["s3:GetObject"], resources: ["*"] });
    const profile = new Profile(this, "Profile", {
      roles: [role],
      durationSeconds: 7200,
      sessionPolicy: new PolicyDocument({ statements: [readObjects] }),
      attributeMappings: [{ certificateField: "x509Subject", specifiers: ["CN", "OU"] }],
    });
    // end

    // example: ExternalServer
    const server = new ExternalServer(this, "A", { trustAnchor, commonNames: ["server-a"] });
    bucket.grantReadWrite(server);
    // end

    // example: TrustAnchorAlarms
    const { topic } = new TrustAnchorAlarms(this, "Alarms", { trustAnchor, daysToExpiry: 30 });
    topic.addSubscription(new EmailSubscription("operations@example.org"));
    // end

    // example: metrics
    trustAnchor.metricSuccess({ period: Duration.hours(1) }).createAlarm(this, "NobodyCame", {
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 24,
      treatMissingData: TreatMissingData.BREACHING,
    });
    // end

    // example: DenyOlderSessions
    new DenyOlderSessions(this, "KeyLeak", {
      roles: [server.role],
      issuedBefore: new Date("2026-11-25T14:00:00Z"),
    });
    // end

    profile.grant(onCall, "rolesanywhere:DisableProfile");
  }
}
