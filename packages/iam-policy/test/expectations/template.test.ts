import { describe, expect, it } from "vitest";
import { arnOf, expectPermissions, PolicyTestError } from "../../src/expectations/index.ts";
import type { ExpectOptions, PolicyTestErrorCode } from "../../src/expectations/index.ts";
import { allow, inline, templateWith } from "./template-for-tests.ts";

const SECTIONS = {
  Parameters: {
    Stage: { Type: "String", Default: "prod" },
    Names: { Type: "CommaDelimitedList", Default: "first,second" },
    Open: { Type: "String" },
    Looked: { Type: "AWS::SSM::Parameter::Value<String>", Default: "/buckets/main" },
  },
  Mappings: { Buckets: { prod: { name: "mapped-bucket" } } },
  Conditions: {
    IsProd: { "Fn::Equals": [{ Ref: "Stage" }, "prod"] },
    IsTest: { "Fn::Not": [{ Condition: "IsProd" }] },
    Both: { "Fn::And": [{ Condition: "IsProd" }, { Condition: "IsTest" }] },
    Either: { "Fn::Or": [{ Condition: "IsProd" }, { Condition: "IsTest" }] },
  },
};

const more = {
  Queue: { Type: "AWS::SQS::Queue", Properties: { QueueName: "jobs" } },
  Topic: { Type: "AWS::SNS::Topic" },
  Table: { Type: "AWS::DynamoDB::Table", Properties: { TableName: { "Fn::Sub": "table-${Stage}" } } },
  Function: { Type: "AWS::Lambda::Function" },
  Group: { Type: "AWS::Logs::LogGroup", Properties: { LogGroupName: "/app" } },
  Loop: { Type: "AWS::S3::Bucket", Properties: { BucketName: { "Fn::Sub": "${Loop}-x" } } },
  Unknown: { Type: "AWS::EC2::Instance" },
};

const templateFor = (resource: unknown): object =>
  templateWith(inline(allow("s3:GetObject", resource)), more, {}, SECTIONS);

describe("a template's resource is the ARN that CloudFormation would make of it", () => {
  it.each<readonly [name: string, resource: unknown, arn: string]>([
    ["a text", "arn:aws:s3:::b/k", "arn:aws:s3:::b/k"],
    [
      "Ref of a bucket with a name",
      { "Fn::Sub": "arn:aws:s3:::${Other1234ABCD}/k" },
      "arn:aws:s3:::other-bucket/k",
    ],
    ["Fn::GetAtt as a text", { "Fn::GetAtt": "Other1234ABCD.Arn" }, "arn:aws:s3:::other-bucket"],
    ["Fn::GetAtt of a queue", { "Fn::GetAtt": ["Queue", "Arn"] }, "arn:aws:sqs:us-east-1:111122223333:jobs"],
    ["Ref of a topic, which is its ARN", { Ref: "Topic" }, "arn:aws:sns:us-east-1:111122223333:Topic"],
    [
      "Fn::GetAtt of a table whose name has a parameter",
      { "Fn::GetAtt": ["Table", "Arn"] },
      "arn:aws:dynamodb:us-east-1:111122223333:table/table-prod",
    ],
    [
      "Fn::GetAtt of a function",
      { "Fn::GetAtt": ["Function", "Arn"] },
      "arn:aws:lambda:us-east-1:111122223333:function:Function",
    ],
    [
      "Fn::GetAtt of a trust anchor",
      { "Fn::GetAtt": ["Anchor", "TrustAnchorArn"] },
      "arn:aws:rolesanywhere:us-east-1:111122223333:trust-anchor/Anchor",
    ],
    [
      "pseudo parameters",
      { "Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:q" },
      "arn:aws:sqs:us-east-1:111122223333:q",
    ],
    [
      "Fn::Sub with variables of its own",
      { "Fn::Sub": ["arn:aws:s3:::${Name}/k", { Name: { Ref: "Stage" } }] },
      "arn:aws:s3:::prod/k",
    ],
    ["Fn::Join", { "Fn::Join": [":", ["arn:aws:s3", "", "", { Ref: "Stage" }]] }, "arn:aws:s3:::prod"],
    [
      "Fn::Select and Fn::Split",
      { "Fn::Sub": ["arn:aws:s3:::${X}", { X: { "Fn::Select": [1, { "Fn::Split": ["/", "a/b"] }] } }] },
      "arn:aws:s3:::b",
    ],
    [
      "Fn::Select of a list parameter",
      { "Fn::Sub": ["arn:aws:s3:::${X}", { X: { "Fn::Select": ["1", { Ref: "Names" }] } }] },
      "arn:aws:s3:::second",
    ],
    [
      "Fn::FindInMap",
      { "Fn::Sub": ["arn:aws:s3:::${X}", { X: { "Fn::FindInMap": ["Buckets", { Ref: "Stage" }, "name"] } }] },
      "arn:aws:s3:::mapped-bucket",
    ],
    ["Fn::If that holds", { "Fn::If": ["IsProd", "arn:aws:s3:::p", "arn:aws:s3:::t"] }, "arn:aws:s3:::p"],
    ["Fn::If that does not", { "Fn::If": ["IsTest", "arn:aws:s3:::p", "arn:aws:s3:::t"] }, "arn:aws:s3:::t"],
    ["Fn::And", { "Fn::If": ["Both", "arn:aws:s3:::p", "arn:aws:s3:::t"] }, "arn:aws:s3:::t"],
    ["Fn::Or", { "Fn::If": ["Either", "arn:aws:s3:::p", "arn:aws:s3:::t"] }, "arn:aws:s3:::p"],
    ["AWS::NoValue in a list", ["arn:aws:s3:::p", { Ref: "AWS::NoValue" }], "arn:aws:s3:::p"],
    [
      "a policy variable, which Fn::Sub leaves alone",
      { "Fn::Sub": "arn:aws:s3:::b/${!aws:PrincipalAccount}" },
      "arn:aws:s3:::b/111122223333",
    ],
  ])("%s", (_name, resource, arn) => {
    expectPermissions(templateFor(resource), "Role")
      .toAllow("s3:GetObject", arn)
      .toDeny("s3:GetObject", `${arn}x`);
  });
});

describe("what only a deployment knows is given by name", () => {
  it.each<readonly [name: string, resource: unknown, values: ExpectOptions["values"], arn: string]>([
    ["a parameter", { "Fn::Sub": "arn:aws:s3:::${Open}" }, { Open: "given" }, "arn:aws:s3:::given"],
    [
      "a parameter of Systems Manager",
      { "Fn::Sub": "arn:aws:s3:::${Looked}" },
      { Looked: "given" },
      "arn:aws:s3:::given",
    ],
    [
      "an export",
      { "Fn::ImportValue": "Other:BucketArn" },
      { "Other:BucketArn": "arn:aws:s3:::given" },
      "arn:aws:s3:::given",
    ],
    [
      "an attribute",
      { "Fn::GetAtt": ["Unknown", "Arn"] },
      { "Unknown.Arn": "arn:aws:s3:::given" },
      "arn:aws:s3:::given",
    ],
    [
      "the name of a bucket",
      { "Fn::GetAtt": ["Bucket83908E77", "Arn"] },
      { Bucket83908E77: "given" },
      "arn:aws:s3:::given",
    ],
    [
      "account and region",
      { "Fn::GetAtt": ["Queue", "Arn"] },
      { "AWS::AccountId": "444455556666", "AWS::Region": "eu-west-1" },
      "arn:aws:sqs:eu-west-1:444455556666:jobs",
    ],
    ["a default", { "Fn::Sub": "arn:aws:s3:::${Stage}" }, { Stage: "test" }, "arn:aws:s3:::test"],
  ])("%s", (_name, resource, values, arn) => {
    expectPermissions(templateFor(resource), "Role", { values }).toAllow("s3:GetObject", arn);
  });
});

const at = "Resources.Role1ABCC5F0.Properties.Policies[0].PolicyDocument.Statement[0].Resource";

describe("a question without an answer names the path and the remedy", () => {
  it.each<readonly [name: string, ask: () => unknown, code: PolicyTestErrorCode, message: string]>([
    [
      "a parameter without value",
      () => expectPermissions(templateFor({ Ref: "Open" }), "Role"),
      "ERR_POLICY_TEST_UNRESOLVED",
      `${at}.Ref: the parameter Open has no value; give values: { "Open": … }`,
    ],
    [
      "a parameter of Systems Manager",
      () => expectPermissions(templateFor({ Ref: "Looked" }), "Role"),
      "ERR_POLICY_TEST_UNRESOLVED",
      "the parameter Looked has no value",
    ],
    [
      "an export",
      () => expectPermissions(templateFor({ "Fn::ImportValue": "X" }), "Role"),
      "ERR_POLICY_TEST_UNRESOLVED",
      `${at}.Fn::ImportValue: "X" is the export of another stack; give values: { "X": … }`,
    ],
    [
      "an attribute",
      () => expectPermissions(templateFor({ "Fn::GetAtt": ["Unknown", "PrivateIp"] }), "Role"),
      "ERR_POLICY_TEST_UNRESOLVED",
      'give values: { "Unknown.PrivateIp": … }',
    ],
    [
      "the URL of a queue",
      () => expectPermissions(templateFor({ Ref: "Queue" }), "Role"),
      "ERR_POLICY_TEST_UNRESOLVED",
      "Ref of an AWS::SQS::Queue is known after a deployment only",
    ],
    [
      "a resource that is not there",
      () => expectPermissions(templateFor({ Ref: "Gone" }), "Role"),
      "ERR_POLICY_TEST_UNRESOLVED",
      "the template has no Gone",
    ],
    [
      "a function that needs a deployment",
      () => expectPermissions(templateFor({ "Fn::GetAZs": "" }), "Role"),
      "ERR_POLICY_TEST_UNRESOLVED",
      "Fn::GetAZs needs a deployment",
    ],
    [
      "a name that needs itself",
      () => expectPermissions(templateFor({ Ref: "Loop" }), "Role"),
      "ERR_POLICY_TEST_UNRESOLVED",
      "this name needs itself",
    ],
    [
      "a condition that is not there",
      () => expectPermissions(templateFor({ "Fn::If": ["Gone", "a", "b"] }), "Role"),
      "ERR_POLICY_TEST_UNRESOLVED",
      "the template has no condition Gone",
    ],
    [
      "a managed policy of AWS",
      () =>
        expectPermissions(
          templateWith({ ManagedPolicyArns: ["arn:aws:iam::aws:policy/AmazonS3FullAccess"] }),
          "Role",
        ),
      "ERR_POLICY_TEST_DOCUMENT_MISSING",
      'Resources.Role1ABCC5F0.Properties.ManagedPolicyArns[0]: the document of arn:aws:iam::aws:policy/AmazonS3FullAccess is not here; give managedPolicies: { "arn:aws:iam::aws:policy/AmazonS3FullAccess": document }',
    ],
    [
      "a boundary",
      () =>
        expectPermissions(
          templateWith({ PermissionsBoundary: "arn:aws:iam::111122223333:policy/b" }),
          "Role",
        ),
      "ERR_POLICY_TEST_DOCUMENT_MISSING",
      "PermissionsBoundary[0]",
    ],
    [
      "another role",
      () => expectPermissions(templateWith(), "Writer"),
      "ERR_POLICY_TEST_NOT_FOUND",
      '"Writer" is no AWS::IAM::Role of the template; there is Role1ABCC5F0',
    ],
    [
      "two roles of a name",
      () => expectPermissions(templateWith({}, { RoleABCDEF01: { Type: "AWS::IAM::Role" } }), "Role"),
      "ERR_POLICY_TEST_NOT_FOUND",
      '"Role" fits several resources; give one of Role1ABCC5F0, RoleABCDEF01',
    ],
    [
      "another profile",
      () => expectPermissions(templateWith(), "Role", { profile: "P" }),
      "ERR_POLICY_TEST_NOT_FOUND",
      "there is Profile6F32097C",
    ],
    [
      "a profile without the role",
      () => expectPermissions(templateWith({}, {}, { RoleArns: [] }), "Role", { profile: "Profile" }),
      "ERR_POLICY_TEST_ARGUMENT",
      "does not name arn:aws:iam::111122223333:role/Role1ABCC5F0",
    ],
    [
      "another bucket",
      () => expectPermissions(templateWith(), "Role").toAllow("s3:GetObject", arnOf("Reports")),
      "ERR_POLICY_TEST_NOT_FOUND",
      '"Reports" is no resource of the template; there is Bucket83908E77',
    ],
    [
      "a resource of unknown type",
      () => expectPermissions(templateFor("*"), "Role").toAllow("ec2:StartInstances", arnOf("Unknown")),
      "ERR_POLICY_TEST_UNRESOLVED",
      'Resources.Unknown: the ARN of an AWS::EC2::Instance is known after a deployment only; give values: { "Unknown.Arn": … }',
    ],
    [
      "an action with a wildcard",
      () => expectPermissions(templateWith(), "Role").toDeny("s3:*", "*"),
      "ERR_POLICY_TEST_ARGUMENT",
      '"s3:*" is not one action',
    ],
    [
      "a resource with a wildcard",
      () => expectPermissions(templateWith(), "Role").toDeny("s3:GetObject", arnOf("Bucket", "/*")),
      "ERR_POLICY_TEST_ARGUMENT",
      "arn:aws:s3:::bucket83908e77/* has a wildcard",
    ],
    [
      "a token of the CDK",
      () => expectPermissions(templateWith(), "Role").toDeny("s3:GetObject", "${Token[TOKEN.12]}/a"),
      "ERR_POLICY_TEST_ARGUMENT",
      "is a token of the CDK",
    ],
    [
      "a name in place of an ARN",
      () => expectPermissions(templateWith(), "Role").toDeny("s3:GetObject", "bucket"),
      "ERR_POLICY_TEST_ARGUMENT",
      '"bucket" is no ARN',
    ],
    [
      "no template",
      () => expectPermissions({ Stack: {} }, "Role"),
      "ERR_POLICY_TEST_ARGUMENT",
      "give a CloudFormation template",
    ],
  ])("%s", (_name, ask, code, message) => {
    expect(ask).toThrow(PolicyTestError);
    expect(ask).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });
});

it("names where a policy stands that IAM would refuse", () => {
  const template = templateWith(
    inline({ Version: "2012-10-17", Statement: { Effect: "Alow", Action: "*", Resource: "*" } }),
  );
  expect(() => expectPermissions(template, "Role")).toThrow(
    'Resources.Role1ABCC5F0.Properties.Policies[0].PolicyDocument.Statement.Effect: expected "Allow" or "Deny", got the string "Alow"',
  );
});

it("takes what Template.fromStack of the CDK returns", () => {
  expectPermissions({ toJSON: () => templateWith(inline(allow("s3:GetObject"))) }, "Role").toAllow(
    "s3:GetObject",
    arnOf("Bucket", "/a"),
  );
});
