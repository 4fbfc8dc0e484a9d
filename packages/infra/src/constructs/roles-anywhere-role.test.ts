import { ManagedPolicy } from "aws-cdk-lib/aws-iam";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { App, CfnParameter, Duration, Lazy, Stack } from "aws-cdk-lib/core";
import { describe, expect, it } from "vitest";
import { propertiesIn, warningsOf } from "../../test/support/template.ts";
import type { CertificateAttributes } from "./certificate-conditions.ts";
import { RolesAnywhereRole } from "./roles-anywhere-role.ts";
import type { RolesAnywhereRoleProps } from "./roles-anywhere-role.ts";
import { TrustAnchor } from "./trust-anchor.ts";

const ARN = "arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/3f9d2a8c-0e7b-4c55-9d1f-6b1f2f6f0a11";

function roleWith(props: Omit<RolesAnywhereRoleProps, "trustAnchor">): {
  stack: Stack;
  role: RolesAnywhereRole;
} {
  const stack = new Stack(new App(), "Mine");
  const trustAnchor = TrustAnchor.fromTrustAnchorArn(stack, "TrustAnchor", ARN);
  return { stack, role: new RolesAnywhereRole(stack, "Role", { trustAnchor, ...props }) };
}

/** The only statement of the trust policy. */
function trustOf(props: Omit<RolesAnywhereRoleProps, "trustAnchor">): unknown {
  const { AssumeRolePolicyDocument } = propertiesIn(roleWith(props).stack, "AWS::IAM::Role");
  const { Statement } = Object(AssumeRolePolicyDocument);
  expect(Statement).toHaveLength(1);
  return Statement[0];
}

const sourceArn = { ArnEquals: { "aws:SourceArn": ARN } };

describe("RolesAnywhereRole", () => {
  it("trusts one trust anchor and one name", () => {
    expect(trustOf({ commonNames: ["server-a"] })).toEqual({
      Effect: "Allow",
      Principal: { Service: "rolesanywhere.amazonaws.com" },
      Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
      Condition: { ...sourceArn, StringEquals: { "aws:PrincipalTag/x509Subject/CN": ["server-a"] } },
    });
  });

  it.each<[keyof CertificateAttributes, string, string]>([
    ["commonNames", "server-a", "x509Subject/CN"],
    ["organizationalUnits", "Reports", "x509Subject/OU"],
    ["organizations", "Example Ltd.", "x509Subject/O"],
    ["dnsNames", "server-a.example.org", "x509SAN/DNS"],
    ["uris", "spiffe://example.org/server-a", "x509SAN/URI"],
    ["issuerCommonNames", "Issuing CA 1", "x509Issuer/CN"],
  ])("compares %s with a session tag", (property, value, tag) => {
    expect(trustOf({ [property]: [value, "other"] })).toMatchObject({
      Condition: { ...sourceArn, StringEquals: { [`aws:PrincipalTag/${tag}`]: [value, "other"] } },
    });
  });

  it("warns of a common name that is longer than a certificate's may be", () => {
    const warned = (commonNames: string[]) => warningsOf(roleWith({ commonNames }).stack, "64 characters");
    expect(warned(["x".repeat(65)])).toHaveLength(1);
    expect(warned(["a/" + "x".repeat(65)])).toHaveLength(1);
    expect(warned(["x".repeat(64), `${"x".repeat(64)}/${"y".repeat(64)}`])).toEqual([]);
  });

  it("warns of a trust policy that needs a higher quota, and refuses one that no quota lets in", () => {
    const names = (count: number) =>
      Array.from({ length: count }, (_, index) => `server-${String(index).padStart(5, "0")}`);
    const lengthWith = (count: number) => {
      const { stack } = roleWith({ commonNames: names(count) });
      const { AssumeRolePolicyDocument } = propertiesIn(stack, "AWS::IAM::Role");
      return { length: JSON.stringify(AssumeRolePolicyDocument).length, warnings: warningsOf(stack) };
    };
    const fixed = lengthWith(2).length - 2 * 15;
    const fitting = Math.floor((2048 - fixed) / 15);
    expect(lengthWith(fitting)).toEqual({ length: fixed + fitting * 15, warnings: [] });
    expect(lengthWith(fitting + 1).warnings).toEqual([
      expect.stringContaining(`at least ${fixed + (fitting + 1) * 15} characters; IAM takes 2048 unless`),
    ]);
    const most = Math.floor((4096 - fixed) / 15);
    expect(lengthWith(most).warnings).toHaveLength(1);
    expect(() => lengthWith(most + 1)).toThrowError(
      expect.objectContaining({
        code: "ERR_INFRA_OPTION_INVALID",
        message: expect.stringContaining(`Mine/Role has at least ${fixed + (most + 1) * 15} characters`),
      }),
    );
  });

  it("takes a list that the app completes later", () => {
    const commonNames = ["server-a"];
    const { stack } = roleWith({ commonNames: Lazy.list({ produce: () => commonNames }) });
    commonNames.push("server-b");
    expect(propertiesIn(stack, "AWS::IAM::Role")).toMatchObject({
      AssumeRolePolicyDocument: {
        Statement: [
          { Condition: { StringEquals: { "aws:PrincipalTag/x509Subject/CN": ["server-a", "server-b"] } } },
        ],
      },
    });
  });

  it("wants all attributes that are given", () => {
    expect(trustOf({ commonNames: ["a"], organizations: ["O"], issuerCommonNames: ["CA"] })).toMatchObject({
      Condition: {
        StringEquals: {
          "aws:PrincipalTag/x509Subject/CN": ["a"],
          "aws:PrincipalTag/x509Subject/O": ["O"],
          "aws:PrincipalTag/x509Issuer/CN": ["CA"],
        },
      },
    });
  });

  it("adds conditions written by hand, under the same operator too", () => {
    const conditions = {
      StringEquals: { "aws:PrincipalTag/x509Subject/C": "NL" },
      IpAddress: { "aws:SourceIp": "192.0.2.0/24" },
    };
    expect(trustOf({ commonNames: ["a"], conditions })).toMatchObject({
      Condition: {
        ...sourceArn,
        StringEquals: {
          "aws:PrincipalTag/x509Subject/CN": ["a"],
          "aws:PrincipalTag/x509Subject/C": "NL",
        },
        IpAddress: { "aws:SourceIp": "192.0.2.0/24" },
      },
    });
  });

  it("leaves names alone that only CloudFormation knows", () => {
    const stack = new Stack(new App(), "Mine");
    const names = new CfnParameter(stack, "Names", { type: "CommaDelimitedList" }).valueAsList;
    const trustAnchor = TrustAnchor.fromTrustAnchorArn(stack, "TrustAnchor", ARN);
    new RolesAnywhereRole(stack, "Role", { trustAnchor, commonNames: names });
    expect(propertiesIn(stack, "AWS::IAM::Role")).toMatchObject({
      AssumeRolePolicyDocument: {
        Statement: [{ Condition: { StringEquals: { "aws:PrincipalTag/x509Subject/CN": { Ref: "Names" } } } }],
      },
    });
  });

  it("is a role as any other: it takes grants and a role's properties", () => {
    const { stack, role } = roleWith({
      commonNames: ["a"],
      maxSessionDuration: Duration.hours(12),
      roleName: "A",
    });
    new Bucket(stack, "Bucket").grantRead(role);
    expect(propertiesIn(stack, "AWS::IAM::Role")).toMatchObject({
      MaxSessionDuration: 43_200,
      RoleName: "A",
    });
    expect(propertiesIn(stack, "AWS::IAM::Policy")).toMatchObject({
      PolicyDocument: { Statement: [{ Action: ["s3:GetObject*", "s3:GetBucket*", "s3:List*"] }] },
    });
  });

  it.each<[string, Omit<RolesAnywhereRoleProps, "trustAnchor">]>([
    ["no name", {}],
    ["false as the permission", { allowAnyCertificate: false }],
    [
      "conditions that do not look at the certificate",
      { conditions: { Bool: { "aws:SecureTransport": "true" } } },
    ],
    [
      "a condition that is true without the attribute",
      { conditions: { StringEqualsIfExists: { "aws:PrincipalTag/x509Subject/CN": "a" } } },
    ],
    [
      "a condition that excludes names",
      { conditions: { StringNotEquals: { "aws:PrincipalTag/x509Subject/CN": "a" } } },
    ],
    [
      "a pattern that every name matches",
      { conditions: { StringLike: { "aws:PrincipalTag/x509Subject/CN": ["server-*", "*"] } } },
    ],
    [
      "a tag that does not come from the certificate",
      { conditions: { StringEquals: { "aws:PrincipalTag/team": "reports" } } },
    ],
  ])("refuses the open trust policy of %s", (_, props) => {
    expect(() => roleWith(props)).toThrowError(
      expect.objectContaining({
        code: "ERR_INFRA_TRUST_OPEN",
        message: expect.stringContaining('for example commonNames: ["server-a"]'),
      }),
    );
  });

  it.each<[string, Omit<RolesAnywhereRoleProps, "trustAnchor">, string]>([
    ["an empty list", { commonNames: [] }, "commonNames is empty"],
    ["an empty name", { commonNames: ["server", ""] }, 'commonNames has "", which can never match'],
    [
      "a wildcard among names",
      { commonNames: ["server-*"] },
      'commonNames has "server-*", which can never match',
    ],
    ["a policy variable", { dnsNames: ["${aws:username}"] }, 'dnsNames has "${aws:username}"'],
    ["a name of 257 characters", { organizations: ["x".repeat(257)] }, "which can never match"],
    [
      "names beside the permission for all",
      { commonNames: ["a"], allowAnyCertificate: true },
      "give one of them",
    ],
    [
      "another trust anchor",
      { commonNames: ["a"], conditions: { ArnLike: { "aws:SourceArn": "*" } } },
      "conditions has aws:SourceArn, which trustAnchor or a list of names sets already",
    ],
    [
      "a key that a list of names sets, in other case",
      { commonNames: ["a"], conditions: { StringLike: { "aws:principaltag/x509Subject/CN": "*" } } },
      "conditions has aws:principaltag/x509Subject/CN",
    ],
  ])("refuses %s", (_, props, message) => {
    expect(() => roleWith(props)).toThrowError(
      expect.objectContaining({
        code: "ERR_INFRA_OPTION_INVALID",
        message: expect.stringContaining(message),
      }),
    );
  });
});

describe("warnings", () => {
  it("has none for a role that names its certificate", () => {
    expect(warningsOf(roleWith({ commonNames: ["a"] }).stack)).toEqual([]);
  });

  it.each<[string, Omit<RolesAnywhereRoleProps, "trustAnchor">, string]>([
    [
      "every certificate",
      { allowAnyCertificate: true },
      "Every certificate that the CA has issued and will issue",
    ],
    [
      "a pattern",
      { conditions: { StringLike: { "aws:PrincipalTag/x509SAN/URI": "spiffe://example.org/*" } } },
      "Every certificate that matches spiffe://example.org/\\* may assume",
    ],
    ["the issuer alone", { issuerCommonNames: ["CA"] }, "issuerCommonNames names no server"],
    [
      "AmazonS3FullAccess",
      { commonNames: ["a"], managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName("AmazonS3FullAccess")] },
      "AmazonS3FullAccess lets a session read, change and delete every S3 object",
    ],
  ])("warns of %s", (_, props, message) => {
    const { stack } = roleWith(props);
    expect(warningsOf(stack, message)).toHaveLength(1);
    expect(warningsOf(stack)).toHaveLength(1);
  });

  it("warns of AmazonS3FullAccess that is attached later", () => {
    const { stack, role } = roleWith({ commonNames: ["a"] });
    role.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName("AmazonS3ReadOnlyAccess"));
    expect(warningsOf(stack)).toEqual([]);
    role.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName("AmazonS3FullAccess"));
    expect(warningsOf(stack, "AmazonS3FullAccess")).toHaveLength(1);
  });
});
