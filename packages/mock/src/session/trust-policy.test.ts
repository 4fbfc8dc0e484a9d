import { readFileSync } from "node:fs";
import { TRUST_POLICY_ACTIONS, trustPolicyContext } from "@roles-anywhere/iam-policy/roles-anywhere";
import { describe, expect, it } from "vitest";
import { TRUST_POLICY } from "../../test/support/fake-aws.ts";
import { makeAuthority, makeCertificate, signedRequest } from "@roles-anywhere/testing";
import { ACCOUNT, createWorld, ROLE_ARN, TRUST_ANCHOR_ARN } from "../../test/support/world.ts";
import { handleCreateSession } from "../../test/support/handle-create-session.ts";

type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** What CreateSession does when this condition is all that the trust policy asks for. */
async function reasonUnder(condition: Condition, secure = false): Promise<string | undefined> {
  const root = makeAuthority({
    subject: [
      ["C", "US"],
      ["CN", "Root"],
    ],
  });
  const client = makeCertificate({ dns: ["web.example.com"], uri: ["spiffe://example.com/web"] }, root);
  const world = createWorld({ root, client });
  const [statement] = TRUST_POLICY.Statement;
  world.aws.role = {
    roleArn: ROLE_ARN,
    trustPolicy: JSON.stringify({ ...TRUST_POLICY, Statement: { ...statement, Condition: condition } }),
    maxSessionDurationSeconds: 3600,
  };
  const signed = signedRequest(world.call({ headers: [["User-Agent", "CredHelper/1.8.0 (linux)"]] }));
  const { status } = await handleCreateSession(world.context, { ...signed, secure });
  return status === 201 ? undefined : world.context.audit.list(1)[0]?._mock.reason;
}

describe("a trust policy can ask for", () => {
  it.each<[operator: string, key: string, right: string, wrong: string]>([
    ["ArnEquals", "aws:SourceArn", TRUST_ANCHOR_ARN, TRUST_ANCHOR_ARN.replace("1111", "2222")],
    [
      "ArnLike",
      "aws:SourceArn",
      `arn:aws:rolesanywhere:*:${ACCOUNT}:*`,
      "arn:aws:rolesanywhere:eu-west-1:*:*",
    ],
    ["StringEquals", "aws:SourceAccount", ACCOUNT, "210987654321"],
    ["StringEquals", "aws:ResourceAccount", ACCOUNT, "210987654321"],
    ["StringEquals", "aws:RequestedRegion", "us-east-1", "eu-west-1"],
    ["Bool", "aws:PrincipalIsAWSService", "true", "false"],
    ["StringEquals", "aws:PrincipalServiceName", "rolesanywhere.amazonaws.com", "ec2.amazonaws.com"],
    [
      "ForAnyValue:StringEquals",
      "aws:PrincipalServiceNamesList",
      "rolesanywhere.amazonaws.com",
      "ec2.amazonaws.com",
    ],
    ["Bool", "aws:ViaAWSService", "false", "true"],
    ["DateEquals", "aws:CurrentTime", "2026-06-15T12:00:00Z", "2026-06-15T12:00:01Z"],
    ["DateGreaterThan", "aws:CurrentTime", "2026-06-15T11:59:59Z", "2026-06-15T12:00:00Z"],
    ["NumericEquals", "aws:EpochTime", "1781524800", "1781524801"],
    ["DateLessThan", "aws:EpochTime", "2026-06-15T12:00:01Z", "2026-06-15T12:00:00Z"],
    ["Bool", "aws:SecureTransport", "false", "true"],
    ["IpAddress", "aws:SourceIp", "192.0.2.0/24", "198.51.100.0/24"],
    ["NotIpAddress", "aws:SourceIp", "198.51.100.0/24", "192.0.2.1/32"],
    ["StringLike", "aws:UserAgent", "CredHelper/*", "Boto3/*"],
    ["StringEquals", "sts:RoleSessionName", "1234", "5678"],
    ["StringLike", "sts:SourceIdentity", "CN=*", "ID=*"],
    ["StringEquals", "aws:PrincipalTag/x509Subject/CN", "client", "other"],
    ["StringEquals", "aws:PrincipalTag/x509Issuer/C", "US", "DE"],
    ["StringEquals", "aws:PrincipalTag/x509SAN/DNS", "web.example.com", "db.example.com"],
    ["StringLike", "aws:PrincipalTag/x509SAN/URI", "spiffe://example.com/*", "spiffe://example.org/*"],
    ["StringEquals", "aws:RequestTag/x509Subject/CN", "client", "other"],
    ["ForAnyValue:StringEquals", "aws:TagKeys", "x509Subject/CN", "x509Subject/OU"],
    ["ForAllValues:StringLike", "aws:TagKeys", "x509*", "x509Subject/*"],
    ["Null", "sts:TransitiveTagKeys", "true", "false"],
    ["Null", "aws:PrincipalTag/x509Subject/OU", "true", "false"],
    ["Null", "aws:PrincipalOrgID", "true", "false"],
  ])("%s %s: %s, not %s", async (operator, key, right, wrong) => {
    expect(await reasonUnder({ [operator]: { [key]: right } })).toBeUndefined();
    expect(await reasonUnder({ [operator]: { [key]: wrong } })).toBe("TRUST_POLICY_DENIED");
  });

  it("https", async () => {
    expect(await reasonUnder({ Bool: { "aws:SecureTransport": "true" } }, true)).toBeUndefined();
  });

  it("what a certificate does not say, which the user guide warns of: a negation of an unmapped tag holds", async () => {
    expect(
      await reasonUnder({ StringNotEquals: { "aws:PrincipalTag/x509Subject/OU": "Revoked" } }),
    ).toBeUndefined();
  });

  it("a value of the request in a policy variable", async () => {
    expect(
      await reasonUnder({ StringLike: { "sts:SourceIdentity": "CN=${aws:PrincipalTag/x509Subject/CN}" } }),
    ).toBeUndefined();
  });
});

describe("the page of the checks", () => {
  const page = readFileSync(new URL("../../../../docs/mock/checks.md", import.meta.url), "utf8");
  const keys = Object.keys(
    trustPolicyContext({
      trustAnchorArn: "",
      trustAnchorAccount: "",
      sessionName: "",
      sourceIdentity: "",
      tags: [],
      now: new Date(),
      secure: true,
      region: "",
      sourceIp: "",
      userAgent: "",
    }),
  );

  it.each([...keys, ...TRUST_POLICY_ACTIONS])("names %s", (key) => {
    expect(page).toContain(`\`${key}\``);
  });
});
