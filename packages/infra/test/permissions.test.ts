import { ManagedPolicy, PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { Template } from "aws-cdk-lib/assertions";
import { App, Stack } from "aws-cdk-lib/core";
import { arnOf, expectPermissions } from "@roles-anywhere/iam-policy/testing";
import { describe, expect, it } from "vitest";
import { DenyOlderSessions, ExternalServer, RolesAnywhereStack, TrustAnchor } from "../src/index.ts";
import { makeTestCertificates } from "./support/certificates.ts";

const caCertificatePem = makeTestCertificates().rootCa;
const OBJECT = arnOf("Bucket", "/reports/2026.csv");

function externalServers(): Stack {
  const stack = new Stack(new App(), "Reports");
  const bucket = new Bucket(stack, "Bucket");
  const trustAnchor = TrustAnchor.fromPem(stack, "TrustAnchor", caCertificatePem);
  const writer = new ExternalServer(stack, "Writer", {
    trustAnchor,
    commonNames: ["reports-writer"],
    organizations: ["Example"],
  });
  const readers = new ExternalServer(stack, "Readers", {
    trustAnchor,
    commonNames: ["reader-1", "reader-2"],
    sessionPolicy: new PolicyDocument({
      statements: [
        new PolicyStatement({ actions: ["s3:GetObject"], resources: [bucket.arnForObjects("*")] }),
      ],
    }),
    permissionsBoundary: new ManagedPolicy(stack, "Boundary", {
      statements: [new PolicyStatement({ actions: ["s3:*"], resources: ["*"] })],
    }),
  });
  bucket.grantReadWrite(writer);
  bucket.grantReadWrite(readers);
  new DenyOlderSessions(stack, "KeyLeak", {
    roles: [writer.role],
    issuedBefore: new Date("2026-01-01T00:00:00Z"),
  });
  return stack;
}

describe("the servers of a stack", () => {
  const template = Template.fromStack(externalServers());

  it("may do what their grants say", () => {
    expectPermissions(template, "WriterRole", { profile: "WriterProfile" })
      .toAllow("s3:PutObject", OBJECT)
      .toAllow("s3:ListBucket", arnOf("Bucket"))
      .toDeny("s3:PutBucketPolicy", arnOf("Bucket"))
      .toDeny("s3:GetObject", "arn:aws:s3:::other/reports/2026.csv");
  });

  it("may do less through a profile with a session policy", () => {
    expectPermissions(template, "ReadersRole").toAllow("s3:PutObject", OBJECT);
    expectPermissions(template, "ReadersRole", { profile: "ReadersProfile" })
      .toAllow("s3:GetObject", OBJECT)
      .toDeny("s3:PutObject", OBJECT);
  });

  it("may do nothing with a session from before a key leaked", () => {
    const now = new Date("2025-12-31T12:00:00Z");
    expectPermissions(template, "WriterRole", { now }).toDeny("s3:GetObject", OBJECT);
    expect(() => expectPermissions(template, "WriterRole", { now }).toAllow("s3:GetObject", OBJECT)).toThrow(
      'identity policy "KeyLeak',
    );
  });

  it("get their role with certificates of their own names alone", () => {
    expectPermissions(template, "WriterRole", { profile: "WriterProfile" })
      .toTrust({ subject: { O: "Example", CN: "reports-writer" } })
      .notToTrust({ subject: { CN: "reports-writer" } })
      .notToTrust({ subject: { O: "Example", CN: "reader-1" } });
    expectPermissions(template, "ReadersRole", { profile: "ReadersProfile" })
      .toTrust({ subject: { CN: "reader-1" } })
      .toTrust({ subject: { CN: "reader-2" } })
      .notToTrust({ subject: { CN: "reader-1/reader-2" } })
      .notToTrust({ subject: { CN: "reports-writer" } });
  });
});

describe("RolesAnywhereStack", () => {
  const props = { caCertificatePem, certificateCommonNames: ["server-a"] };

  it("reads its bucket over TLS, and nothing more", () => {
    const stack = new RolesAnywhereStack(new App(), "Stack", props);
    expectPermissions(Template.fromStack(stack), "Role", { profile: "Profile" })
      .toAllow("s3:GetObject", OBJECT)
      .toAllow("s3:ListBucket", arnOf("Bucket"))
      .toDeny("s3:GetObject", OBJECT, { "aws:SecureTransport": "false" })
      .toDeny("s3:PutObject", OBJECT)
      .toDeny("s3:ListAllMyBuckets", "*")
      .toTrust({ subject: { CN: "server-a" } })
      .notToTrust({ subject: { CN: "server-b" } });
  });

  it("may do everything in S3 when it is told so, as AWS's managed policy says", () => {
    const stack = new RolesAnywhereStack(new App(), "Stack", { ...props, access: "s3-full-access" });
    const template = Template.fromStack(stack);
    expect(() => expectPermissions(template, "Role")).toThrow("AmazonS3FullAccess is not here");
    // https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonS3FullAccess.html
    const document = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: ["s3:*", "s3-object-lambda:*"], Resource: "*" }],
    };
    expectPermissions(template, "Role", {
      managedPolicies: { "arn:aws:iam::aws:policy/AmazonS3FullAccess": document },
    })
      .toAllow("s3:DeleteObject", "arn:aws:s3:::any-bucket/key")
      .toDeny("iam:CreateUser", "*");
  });
});
