import { describe, expect, it } from "vitest";
import { arnOf, expectPermissions } from "../../src/expectations/index.ts";
import type { ExpectOptions } from "../../src/expectations/index.ts";
import { policy } from "../policy-case.ts";
import { ACCOUNT, allow, bucketArn, deny, inline, objects, templateWith } from "./template-for-tests.ts";

const READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
const roleRef = { Ref: "Role1ABCC5F0" };
const own = (document: object, more: object): object => ({
  Own: { Type: "AWS::IAM::ManagedPolicy", Properties: { PolicyDocument: document, ...more } },
});
const bucketPolicy = (...statements: readonly object[]): object => ({
  BucketPolicy: {
    Type: "AWS::S3::BucketPolicy",
    Properties: { Bucket: { Ref: "Bucket83908E77" }, PolicyDocument: policy(...statements) },
  },
});

type Case = readonly [name: string, template: object, options?: ExpectOptions];

const rows = (cases: readonly Case[]) =>
  cases.map(([name, template, options]) => ({ name, template, options }));

const object = arnOf("Bucket", "/a.csv");

describe("a session may read the object and not write it, when the reading is allowed by", () => {
  it.each(
    rows([
      ["an inline policy", templateWith(inline(allow("s3:GetObject")))],
      [
        "an AWS::IAM::Policy that names the role",
        templateWith(
          {},
          {
            P: {
              Type: "AWS::IAM::Policy",
              Properties: { PolicyName: "p", PolicyDocument: allow("s3:Get*"), Roles: [roleRef] },
            },
          },
        ),
      ],
      [
        "an AWS::IAM::RolePolicy",
        templateWith(
          {},
          {
            P: {
              Type: "AWS::IAM::RolePolicy",
              Properties: { PolicyName: "p", PolicyDocument: allow("s3:Get*"), RoleName: roleRef },
            },
          },
        ),
      ],
      ["a managed policy that names the role", templateWith({}, own(allow("s3:Get*"), { Roles: [roleRef] }))],
      [
        "a managed policy that the role names by Ref",
        templateWith({ ManagedPolicyArns: [{ Ref: "Own" }] }, own(allow("s3:Get*"), {})),
      ],
      [
        "a managed policy of AWS whose document is given",
        templateWith({
          ManagedPolicyArns: [
            {
              "Fn::Join": [
                "",
                ["arn:", { Ref: "AWS::Partition" }, ":iam::aws:policy/AmazonS3ReadOnlyAccess"],
              ],
            },
          ],
        }),
        { managedPolicies: { [READ_ONLY]: allow("s3:Get*", "*") } },
      ],
      [
        "a bucket policy that names the role",
        templateWith(
          {},
          bucketPolicy({
            Effect: "Allow",
            Principal: { AWS: { "Fn::GetAtt": ["Role1ABCC5F0", "Arn"] } },
            Action: "s3:GetObject",
            Resource: objects,
          }),
        ),
      ],
      [
        "a wide role within a permissions boundary",
        templateWith(
          { ...inline(allow("s3:*", "*")), PermissionsBoundary: { Ref: "Own" } },
          own(allow("s3:GetObject"), {}),
        ),
      ],
      [
        "a wide role through a profile with a session policy",
        templateWith(
          inline(allow("s3:*", "*")),
          {},
          {
            SessionPolicy: JSON.stringify(allow("s3:GetObject", "*")),
          },
        ),
        { profile: "Profile" },
      ],
      [
        "a wide role through a profile whose session policy has tokens",
        templateWith(
          inline(allow("s3:*", "*")),
          {},
          {
            SessionPolicy: {
              "Fn::Sub": [JSON.stringify(allow("s3:GetObject", "${Arn}/*")), { Arn: bucketArn }],
            },
          },
        ),
        { profile: "Profile" },
      ],
      [
        "a wide role through a profile with a managed policy",
        templateWith(inline(allow("s3:*", "*")), own(allow("s3:GetObject"), {}), {
          ManagedPolicyArns: [{ Ref: "Own" }],
        }),
        { profile: "Profile6F32097C" },
      ],
      [
        "a wide role and a bucket policy that denies the writing",
        templateWith(
          inline(allow("s3:*", "*")),
          bucketPolicy({
            Effect: "Deny",
            Principal: "*",
            Action: "s3:PutObject",
            Resource: objects,
          }),
        ),
      ],
      [
        "a role for the tag of its certificate",
        templateWith(
          inline(
            allow("s3:GetObject", objects, {
              Condition: { StringEquals: { "aws:PrincipalTag/x509Subject/CN": "server-a" } },
            }),
          ),
        ),
        { certificate: { subject: { CN: "server-a" } } },
      ],
      [
        "a role for its own tag",
        templateWith({
          Tags: [{ Key: "team", Value: "reports" }],
          ...inline(
            allow("s3:GetObject", objects, {
              Condition: { StringEquals: { "aws:PrincipalTag/team": "reports" } },
            }),
          ),
        }),
      ],
      [
        "a key of the context",
        templateWith(
          inline(
            allow("s3:GetObject", objects, {
              Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } },
            }),
          ),
        ),
        { context: { "AWS:SourceIP": "10.1.2.3" } },
      ],
    ]),
  )("$name", ({ template, options }) => {
    expectPermissions(template, "Role", options)
      .toAllow("s3:GetObject", object)
      .toDeny("s3:PutObject", object);
    expect(() => expectPermissions(template, "Role", options).toDeny("s3:GetObject", object)).toThrow(
      "to deny s3:GetObject",
    );
    expect(() => expectPermissions(template, "Role", options).toAllow("s3:PutObject", object)).toThrow(
      "to allow s3:PutObject",
    );
  });
});

describe("a session may not read the object, when", () => {
  const reader = inline(allow("s3:GetObject"));
  it.each(
    rows([
      [
        "the policy names another role",
        templateWith(
          {},
          {
            P: { Type: "AWS::IAM::Policy", Properties: { PolicyDocument: allow("s3:*"), Roles: ["other"] } },
          },
        ),
      ],
      [
        "the policy is for another bucket",
        templateWith(inline(allow("s3:*", { "Fn::Sub": "${Other1234ABCD.Arn}/*" }))),
      ],
      [
        "the boundary does not allow it",
        templateWith({ ...reader, PermissionsBoundary: READ_ONLY }),
        {
          managedPolicies: { [READ_ONLY]: allow("s3:ListBucket", "*") },
        },
      ],
      [
        "the session policy does not allow it",
        templateWith(reader, {}, { SessionPolicy: JSON.stringify(allow("s3:ListBucket", "*")) }),
        { profile: "Profile" },
      ],
      [
        "the certificate has another name",
        templateWith(
          inline(
            allow("s3:GetObject", objects, {
              Condition: { StringEquals: { "aws:PrincipalTag/x509Subject/CN": "server-a" } },
            }),
          ),
        ),
        { certificate: { subject: { CN: "server-b" } } },
      ],
      [
        "the profile does not map that name",
        templateWith(
          inline(
            allow("s3:GetObject", objects, {
              Condition: { StringEquals: { "aws:PrincipalTag/x509Subject/CN": "server-a" } },
            }),
          ),
          {},
          { AttributeMappings: [{ CertificateField: "x509Subject", MappingRules: [{ Specifier: "O" }] }] },
        ),
        {
          profile: "Profile",
          certificate: { subject: { CN: "server-a" } },
        },
      ],
      [
        "an older session is denied",
        templateWith(reader, {
          P: {
            Type: "AWS::IAM::Policy",
            Properties: {
              PolicyName: "p",
              Roles: [roleRef],
              PolicyDocument: deny("*", "*", {
                Condition: { DateLessThan: { "aws:TokenIssueTime": "2026-01-01T00:00:00Z" } },
              }),
            },
          },
        }),
        { now: new Date("2025-12-31T23:59:59Z") },
      ],
      [
        "the resource with the policy is left out by its condition",
        templateWith(
          {},
          {
            P: {
              Type: "AWS::IAM::Policy",
              Condition: "Never",
              Properties: { PolicyName: "p", Roles: [roleRef], PolicyDocument: allow("s3:*") },
            },
          },
          {},
          { Conditions: { Never: { "Fn::Equals": [{ Ref: "AWS::Region" }, "nowhere"] } } },
        ),
      ],
    ]),
  )("$name", ({ template, options }) => {
    expectPermissions(template, "Role", options).toDeny("s3:GetObject", object);
    // The row has only one reason: with the plain reader the same request is allowed.
    expectPermissions(templateWith(reader), "Role").toAllow("s3:GetObject", object);
  });
});

it("asks about an object without TLS, as the context of one request says", () => {
  const template = templateWith(
    inline(allow("s3:GetObject")),
    bucketPolicy({
      Effect: "Deny",
      Principal: { AWS: "*" },
      Action: "s3:*",
      Resource: [bucketArn, objects],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    }),
  );
  expectPermissions(template, "Role")
    .toAllow("s3:GetObject", object)
    .toDeny("s3:GetObject", object, { "aws:SecureTransport": "false" });
});

it.each([
  ["AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "sns:Publish", { Topics: [{ Ref: "It" }] }, "PolicyDocument"],
  [
    "AWS::SecretsManager::Secret",
    "AWS::SecretsManager::ResourcePolicy",
    "secretsmanager:GetSecretValue",
    { SecretId: { Ref: "It" } },
    "ResourcePolicy",
  ],
])("counts the policy of a resource of type %s", (type, policyType, action, target, document) => {
  const arn = "arn:aws:x:us-east-1:111122223333:it";
  const Statement = {
    Effect: "Allow",
    Principal: { AWS: { "Fn::GetAtt": ["Role1ABCC5F0", "Arn"] } },
    Action: action,
    Resource: "*",
  };
  const properties = { ...target, [document]: { Version: "2012-10-17", Statement } };
  const template = templateWith(
    {},
    { It: { Type: type }, Policy: { Type: policyType, Properties: properties } },
  );
  expectPermissions(template, "Role", { values: { It: arn } })
    .toAllow(action, arn)
    .toDeny(action, `${arn}2`);
});

it("reads a session policy that the template writes as an object", () => {
  const profile = { SessionPolicy: { "Fn::ToJsonString": allow("s3:GetObject") } };
  expectPermissions(templateWith(inline(allow("s3:*", "*")), {}, profile), "Role", { profile: "Profile" })
    .toAllow("s3:GetObject", object)
    .toDeny("s3:PutObject", object);
});

it("counts the policy of a key, which has to allow", () => {
  const key = (...statements: readonly object[]): object =>
    templateWith(inline(allow("kms:Decrypt", "*")), {
      Key: { Type: "AWS::KMS::Key", Properties: { KeyPolicy: policy(...statements) } },
    });
  const account = {
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
    Action: "kms:*",
    Resource: "*",
  };
  expectPermissions(key(account), "Role").toAllow("kms:Decrypt", arnOf("Key"));
  expectPermissions(key({ ...account, Action: "kms:Encrypt" }), "Role").toDeny("kms:Decrypt", arnOf("Key"));
});

describe("a failure says", () => {
  const template = templateWith(
    { ...inline(policy({ Sid: "List", Effect: "Allow", Action: "s3:ListBucket", Resource: bucketArn })) },
    {},
    {
      SessionPolicy: JSON.stringify(
        policy({ Sid: "Everything", Effect: "Allow", Action: "*", Resource: "*" }),
      ),
    },
  );
  const thrownBy = (expectation: () => unknown): unknown => {
    try {
      expectation();
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it("which statement is missing, and what each policy says", () => {
    const error = thrownBy(() =>
      expectPermissions(template, "Role", { profile: "Profile" }).toAllow("s3:GetObject", object),
    );
    expect(error).toMatchObject({
      name: "AssertionError",
      code: "ERR_ASSERTION",
      actual: "ImplicitDeny",
      expected: "Allow",
      operator: "toAllow",
      message: [
        'expected role Role1ABCC5F0 to allow s3:GetObject on arn:aws:s3:::bucket83908e77/a.csv, but identity policy: no statement allows s3:GetObject; the closest, identity policy, statement 0 "List", has Action s3:ListBucket',
        '  identity policy "Inline": does not allow it',
        '    statement 0 "List", Allow: has Action s3:ListBucket; Resource expected arn:aws:s3:::bucket83908e77 and the request has arn:aws:s3:::bucket83908e77/a.csv',
        '  session policy "SessionPolicy of Profile6F32097C": allows it',
        '    statement 0 "Everything", Allow: applies',
      ].join("\n"),
    });
  });

  it("which statement allows what should be denied", () => {
    const error = thrownBy(() =>
      expectPermissions(template, "Role").toDeny("s3:ListBucket", arnOf("Bucket")),
    );
    expect(error).toMatchObject({ actual: "Allow", expected: "Deny", operator: "toDeny" });
    expect(String(error)).toContain(
      'but identity policy, statement 0 "List" allows s3:ListBucket on arn:aws:s3:::bucket83908e77',
    );
  });

  it("where: its stack begins at the line of the test", () => {
    const error = thrownBy(() => expectPermissions(template, "Role").toAllow("s3:GetObject", object));
    const first = String(Object(error)["stack"])
      .split("\n")
      .find((line) => /^\s+at /u.test(line));
    expect(first).toContain("permissions.test.ts");
  });
});
