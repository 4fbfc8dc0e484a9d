import { describe, expect, it } from "vitest";
import { authorizeRequest } from "../src/index.ts";
import type { ApplicablePolicies, JsonObject, NamedPolicy, ServiceRequest } from "../src/index.ts";
import { ACCOUNT, serviceRequest, SESSION } from "./support/session.ts";

const named = (name: string, ...Statement: readonly JsonObject[]): NamedPolicy => ({
  name,
  document: { Version: "2012-10-17", Statement },
});

const ALLOW = named("allow-all", { Effect: "Allow", Action: "*", Resource: "*" });
const DENY_STATEMENT = { Sid: "NoWrites", Effect: "Deny", Action: "s3:Put*", Resource: "*" };
const DENY = named("no-writes", DENY_STATEMENT);
const READ = named("read", { Effect: "Allow", Action: "s3:Get*", Resource: "*" });
const PUT = serviceRequest("PutObject", { Bucket: "reports", Key: "a" });
const USER = `User: ${SESSION.assumedRoleArn} is not authorized to perform:`;
const PUT_TEXT = `${USER} s3:PutObject on resource: "arn:aws:s3:::reports/a"`;
const BUCKET = "arn:aws:s3:::reports";

describe("the message of a refusal", () => {
  it.each<[title: string, policies: ApplicablePolicies, message: string, policyName: string | undefined]>([
    [
      "no identity policy",
      { identityPolicies: [] },
      `${PUT_TEXT} because no identity-based policy allows the s3:PutObject action`,
      undefined,
    ],
    [
      "two identity policies that allow something else",
      { identityPolicies: [READ, READ] },
      `${PUT_TEXT} because no identity-based policy allows the s3:PutObject action`,
      undefined,
    ],
    [
      "a Deny of the role",
      { identityPolicies: [ALLOW, DENY] },
      `${PUT_TEXT} with an explicit deny in an identity-based policy`,
      "no-writes",
    ],
    [
      "a session policy that does not allow",
      { identityPolicies: [ALLOW], sessionPolicies: [READ] },
      `${PUT_TEXT} because no session policy allows the s3:PutObject action`,
      "read",
    ],
    [
      "a Deny of the session",
      { identityPolicies: [ALLOW], sessionPolicies: [ALLOW, DENY] },
      `${PUT_TEXT} with an explicit deny in a session policy`,
      "no-writes",
    ],
    [
      "a permissions boundary that does not allow",
      { identityPolicies: [ALLOW], permissionsBoundary: READ },
      `${PUT_TEXT} because no permissions boundary allows the s3:PutObject action`,
      "read",
    ],
    [
      "a Deny of the permissions boundary",
      { identityPolicies: [ALLOW], permissionsBoundary: named("limit", ...[DENY_STATEMENT]) },
      `${PUT_TEXT} with an explicit deny in a permissions boundary`,
      "limit",
    ],
    [
      "a Deny of the bucket",
      {
        identityPolicies: [ALLOW],
        resourcePolicies: [
          { ...named("bucket policy", { ...DENY_STATEMENT, Principal: "*" }), resourceArn: BUCKET },
        ],
      },
      `${PUT_TEXT} with an explicit deny in a resource-based policy`,
      "bucket policy",
    ],
  ])("names %s", (_, policies, message, policyName) => {
    const verdict = authorizeRequest(PUT, SESSION, policies);
    expect(verdict).toMatchObject({ allowed: false, code: "AccessDenied", status: 403, message });
    expect(verdict.allowed ? undefined : verdict.refused?.policyName).toBe(policyName);
  });

  it.each<
    [service: string, operation: string, parameters: JsonObject, code: string, status: number, text: string]
  >([
    ["s3", "ListBuckets", {}, "AccessDenied", 403, `${USER} s3:ListAllMyBuckets because`],
    [
      "iam",
      "GetRole",
      { RoleName: "a" },
      "AccessDenied",
      403,
      `${USER} iam:GetRole on resource: arn:aws:iam::${ACCOUNT}:role/a because`,
    ],
    [
      "dynamodb",
      "GetItem",
      { TableName: "t" },
      "AccessDeniedException",
      400,
      `${USER} dynamodb:GetItem on resource: arn:aws:dynamodb:eu-west-1:${ACCOUNT}:table/t because`,
    ],
    ["lambda", "ListFunctions", {}, "AccessDeniedException", 403, `${USER} lambda:ListFunctions because`],
    [
      "ec2",
      "DescribeInstances",
      {},
      "UnauthorizedOperation",
      403,
      `You are not authorized to perform this operation. ${USER} ec2:DescribeInstances because`,
    ],
  ])("is written as %s writes it", (service, operation, parameters, code, status, text) => {
    const request = serviceRequest(operation, parameters, { service });
    const verdict = authorizeRequest(request, SESSION, { identityPolicies: [] });
    expect(verdict).toMatchObject({ allowed: false, code, status, message: expect.stringContaining(text) });
  });
});

describe("authorizeRequest", () => {
  it("says which statement decided, and what every statement says", () => {
    const verdict = authorizeRequest(PUT, SESSION, { identityPolicies: [ALLOW, DENY] });
    expect(verdict).toMatchObject({
      refused: {
        action: "s3:PutObject",
        effect: "ExplicitDeny",
        policyType: "identity",
        statement: "NoWrites",
      },
      reason: expect.stringContaining("no-writes: "),
      explanation: { policies: [{ effect: "Allow" }, { effect: "ExplicitDeny" }] },
    });
  });

  it("tells the verdict on every permission, and the message of the first refusal", () => {
    const request = serviceRequest("CopyObject", { Bucket: "reports", Key: "a", CopySource: "other/b" });
    const policies = {
      identityPolicies: [named("write", { Effect: "Allow", Action: "s3:Put*", Resource: "*" })],
    };
    const verdict = authorizeRequest(request, SESSION, policies);
    expect(verdict.permissions.map(({ action, effect }) => `${action} ${effect}`)).toEqual([
      "s3:GetObject ImplicitDeny",
      "s3:PutObject Allow",
    ]);
    expect(verdict).toMatchObject({ message: expect.stringContaining('"arn:aws:s3:::other/b"') });
  });

  it("lets every session ask who it is, even against a Deny", () => {
    const request = serviceRequest("GetCallerIdentity", {}, { service: "sts" });
    const deny = named("deny", { Effect: "Deny", Action: "*", Resource: "*" });
    expect(authorizeRequest(request, SESSION, { identityPolicies: [deny] }).allowed).toBe(true);
  });

  it.each(["GetSessionToken", "GetFederationToken"])("lets no session call %s", (operation) => {
    const request = serviceRequest(operation, { Name: "a" }, { service: "sts" });
    expect(authorizeRequest(request, SESSION, { identityPolicies: [ALLOW] })).toMatchObject({
      allowed: false,
      message: `Cannot call ${operation} with session credentials`,
    });
  });

  it.each<[where: string, policies: (bad: NamedPolicy) => ApplicablePolicies]>([
    ["role", (bad) => ({ identityPolicies: [ALLOW, bad] })],
    ["session", (bad) => ({ identityPolicies: [ALLOW], sessionPolicies: [ALLOW, bad] })],
    ["boundary", (bad) => ({ identityPolicies: [ALLOW], permissionsBoundary: bad })],
    ["bucket", (bad) => ({ identityPolicies: [ALLOW], resourcePolicies: [{ ...bad, resourceArn: BUCKET }] })],
  ])("refuses everything when a policy of the %s is malformed, and names it", (_, policies) => {
    for (const document of ["{", "[]", '{"Statement":[{"Effect":"Permit","Action":"*","Resource":"*"}]}']) {
      const verdict = authorizeRequest(PUT, SESSION, policies({ name: "bad", document }));
      expect(verdict).toMatchObject({
        allowed: false,
        reason: expect.stringContaining('policy "bad" is malformed'),
      });
    }
  });

  describe("role chaining", () => {
    const roleArn = `arn:aws:iam::${ACCOUNT}:role/next`;
    const request: ServiceRequest = serviceRequest(
      "AssumeRole",
      { RoleArn: roleArn, RoleSessionName: "s", Tags: [{ Key: "team", Value: "blue" }] },
      { service: "sts" },
    );
    const trust = (
      Action: readonly string[],
      Principal: JsonObject,
    ): ApplicablePolicies["resourcePolicies"] => [
      { ...named("trust policy", { Effect: "Allow", Principal, Action }), resourceArn: roleArn },
    ];
    const both = ["sts:AssumeRole", "sts:TagSession"];
    it.each<[string, ApplicablePolicies, boolean]>([
      ["without the trust policy", { identityPolicies: [ALLOW] }, false],
      [
        "when role and trust policy allow",
        { identityPolicies: [ALLOW], resourcePolicies: trust(both, { AWS: ACCOUNT }) },
        true,
      ],
      [
        "when the trust policy does not let it tag",
        { identityPolicies: [ALLOW], resourcePolicies: trust(["sts:AssumeRole"], { AWS: ACCOUNT }) },
        false,
      ],
      [
        "when the trust policy names the role itself",
        { identityPolicies: [], resourcePolicies: trust(both, { AWS: SESSION.roleArn }) },
        true,
      ],
      [
        "when the trust policy trusts the account and the role allows nothing",
        { identityPolicies: [], resourcePolicies: trust(both, { AWS: ACCOUNT }) },
        false,
      ],
    ])("%s", (_, policies, allowed) => {
      expect(authorizeRequest(request, SESSION, policies).allowed).toBe(allowed);
    });
  });

  it("takes the default policy for a KMS key whose policy nobody gave", () => {
    const request = serviceRequest("Encrypt", { KeyId: "k" }, { service: "kms" });
    expect(authorizeRequest(request, SESSION, { identityPolicies: [ALLOW] }).allowed).toBe(true);
    expect(authorizeRequest(request, SESSION, { identityPolicies: [READ] }).allowed).toBe(false);
  });

  it("decides a thousand deletions as it decides one", () => {
    const Objects = Array.from({ length: 1000 }, (_, index) => ({ Key: `k${index}` }));
    const request = serviceRequest("DeleteObjects", { Bucket: "reports", Delete: { Objects } });
    const policies = {
      identityPolicies: [
        ALLOW,
        named("keep", { Effect: "Deny", Action: "s3:DeleteObject", Resource: `${BUCKET}/k99*` }),
      ],
    };
    const { permissions } = authorizeRequest(request, SESSION, policies);
    expect(permissions.filter(({ effect }) => effect === "ExplicitDeny")).toHaveLength(11);
  });

  it("lets session tags win over tags of the role, in any letter case", () => {
    const policies = {
      identityPolicies: [
        named("blue", {
          Effect: "Allow",
          Action: "s3:*",
          Resource: "*",
          Condition: { StringEquals: { "aws:PrincipalTag/team": "blue", "aws:PrincipalTag/site": "b" } },
        }),
      ],
    };
    const withTags = { ...SESSION, tags: { Team: "blue" }, roleTags: { team: "red", site: "b" } };
    expect(authorizeRequest(PUT, withTags, policies).allowed).toBe(true);
    expect(authorizeRequest(PUT, { ...withTags, tags: {} }, policies).allowed).toBe(false);
  });
});
