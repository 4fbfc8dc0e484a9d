import { Template } from "aws-cdk-lib/assertions";
import { App } from "aws-cdk-lib/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { makeTestCertificates } from "../../test/support/certificates.ts";
import { onlyId, onlyProperties, warningsOf } from "../../test/support/template.ts";
import { RolesAnywhereStack } from "./roles-anywhere-stack.ts";
import type { RolesAnywhereStackProps } from "./roles-anywhere-stack.ts";

const certificates = makeTestCertificates();

function stackWith(props: Partial<RolesAnywhereStackProps> = {}): RolesAnywhereStack {
  return new RolesAnywhereStack(new App(), "RolesAnywhereStack", {
    caCertificatePem: certificates.rootCa,
    certificateCommonNames: ["server"],
    ...props,
  });
}

function templateWith(props: Partial<RolesAnywhereStackProps> = {}): Template {
  return Template.fromStack(stackWith(props));
}

const warnings = (props: Partial<RolesAnywhereStackProps>, message: string) =>
  warningsOf(stackWith(props), message);

describe("RolesAnywhereStack", () => {
  it("has nothing but a trust anchor, a role, a profile and a private bucket", () => {
    const types = Object.values(templateWith().toJSON()["Resources"]).map(
      (resource) => Object(resource).Type,
    );
    expect(types.sort()).toEqual([
      "AWS::IAM::Role",
      "AWS::RolesAnywhere::Profile",
      "AWS::RolesAnywhere::TrustAnchor",
      "AWS::S3::Bucket",
      "AWS::S3::BucketPolicy",
    ]);
  });

  it("needs neither bootstrap nor parameters nor assets", () => {
    const app = new App();
    const stack = new RolesAnywhereStack(app, "RolesAnywhereStack", {
      caCertificatePem: certificates.rootCa,
      certificateCommonNames: ["server"],
    });
    expect(Object.keys(Template.fromStack(stack).toJSON()).sort()).toEqual(["Outputs", "Resources"]);
    expect(app.synth().getStackByName("RolesAnywhereStack")).toMatchObject({
      assets: [],
      assumeRoleArn: undefined,
      cloudFormationExecutionRoleArn: undefined,
      requiresBootstrapStackVersion: undefined,
      stackTemplateAssetObjectUrl: undefined,
    });
  });

  it("trusts the CA from the start", () => {
    expect(onlyProperties(templateWith(), "AWS::RolesAnywhere::TrustAnchor")).toEqual({
      Name: "RolesAnywhereStack",
      Enabled: true,
      Source: {
        SourceType: "CERTIFICATE_BUNDLE",
        SourceData: { X509CertificateData: certificates.rootCa },
      },
    });
  });

  it("takes two CA certificates while a CA is being replaced", () => {
    const bundle = certificates.rootCa + certificates.otherRootCa;
    const template = templateWith({ caCertificatePem: bundle });
    expect(onlyProperties(template, "AWS::RolesAnywhere::TrustAnchor")).toMatchObject({
      Source: { SourceData: { X509CertificateData: bundle } },
    });
  });

  it("lets only Roles Anywhere assume the role, and only for its own trust anchor", () => {
    const template = templateWith();
    const trustAnchor = onlyId(template, "AWS::RolesAnywhere::TrustAnchor");
    expect(onlyProperties(template, "AWS::IAM::Role")["AssumeRolePolicyDocument"]).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "rolesanywhere.amazonaws.com" },
          Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
          Condition: {
            ArnEquals: { "aws:SourceArn": { "Fn::GetAtt": [trustAnchor, "TrustAnchorArn"] } },
            StringEquals: { "aws:PrincipalTag/x509Subject/CN": ["server"] },
          },
        },
      ],
    });
  });

  it("trusts every certificate of the CA only when that is permitted, and warns", () => {
    const props = { certificateCommonNames: undefined, allowAnyCertificate: true };
    const template = templateWith(props);
    const trustAnchor = onlyId(template, "AWS::RolesAnywhere::TrustAnchor");
    expect(onlyProperties(template, "AWS::IAM::Role")).toMatchObject({
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Condition: { ArnEquals: { "aws:SourceArn": { "Fn::GetAtt": [trustAnchor, "TrustAnchorArn"] } } },
          },
        ],
      },
    });
    expect(JSON.stringify(onlyProperties(template, "AWS::IAM::Role"))).not.toContain("PrincipalTag");
    expect(warnings(props, "Every certificate that the CA has issued")).toHaveLength(1);
    expect(warnings({}, ".")).toEqual([]);
  });

  it("narrows the trust to the certificate names given", () => {
    const template = templateWith({
      certificateCommonNames: ["nestjs-external-server", "Zoë 2"],
    });
    const trustAnchor = onlyId(template, "AWS::RolesAnywhere::TrustAnchor");
    expect(onlyProperties(template, "AWS::IAM::Role")).toMatchObject({
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Condition: {
              ArnEquals: { "aws:SourceArn": { "Fn::GetAtt": [trustAnchor, "TrustAnchorArn"] } },
              StringEquals: { "aws:PrincipalTag/x509Subject/CN": ["nestjs-external-server", "Zoë 2"] },
            },
          },
        ],
      },
    });
  });

  it("allows listing and reading its own bucket and nothing else", () => {
    const template = templateWith();
    const bucketArn = { "Fn::GetAtt": [onlyId(template, "AWS::S3::Bucket"), "Arn"] };
    const role = onlyProperties(template, "AWS::IAM::Role");
    expect(role["Policies"]).toEqual([
      {
        PolicyName: "ReadBucket",
        PolicyDocument: {
          Version: "2012-10-17",
          Statement: [
            { Effect: "Allow", Action: "s3:ListBucket", Resource: bucketArn },
            { Effect: "Allow", Action: "s3:GetObject", Resource: { "Fn::Join": ["", [bucketArn, "/*"]] } },
          ],
        },
      },
    ]);
    expect(role).not.toHaveProperty("ManagedPolicyArns");
    template.resourceCountIs("AWS::IAM::Policy", 0);
  });

  it("grants AmazonS3FullAccess, and only that, when asked for", () => {
    const template = templateWith({ access: "s3-full-access" });
    expect(onlyProperties(template, "AWS::IAM::Role")["ManagedPolicyArns"]).toEqual([
      { "Fn::Join": ["", ["arn:", { Ref: "AWS::Partition" }, ":iam::aws:policy/AmazonS3FullAccess"]] },
    ]);
    expect(onlyProperties(template, "AWS::IAM::Role")).not.toHaveProperty("Policies");
  });

  it("warns about full access, whatever the certificates", () => {
    const message = "change and delete every S3 object";
    expect(warnings({ access: "s3-full-access" }, message)).toHaveLength(1);
    expect(
      warnings(
        { access: "s3-full-access", certificateCommonNames: undefined, allowAnyCertificate: true },
        message,
      ),
    ).toHaveLength(1);
    expect(warnings({}, message)).toEqual([]);
  });

  it("offers exactly the role through an enabled profile, for an hour", () => {
    const template = templateWith();
    expect(onlyProperties(template, "AWS::RolesAnywhere::Profile")).toEqual({
      Name: "RolesAnywhereStack",
      Enabled: true,
      RoleArns: [{ "Fn::GetAtt": [onlyId(template, "AWS::IAM::Role"), "Arn"] }],
      DurationSeconds: 3600,
    });
  });

  it.each([
    // IAM accepts no role maximum below one hour; a session longer than the role's maximum is refused, not cut.
    { sessionDurationSeconds: 900, roleMaximum: 3600 },
    { sessionDurationSeconds: 3601, roleMaximum: 3601 },
    { sessionDurationSeconds: 43_200, roleMaximum: 43_200 },
  ])(
    "lets the role live as long as a session of $sessionDurationSeconds s",
    ({ sessionDurationSeconds, roleMaximum }) => {
      const template = templateWith({ sessionDurationSeconds });
      expect(onlyProperties(template, "AWS::RolesAnywhere::Profile")["DurationSeconds"]).toBe(
        sessionDurationSeconds,
      );
      expect(onlyProperties(template, "AWS::IAM::Role")["MaxSessionDuration"]).toBe(roleMaximum);
    },
  );

  it("keeps the bucket private and encrypted, and denies requests without TLS", () => {
    const template = templateWith();
    const bucket = onlyId(template, "AWS::S3::Bucket");
    expect(onlyProperties(template, "AWS::S3::Bucket")).toEqual({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    });
    const bucketArn = { "Fn::GetAtt": [bucket, "Arn"] };
    expect(onlyProperties(template, "AWS::S3::BucketPolicy")).toMatchObject({
      Bucket: { Ref: bucket },
      PolicyDocument: {
        Statement: [
          {
            Effect: "Deny",
            Action: "s3:*",
            Principal: { AWS: "*" },
            Resource: [bucketArn, { "Fn::Join": ["", [bucketArn, "/*"]] }],
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          },
        ],
      },
    });
  });

  it.each([
    { bucketRemoval: undefined, deletionPolicy: "RetainExceptOnCreate", updateReplacePolicy: "Retain" },
    {
      bucketRemoval: "retain" as const,
      deletionPolicy: "RetainExceptOnCreate",
      updateReplacePolicy: "Retain",
    },
    { bucketRemoval: "destroy" as const, deletionPolicy: "Delete", updateReplacePolicy: "Delete" },
  ])(
    "removes the bucket as told: $bucketRemoval",
    ({ bucketRemoval, deletionPolicy, updateReplacePolicy }) => {
      const [bucket] = Object.values(templateWith({ bucketRemoval }).findResources("AWS::S3::Bucket"));
      expect(bucket).toMatchObject({
        DeletionPolicy: deletionPolicy,
        UpdateReplacePolicy: updateReplacePolicy,
      });
    },
  );

  it("has exactly the four outputs that scripts rely on", () => {
    const template = templateWith();
    expect(template.toJSON()["Outputs"]).toEqual({
      TrustAnchorArn: {
        Value: { "Fn::GetAtt": [onlyId(template, "AWS::RolesAnywhere::TrustAnchor"), "TrustAnchorArn"] },
      },
      ProfileArn: {
        Value: { "Fn::GetAtt": [onlyId(template, "AWS::RolesAnywhere::Profile"), "ProfileArn"] },
      },
      RoleArn: { Value: { "Fn::GetAtt": [onlyId(template, "AWS::IAM::Role"), "Arn"] } },
      BucketName: { Value: { Ref: onlyId(template, "AWS::S3::Bucket") } },
    });
  });

  it("has alarms and their topic as an output only when asked for", () => {
    const template = templateWith({ alarms: true });
    template.resourceCountIs("AWS::CloudWatch::Alarm", 2);
    template.resourceCountIs("AWS::Events::Rule", 1);
    expect(template.toJSON()["Outputs"]).toMatchObject({
      AlarmTopicArn: { Value: { Ref: onlyId(template, "AWS::SNS::Topic") } },
    });
  });

  it("denies sessions that were issued before a time", () => {
    const template = templateWith({ denySessionsIssuedBefore: new Date("2026-11-25T14:00:00Z") });
    expect(onlyProperties(template, "AWS::IAM::Policy")).toMatchObject({
      Roles: [{ Ref: onlyId(template, "AWS::IAM::Role") }],
      PolicyDocument: {
        Statement: [{ Condition: { DateLessThan: { "aws:TokenIssueTime": "2026-11-25T14:00:00.000Z" } } }],
      },
    });
  });

  it.each<[string, Partial<RolesAnywhereStackProps>, string, string]>([
    [
      "a PEM without a certificate",
      { caCertificatePem: "" },
      "ERR_INFRA_CA_CERTIFICATE_INVALID",
      "holds no PEM block",
    ],
    [
      "an end-entity certificate",
      { caCertificatePem: certificates.endEntity },
      "ERR_INFRA_CA_CERTIFICATE_INVALID",
      "is not a CA",
    ],
    [
      "three CAs",
      { caCertificatePem: certificates.rootCa.repeat(3) },
      "ERR_INFRA_CA_CERTIFICATE_INVALID",
      "holds 3 certificates",
    ],
    [
      "899 s",
      { sessionDurationSeconds: 899 },
      "ERR_INFRA_OPTION_INVALID",
      "is 899 seconds; use a whole number from 900",
    ],
    ["43201 s", { sessionDurationSeconds: 43_201 }, "ERR_INFRA_OPTION_INVALID", "is 43201 seconds"],
    ["half seconds", { sessionDurationSeconds: 1000.5 }, "ERR_INFRA_OPTION_INVALID", "is 1000.5 seconds"],
    [
      "a duration that is no number",
      { sessionDurationSeconds: Number.NaN },
      "ERR_INFRA_OPTION_INVALID",
      "is NaN seconds",
    ],
    [
      "a stack without names",
      { certificateCommonNames: undefined },
      "ERR_INFRA_TRUST_OPEN",
      "Name the certificates: -c certificateCommonNames=server-a,server-b",
    ],
    [
      "a stack without names and without the permission",
      { certificateCommonNames: undefined, allowAnyCertificate: false },
      "ERR_INFRA_TRUST_OPEN",
      "-c allowAnyCertificate=true",
    ],
    [
      "names beside the permission for all",
      { allowAnyCertificate: true },
      "ERR_INFRA_OPTION_INVALID",
      "give one of them",
    ],
    [
      "a time that is none",
      { denySessionsIssuedBefore: new Date("soon") },
      "ERR_INFRA_OPTION_INVALID",
      "issuedBefore is Invalid Date",
    ],
    [
      "no common names",
      { certificateCommonNames: [] },
      "ERR_INFRA_OPTION_INVALID",
      "certificateCommonNames is empty",
    ],
    [
      "an empty common name",
      { certificateCommonNames: ["server", ""] },
      "ERR_INFRA_OPTION_INVALID",
      'certificateCommonNames has "", which can never match',
    ],
    [
      "a common name with a wildcard",
      { certificateCommonNames: ["server-*"] },
      "ERR_INFRA_OPTION_INVALID",
      'certificateCommonNames has "server-*"',
    ],
    [
      "a common name with a policy variable",
      { certificateCommonNames: ["${aws:username}"] },
      "ERR_INFRA_OPTION_INVALID",
      'certificateCommonNames has "${aws:username}"',
    ],
  ])("refuses %s", (_, props, code, message) => {
    expect(() => stackWith(props)).toThrowError(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  describe("years later", () => {
    afterEach(() => {
      vi.useRealTimers();
    });

    it("refuses a CA that has expired since", () => {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + (certificates.validityDays + 1) * 86_400_000 });
      expect(() => stackWith()).toThrowError(
        expect.objectContaining({
          code: "ERR_INFRA_CA_CERTIFICATE_INVALID",
          message: expect.stringContaining("expired at"),
        }),
      );
    });
  });
});
