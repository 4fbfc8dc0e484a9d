import { CertificateAuthority } from "aws-cdk-lib/aws-acmpca";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Template } from "aws-cdk-lib/assertions";
import { App, Aws, CfnParameter, Stack, Tags } from "aws-cdk-lib/core";
import { describe, expect, it } from "vitest";
import { makeTestCertificates } from "../../test/support/certificates.ts";
import { propertiesIn } from "../../test/support/template.ts";
import { TrustAnchor } from "./trust-anchor.ts";
import type { TrustAnchorOptions } from "./trust-anchor.ts";
import { TrustAnchorSource } from "./trust-anchor-source.ts";

const TYPE = "AWS::RolesAnywhere::TrustAnchor";
const ARN = "arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/3f9d2a8c-0e7b-4c55-9d1f-6b1f2f6f0a11";
const CA_ARN =
  "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/3f9d2a8c-0e7b-4c55-9d1f-6b1f2f6f0a11";
const pem = makeTestCertificates().rootCa;

function stackWith(options: TrustAnchorOptions = {}): Stack {
  const stack = new Stack(new App(), "Mine");
  TrustAnchor.fromPem(stack, "TrustAnchor", pem, options);
  return stack;
}

describe("TrustAnchor", () => {
  it("is enabled, and named after its place in the app", () => {
    expect(propertiesIn(stackWith(), TYPE)).toEqual({
      Name: expect.stringMatching(/^Mine-TrustAnchor-[\dA-F]{8}$/),
      Enabled: true,
      Source: { SourceType: "CERTIFICATE_BUNDLE", SourceData: { X509CertificateData: pem } },
    });
  });

  it.each<[string, TrustAnchorOptions, Record<string, unknown>]>([
    ["a name", { trustAnchorName: "Mine alone" }, { Name: "Mine alone" }],
    ["that it is disabled", { enabled: false }, { Enabled: false }],
    [
      "when to tell of an expiry",
      { notificationSettings: [{ event: "CA_CERTIFICATE_EXPIRY", thresholdDays: 90 }] },
      {
        NotificationSettings: [
          { Event: "CA_CERTIFICATE_EXPIRY", Enabled: true, Threshold: 90, Channel: "ALL" },
        ],
      },
    ],
    [
      "that it shall not tell",
      { notificationSettings: [{ event: "END_ENTITY_CERTIFICATE_EXPIRY", enabled: false }] },
      {
        NotificationSettings: [
          { Event: "END_ENTITY_CERTIFICATE_EXPIRY", Enabled: false, Threshold: 45, Channel: "ALL" },
        ],
      },
    ],
  ])("takes %s", (_, options, expected) => {
    expect(propertiesIn(stackWith(options), TYPE)).toMatchObject(expected);
  });

  it.each<[string, TrustAnchorOptions, string]>([
    ["a name with a slash", { trustAnchorName: "a/b" }, 'trustAnchorName is "a/b"'],
    [
      "a threshold of 0 days",
      { notificationSettings: [{ event: "CA_CERTIFICATE_EXPIRY", thresholdDays: 0 }] },
      "thresholdDays is 0; use a whole number from 1 to 360",
    ],
    [
      "a threshold of 361 days",
      { notificationSettings: [{ event: "CA_CERTIFICATE_EXPIRY", thresholdDays: 361 }] },
      "thresholdDays is 361",
    ],
    [
      "a threshold of half days",
      { notificationSettings: [{ event: "CA_CERTIFICATE_EXPIRY", thresholdDays: 1.5 }] },
      "thresholdDays is 1.5",
    ],
    [
      "an event that the service does not know",
      { notificationSettings: [JSON.parse('{ "event": "CA_EXPIRY" }')] },
      'notificationSettings has the event "CA_EXPIRY"; use CA_CERTIFICATE_EXPIRY or END_ENTITY_CERTIFICATE_EXPIRY',
    ],
    [
      "two settings for one event",
      { notificationSettings: [{ event: "CA_CERTIFICATE_EXPIRY" }, { event: "CA_CERTIFICATE_EXPIRY" }] },
      "notificationSettings has CA_CERTIFICATE_EXPIRY twice",
    ],
  ])("refuses %s", (_, options, message) => {
    expect(() => stackWith(options)).toThrowError(
      expect.objectContaining({
        code: "ERR_INFRA_OPTION_INVALID",
        message: expect.stringContaining(message),
      }),
    );
  });

  it("leaves a certificate alone that only CloudFormation knows", () => {
    const stack = new Stack(new App(), "Mine");
    const { valueAsString } = new CfnParameter(stack, "Ca");
    TrustAnchor.fromPem(stack, "TrustAnchor", valueAsString);
    expect(propertiesIn(stack, TYPE)).toMatchObject({
      Source: { SourceData: { X509CertificateData: { Ref: "Ca" } } },
    });
  });

  it("takes a CA of AWS Private CA", () => {
    const stack = new Stack(new App(), "Mine");
    const authority = CertificateAuthority.fromCertificateAuthorityArn(stack, "Ca", CA_ARN);
    TrustAnchor.fromPrivateCa(stack, "TrustAnchor", authority, { trustAnchorName: "Private" });
    expect(propertiesIn(stack, TYPE)).toEqual({
      Name: "Private",
      Enabled: true,
      Source: { SourceType: "AWS_ACM_PCA", SourceData: { AcmPcaArn: CA_ARN } },
    });
  });

  it("refuses an ARN that is of no CA of AWS Private CA", () => {
    const stack = new Stack(new App(), "Mine");
    const authority = CertificateAuthority.fromCertificateAuthorityArn(stack, "Ca", ARN);
    expect(() => TrustAnchorSource.fromPrivateCa(authority)).toThrowError(
      `certificateAuthorityArn is "${ARN}"; give an ARN like arn:aws:acm-pca:`,
    );
  });

  it("carries the tags of its app", () => {
    const stack = stackWith();
    Tags.of(stack).add("team", "reports");
    expect(propertiesIn(stack, TYPE)).toMatchObject({ Tags: [{ Key: "team", Value: "reports" }] });
  });
});

describe("TrustAnchor.fromTrustAnchorArn", () => {
  it("knows ARN, id, account and region, and makes no resource", () => {
    const stack = new Stack(new App(), "Mine");
    const trustAnchor = TrustAnchor.fromTrustAnchorArn(stack, "Imported", ARN);
    expect(trustAnchor).toMatchObject({
      trustAnchorArn: ARN,
      trustAnchorId: "3f9d2a8c-0e7b-4c55-9d1f-6b1f2f6f0a11",
      env: { account: "111122223333", region: "eu-west-1" },
    });
    expect(Template.fromStack(stack).toJSON()).not.toHaveProperty("Resources");
  });

  it("splits an ARN that only CloudFormation knows, when it is deployed", () => {
    const stack = new Stack(new App(), "Mine");
    const { valueAsString } = new CfnParameter(stack, "Anchor");
    const { trustAnchorId } = TrustAnchor.fromTrustAnchorArn(stack, "Imported", valueAsString);
    expect(stack.resolve(trustAnchorId)).toEqual({
      "Fn::Select": [
        1,
        { "Fn::Split": ["/", { "Fn::Select": [5, { "Fn::Split": [":", { Ref: "Anchor" }] }] }] },
      ],
    });
  });
});

describe("grant", () => {
  it("lets a principal call the given operations on this trust anchor alone", () => {
    const stack = new Stack(new App(), "Mine");
    const role = new Role(stack, "OnCall", { assumedBy: new ServicePrincipal("ec2.amazonaws.com") });
    TrustAnchor.fromTrustAnchorArn(stack, "Imported", ARN).grant(role, "rolesanywhere:DisableTrustAnchor");
    expect(propertiesIn(stack, "AWS::IAM::Policy")).toMatchObject({
      PolicyDocument: {
        Statement: [{ Effect: "Allow", Action: "rolesanywhere:DisableTrustAnchor", Resource: ARN }],
      },
    });
  });
});

describe("metrics", () => {
  const stack = new Stack(new App(), "Mine");
  const trustAnchor = TrustAnchor.fromTrustAnchorArn(stack, "Imported", ARN);

  it("names what the service publishes for a trust anchor", () => {
    expect(trustAnchor.metricSuccess().toMetricConfig().metricStat).toMatchObject({
      namespace: "AWS/RolesAnywhere",
      metricName: "Success",
      statistic: "Sum",
      dimensions: [
        { name: "Operation", value: "CreateSession" },
        { name: "TrustAnchorArn", value: ARN },
      ],
    });
    expect(trustAnchor.metricDaysToExpiry().toMetricConfig().metricStat).toMatchObject({
      namespace: "AWS/RolesAnywhere",
      metricName: "DaysToExpiry",
      statistic: "Minimum",
      period: expect.objectContaining({ amount: 1 }),
      dimensions: [{ name: "TrustAnchorArn", value: ARN }],
    });
  });

  it("takes the caller's options", () => {
    const { metricStat } = trustAnchor
      .metricSuccess({ statistic: "SampleCount", label: "given" })
      .toMetricConfig();
    expect(metricStat?.statistic).toBe("SampleCount");
  });

  it("adds the failures of all types, for which the service names no trust anchor", () => {
    expect(TrustAnchor.metricAllFailures().toMetricConfig().mathExpression).toMatchObject({
      expression: `SELECT SUM(Failure) FROM "AWS/RolesAnywhere" WHERE Operation = 'CreateSession'`,
    });
  });
});

it("leaves a name alone that only CloudFormation knows", () => {
  expect(() => stackWith({ trustAnchorName: Aws.STACK_NAME })).not.toThrow();
});
