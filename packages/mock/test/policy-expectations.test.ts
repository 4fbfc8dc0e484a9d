import { arnOf, expectPermissions } from "@roles-anywhere/iam-policy/testing";
import type { TrustRequest } from "@roles-anywhere/iam-policy/testing";
import { makeAuthority, makeCertificate, signedRequest } from "@roles-anywhere/testing";
import type { CertificateSpec } from "@roles-anywhere/testing";
import { describe, expect, it } from "vitest";
import { TRUST_POLICY } from "./support/fake-aws.ts";
import { handleCreateSession } from "./support/handle-create-session.ts";
import { ACCOUNT, createWorld, NOW, ROLE_ARN, TRUST_ANCHOR_ARN } from "./support/world.ts";

const ISSUER = { C: "US", O: "Example", CN: "Root" };
const root = makeAuthority({ subject: Object.entries(ISSUER) });

/** A certificate as a test describes it, and as a CA would issue it. */
const CERTIFICATES: readonly (readonly [described: TrustRequest, issued: CertificateSpec])[] = [
  [{ subject: { CN: "server-a" } }, { subject: [["CN", "server-a"]] }],
  [
    { subject: { O: "Example", OU: ["a", "b"], CN: "server-b" } },
    {
      subject: [
        ["O", "Example"],
        ["OU", "a"],
        ["OU", "b"],
        ["CN", "server-b"],
      ],
    },
  ],
  [{ subject: { O: "Example" } }, { subject: [["O", "Example"]] }],
  [{ subject: { CN: "semi;colon" } }, { subject: [["CN", "semi;colon"]] }],
  [
    { subject: { OU: "a;b", CN: "server-a" } },
    {
      subject: [
        ["OU", "a;b"],
        ["CN", "server-a"],
      ],
    },
  ],
  [{ subject: { CN: "x" } }, { subject: [["CN", "x"]] }],
  [{ subject: { CN: "n".repeat(62) } }, { subject: [["CN", "n".repeat(62)]] }],
  [{ subject: { CN: "n".repeat(65) } }, { subject: [["CN", "n".repeat(65)]] }],
  [
    {
      subject: { CN: "server-a" },
      san: { dns: ["web.example.com", "b.example.com"], uri: "spiffe://example.com/web" },
    },
    {
      subject: [["CN", "server-a"]],
      dns: ["web.example.com", "b.example.com"],
      uri: ["spiffe://example.com/web"],
    },
  ],
  [
    { subject: { CN: "server-a" }, san: { name: { O: "Example", CN: "inner" } } },
    {
      subject: [["CN", "server-a"]],
      directoryName: [
        ["O", "Example"],
        ["CN", "inner"],
      ],
    },
  ],
  [{ subject: {} }, { subject: [] }],
];

const CONDITIONS: readonly Readonly<Record<string, object>>[] = [
  {},
  { StringEquals: { "aws:PrincipalTag/x509Subject/CN": "server-a" } },
  { StringLike: { "aws:PrincipalTag/x509Subject/CN": ["server-?", "n*"] } },
  { StringEquals: { "aws:PrincipalTag/x509Subject/OU": "a/b" } },
  { StringNotEquals: { "aws:PrincipalTag/x509Subject/OU": "a/b" } },
  { StringEquals: { "aws:PrincipalTag/x509SAN/DNS": "web.example.com" } },
  { StringEquals: { "aws:PrincipalTag/x509SAN/DNS": "b.example.com" } },
  { StringLike: { "aws:PrincipalTag/x509SAN/URI": "spiffe://example.com/*" } },
  { StringEquals: { "aws:PrincipalTag/x509SAN/Name/CN": "inner" } },
  { StringEquals: { "aws:PrincipalTag/x509Issuer/O": "Example" } },
  { StringEquals: { "aws:RequestTag/x509Issuer/CN": "Other" } },
  { StringLike: { "sts:SourceIdentity": "CN=*" } },
  { StringEquals: { "sts:RoleSessionName": "1234" } },
  { "ForAnyValue:StringEquals": { "aws:TagKeys": "x509Subject/OU" } },
  { ArnEquals: { "aws:SourceArn": TRUST_ANCHOR_ARN } },
  { ArnEquals: { "aws:SourceArn": `${TRUST_ANCHOR_ARN}2` } },
  { StringEquals: { "aws:SourceAccount": ACCOUNT } },
  { DateLessThan: { "aws:CurrentTime": "2026-06-15T12:00:01Z" } },
  { DateLessThan: { "aws:CurrentTime": "2026-06-15T12:00:00Z" } },
];

/** Whether a call gets a session of a role with this trust policy. */
async function isGranted(issued: CertificateSpec, trustPolicy: object): Promise<boolean> {
  const world = createWorld({ root, client: makeCertificate({ serialNumber: 0x1234n, ...issued }, root) });
  world.aws.role = {
    roleArn: ROLE_ARN,
    trustPolicy: JSON.stringify(trustPolicy),
    maxSessionDurationSeconds: 3600,
  };
  const { status } = await handleCreateSession(world.context, {
    ...signedRequest(world.call()),
    secure: true,
  });
  return status === 201;
}

/** Whether the expectation `toTrust` holds for the same role in a template. */
function isTrusted(certificate: TrustRequest, trustPolicy: object): boolean {
  const template = {
    Resources: {
      Anchor: { Type: "AWS::RolesAnywhere::TrustAnchor", Properties: { Enabled: true } },
      Role: {
        Type: "AWS::IAM::Role",
        Properties: { RoleName: "Example", AssumeRolePolicyDocument: trustPolicy },
      },
      Profile: {
        Type: "AWS::RolesAnywhere::Profile",
        Properties: { Enabled: true, RoleArns: [{ "Fn::GetAtt": ["Role", "Arn"] }] },
      },
    },
  };
  const values = {
    "AWS::AccountId": ACCOUNT,
    "Anchor.TrustAnchorArn": TRUST_ANCHOR_ARN,
    "Anchor.Arn": TRUST_ANCHOR_ARN,
  };
  const role = expectPermissions(template, "Role", { profile: "Profile", values, now: NOW });
  const request = { issuer: ISSUER, serialNumber: "1234", trustAnchorArn: arnOf("Anchor"), ...certificate };
  try {
    role.toTrust(request);
  } catch {
    role.notToTrust(request);
    return false;
  }
  return true;
}

describe("an expectation about trust agrees with what CreateSession answers to the same certificate", () => {
  it.each(CERTIFICATES)("%j", async (described, issued) => {
    for (const condition of CONDITIONS) {
      const [statement] = TRUST_POLICY.Statement;
      const trustPolicy = { ...TRUST_POLICY, Statement: [{ ...statement, Condition: condition }] };
      const granted = await isGranted(issued, trustPolicy);
      expect([condition, isTrusted(described, trustPolicy)]).toEqual([condition, granted]);
    }
  });

  it("for some conditions with a session, and for others without", async () => {
    const verdicts = CONDITIONS.map((condition) =>
      isTrusted(
        { subject: { CN: "server-a" } },
        {
          ...TRUST_POLICY,
          Statement: [{ ...TRUST_POLICY.Statement[0], Condition: condition }],
        },
      ),
    );
    expect(new Set(verdicts)).toEqual(new Set([true, false]));
  });
});
