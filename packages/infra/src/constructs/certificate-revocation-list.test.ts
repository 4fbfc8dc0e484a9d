import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { App, CfnParameter, Stack, Tags } from "aws-cdk-lib/core";
import { describe, expect, it } from "vitest";
import { makeTestCertificates } from "../../test/support/certificates.ts";
import { propertiesIn } from "../../test/support/template.ts";
import { CertificateRevocationList } from "./certificate-revocation-list.ts";
import type { CertificateRevocationListProps } from "./certificate-revocation-list.ts";
import { TrustAnchor } from "./trust-anchor.ts";

const TYPE = "AWS::RolesAnywhere::CRL";
const ARN = "arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/3f9d2a8c-0e7b-4c55-9d1f-6b1f2f6f0a11";
const block = (label: string, base64 = "QUJD") =>
  `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
const CRL = block("X509 CRL");

function stackWith(props: Partial<CertificateRevocationListProps> = {}): Stack {
  const stack = new Stack(new App(), "Mine");
  const trustAnchor = TrustAnchor.fromTrustAnchorArn(stack, "TrustAnchor", ARN);
  new CertificateRevocationList(stack, "Revoked", { trustAnchor, crlPem: CRL, ...props });
  return stack;
}

describe("CertificateRevocationList", () => {
  it("is enabled, and belongs to its trust anchor", () => {
    expect(propertiesIn(stackWith(), TYPE)).toEqual({
      Name: expect.stringMatching(/^Mine-Revoked-[\dA-F]{8}$/),
      Enabled: true,
      CrlData: CRL,
      TrustAnchorArn: ARN,
    });
  });

  it.each<[string, Partial<CertificateRevocationListProps>, Record<string, unknown>]>([
    ["a name", { crlName: "Revoked 2026" }, { Name: "Revoked 2026" }],
    ["that it is disabled", { enabled: false }, { Enabled: false }],
    [
      "300,000 bytes",
      { crlPem: block("X509 CRL", "A".repeat(299_951)) },
      { CrlData: expect.stringMatching(/^[^]{300000}$/) },
    ],
    ["text around the block", { crlPem: `Issuer: CN=MyRootCA\n${CRL}\n` }, { CrlData: CRL }],
  ])("takes %s", (_, props, expected) => {
    expect(propertiesIn(stackWith(props), TYPE)).toMatchObject(expected);
  });

  it.each<[string, Partial<CertificateRevocationListProps>, string]>([
    ["no block", { crlPem: "" }, "crlPem is not one X509 CRL block in PEM"],
    ["a certificate", { crlPem: makeTestCertificates().rootCa }, "is not one X509 CRL block"],
    ["two lists", { crlPem: CRL + CRL }, "is not one X509 CRL block"],
    ["a key beside the list", { crlPem: CRL + block("PRIVATE KEY") }, "is not one X509 CRL block"],
    ["bytes that are no base64", { crlPem: block("X509 CRL", "?") }, "is not one X509 CRL block"],
    ["300,001 bytes", { crlPem: block("X509 CRL", "A".repeat(299_952)) }, "has 300001 bytes"],
    ["a name with a slash", { crlName: "a/b" }, 'crlName is "a/b"'],
  ])("refuses %s", (_, props, message) => {
    expect(() => stackWith(props)).toThrowError(
      expect.objectContaining({
        code: "ERR_INFRA_OPTION_INVALID",
        message: expect.stringContaining(message),
      }),
    );
  });

  it("refuses a third list of one trust anchor, and names the others", () => {
    const stack = stackWith();
    const trustAnchor = TrustAnchor.fromTrustAnchorArn(stack, "Again", ARN);
    const other = TrustAnchor.fromTrustAnchorArn(stack, "Other", ARN.replace("3f9d", "a1c4"));
    new CertificateRevocationList(stack, "Second", { trustAnchor, crlPem: CRL });
    new CertificateRevocationList(stack, "OfOther", { trustAnchor: other, crlPem: CRL });
    expect(() => new CertificateRevocationList(stack, "Third", { trustAnchor, crlPem: CRL })).toThrowError(
      expect.objectContaining({
        code: "ERR_INFRA_OPTION_INVALID",
        message: expect.stringContaining(
          "The trust anchor of Mine/Third has Mine/Revoked and Mine/Second already",
        ),
      }),
    );
  });

  it("leaves a list alone that only CloudFormation knows", () => {
    const stack = new Stack(new App(), "Mine");
    const trustAnchor = TrustAnchor.fromTrustAnchorArn(stack, "TrustAnchor", ARN);
    const crlPem = new CfnParameter(stack, "Crl").valueAsString;
    new CertificateRevocationList(stack, "Revoked", { trustAnchor, crlPem });
    expect(propertiesIn(stack, TYPE)["CrlData"]).toEqual({ Ref: "Crl" });
  });

  it("carries the tags of its app", () => {
    const stack = stackWith();
    Tags.of(stack).add("team", "reports");
    expect(propertiesIn(stack, TYPE)).toMatchObject({ Tags: [{ Key: "team", Value: "reports" }] });
  });

  it("lets a principal replace it", () => {
    const stack = new Stack(new App(), "Mine", { env: { account: "111122223333", region: "eu-west-1" } });
    const role = new Role(stack, "Revoker", { assumedBy: new ServicePrincipal("ec2.amazonaws.com") });
    CertificateRevocationList.fromCrlId(stack, "Imported", "c4f1de").grantUpdate(role);
    expect(propertiesIn(stack, "AWS::IAM::Policy")).toMatchObject({
      PolicyDocument: {
        Statement: [
          {
            Effect: "Allow",
            Action: ["rolesanywhere:GetCrl", "rolesanywhere:UpdateCrl"],
            Resource: {
              "Fn::Join": [
                "",
                ["arn:", { Ref: "AWS::Partition" }, ":rolesanywhere:eu-west-1:111122223333:crl/c4f1de"],
              ],
            },
          },
        ],
      },
    });
  });
});
