import { describe, expect, it } from "vitest";
import { arnOf, expectPermissions } from "../../src/expectations/index.ts";
import type { ExpectOptions, TrustRequest } from "../../src/expectations/index.ts";
import { policy } from "../policy-case.ts";
import { templateWith, TRUST } from "./template-for-tests.ts";

const [statement]: readonly object[] = Object(TRUST)["Statement"];
const OTHER_ANCHOR = "arn:aws:rolesanywhere:us-east-1:111122223333:trust-anchor/other";

const SERVER_A = { subject: { CN: "server-a" } };

/** A template whose trust policy compares these tags. */
const comparing = (tags: object, profile: object = {}): object =>
  templateWith(
    { AssumeRolePolicyDocument: policy({ ...statement, Condition: { StringEquals: tags } }) },
    {},
    profile,
  );

describe("a certificate gets the role", () => {
  it.each<{ name: string; template?: object; certificate?: TrustRequest; options?: ExpectOptions }>([
    { name: "of its name" },
    { name: "through an enabled profile", options: { profile: "Profile" } },
    {
      name: "of the trust anchor that the test names",
      certificate: { ...SERVER_A, trustAnchorArn: arnOf("Anchor") },
    },
    {
      name: "of its issuer",
      template: comparing({ "aws:PrincipalTag/x509Issuer/CN": "Root" }),
      certificate: { ...SERVER_A, issuer: { CN: "Root" } },
    },
    {
      name: "of its DNS name",
      template: comparing({ "aws:PrincipalTag/x509SAN/DNS": "web.example.com" }),
      certificate: { ...SERVER_A, san: { dns: ["web.example.com", "b.example.com"] } },
    },
    {
      name: "of its URI",
      template: comparing({ "aws:PrincipalTag/x509SAN/URI": "spiffe://x/y" }),
      certificate: { ...SERVER_A, san: { uri: "spiffe://x/y" } },
    },
    {
      name: "of its directory name",
      template: comparing({ "aws:PrincipalTag/x509SAN/Name/O": "Example" }),
      certificate: { ...SERVER_A, san: { name: { O: "Example" } } },
    },
    {
      name: "of several units, joined",
      template: comparing({ "aws:PrincipalTag/x509Subject/OU": "a/b" }),
      certificate: { subject: { OU: ["a", "b"], CN: "x1" } },
    },
    { name: "of its source identity", template: comparing({ "sts:SourceIdentity": "CN=server-a" }) },
    {
      name: "of its serial number",
      template: comparing({ "sts:RoleSessionName": "0a1b" }),
      certificate: { ...SERVER_A, serialNumber: "0A1B" },
    },
    {
      name: "of the name that it asks for",
      template: comparing({ "sts:RoleSessionName": "mine" }, { AcceptRoleSessionName: true }),
      certificate: { ...SERVER_A, roleSessionName: "mine" },
      options: { profile: "Profile" },
    },
    {
      name: "in a region of the values",
      template: comparing({ "aws:RequestedRegion": "eu-west-1" }),
      options: { values: { "AWS::Region": "eu-west-1" } },
    },
    {
      name: "from an address of the context",
      template: comparing({ "aws:SourceIp": "10.0.0.1" }),
      options: { context: { "aws:SourceIp": "10.0.0.1" } },
    },
  ])("$name", ({ template = templateWith(), certificate = SERVER_A, options }) => {
    expectPermissions(template, "Role", options).toTrust(certificate);
    expect(() => expectPermissions(template, "Role", options).notToTrust(certificate)).toThrow(
      "not to trust a certificate with",
    );
  });
});

describe("a certificate does not get the role", () => {
  it.each<{
    name: string;
    template?: object;
    certificate?: TrustRequest;
    options?: ExpectOptions;
    reason: string;
  }>([
    {
      name: "of another name",
      certificate: { subject: { CN: "server-b" } },
      reason: "expected server-a and the request has server-b",
    },
    { name: "that differs in case", certificate: { subject: { CN: "Server-A" } }, reason: "has Server-A" },
    {
      name: "with the name as its unit",
      certificate: { subject: { OU: "server-a" } },
      reason: "has no such key",
    },
    {
      name: "of another trust anchor",
      certificate: { ...SERVER_A, trustAnchorArn: OTHER_ANCHOR },
      reason: "aws:SourceArn",
    },
    {
      name: "while the trust anchor is disabled",
      template: templateWith(
        {},
        { Anchor: { Type: "AWS::RolesAnywhere::TrustAnchor", Properties: { Enabled: false } } },
      ),
      reason: "is not enabled",
    },
    {
      name: "while the profile is disabled",
      template: templateWith({}, {}, { Enabled: false }),
      options: { profile: "Profile" },
      reason: "the profile Profile6F32097C is not enabled",
    },
    {
      name: "whose name the profile does not map",
      template: templateWith(
        {},
        {},
        { AttributeMappings: [{ CertificateField: "x509Subject", MappingRules: [{ Specifier: "O" }] }] },
      ),
      options: { profile: "Profile" },
      reason: "has no such key",
    },
    {
      name: "with characters that no tag may have",
      certificate: { subject: { CN: "server;a" } },
      reason: "source identity",
    },
    { name: "with an empty subject", certificate: { subject: {} }, reason: "empty subject" },
    {
      name: "that names its session",
      certificate: { ...SERVER_A, roleSessionName: "mine" },
      options: { profile: "Profile" },
      reason: "without AcceptRoleSessionName",
    },
    {
      name: "of the second DNS name",
      template: comparing({ "aws:PrincipalTag/x509SAN/DNS": "b.example.com" }),
      certificate: { ...SERVER_A, san: { dns: ["web.example.com", "b.example.com"] } },
      reason: "has web.example.com",
    },
    ...["sts:TagSession", "sts:SetSourceIdentity"].map((missing) => ({
      name: `when the policy lacks ${missing}`,
      template: templateWith({
        AssumeRolePolicyDocument: policy({
          ...statement,
          Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"].filter(
            (each) => each !== missing,
          ),
        }),
      }),
      reason: `but ${missing}: no statement allows ${missing}`,
    })),
  ])("$name", ({ template = templateWith(), certificate = SERVER_A, options, reason }) => {
    expectPermissions(template, "Role", options).notToTrust(certificate);
    expect(() => expectPermissions(template, "Role", options).toTrust(certificate)).toThrow(reason);
  });
});

it("asks for the trust anchor where it cannot know", () => {
  const template = templateWith(
    {},
    { Second: { Type: "AWS::RolesAnywhere::TrustAnchor", Properties: { Enabled: true } } },
  );
  expect(() => expectPermissions(template, "Role").toTrust(SERVER_A)).toThrow(
    "there are 2 trust anchors to choose from; give trustAnchorArn",
  );
  expectPermissions(template, "Role").notToTrust({ ...SERVER_A, trustAnchorArn: arnOf("Second") });
});

it("refuses a serial number that is not in hex, and permissions of a session that cannot be", () => {
  expect(() =>
    expectPermissions(templateWith(), "Role").toTrust({ ...SERVER_A, serialNumber: "12:34" }),
  ).toThrow("give it in hex");
  expect(() => expectPermissions(templateWith(), "Role", { certificate: { subject: {} } })).toThrow(
    "empty subject",
  );
});
