import { describe, expect, it } from "vitest";
import { mapRequest, policyResources } from "../src/index.ts";
import type { JsonObject, RequiredPermission } from "../src/index.ts";
import { serviceRequest } from "./support/session.ts";

function map(service: string, operation: string, parameters: JsonObject): readonly RequiredPermission[] {
  return mapRequest(serviceRequest(operation, parameters, { service, path: "/restapis?limit=1" }));
}

const ROLE = "arn:aws:iam::444455556666:role/other";
const IAM = "arn:aws:iam::111122223333:";
const CFN = "arn:aws:cloudformation:eu-west-1:111122223333:";

describe("mapRequest for other services", () => {
  it.each<[service: string, operation: string, parameters: JsonObject, permissions: string[]]>([
    ["sts", "GetCallerIdentity", {}, []],
    ["sts", "AssumeRoleWithWebIdentity", { RoleArn: ROLE }, []],
    ["sts", "AssumeRole", { RoleArn: ROLE, RoleSessionName: "s" }, [`sts:AssumeRole ${ROLE}`]],
    [
      "sts",
      "AssumeRole",
      { RoleArn: ROLE, RoleSessionName: "s", Tags: [{ Key: "a", Value: "b" }], SourceIdentity: "me" },
      [`sts:AssumeRole ${ROLE}`, `sts:TagSession ${ROLE}`, `sts:SetSourceIdentity ${ROLE}`],
    ],
    ["sts", "DecodeAuthorizationMessage", { EncodedMessage: "x" }, ["sts:DecodeAuthorizationMessage *"]],
    [
      "sts",
      "AssumeRoot",
      { TargetPrincipal: "444455556666" },
      ["sts:AssumeRoot arn:aws:iam::444455556666:root"],
    ],
    ["iam", "GetRole", { RoleName: "a" }, [`iam:GetRole ${IAM}role/a`]],
    ["iam", "CreateRole", { RoleName: "a", Path: "/servers/" }, [`iam:CreateRole ${IAM}role/servers/a`]],
    ["iam", "ListRoles", { PathPrefix: "/servers/" }, ["iam:ListRoles *"]],
    ["iam", "CreateUser", { UserName: "u" }, [`iam:CreateUser ${IAM}user/u`]],
    ["iam", "AddUserToGroup", { UserName: "u", GroupName: "g" }, [`iam:AddUserToGroup ${IAM}group/g`]],
    ["iam", "PutRolePolicy", { RoleName: "a", PolicyName: "p" }, [`iam:PutRolePolicy ${IAM}role/a`]],
    [
      "iam",
      "AttachRolePolicy",
      { RoleName: "a", PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess" },
      [`iam:AttachRolePolicy ${IAM}role/a`],
    ],
    ["iam", "CreatePolicy", { PolicyName: "p" }, [`iam:CreatePolicy ${IAM}policy/p`]],
    ["iam", "GetPolicy", { PolicyArn: `${IAM}policy/p` }, [`iam:GetPolicy ${IAM}policy/p`]],
    [
      "iam",
      "AddRoleToInstanceProfile",
      { InstanceProfileName: "i", RoleName: "a" },
      [`iam:AddRoleToInstanceProfile ${IAM}instance-profile/i`, `iam:PassRole ${IAM}role/a`],
    ],
    [
      "iam",
      "CreateServiceLinkedRole",
      { AWSServiceName: "ecs.amazonaws.com" },
      [`iam:CreateServiceLinkedRole ${IAM}role/aws-service-role/ecs.amazonaws.com/*`],
    ],
    ["cloudformation", "CreateStack", { StackName: "s" }, [`cloudformation:CreateStack ${CFN}stack/s/*`]],
    [
      "cloudformation",
      "CreateStack",
      { StackName: "s", RoleARN: `${IAM}role/cfn` },
      [`cloudformation:CreateStack ${CFN}stack/s/*`, `iam:PassRole ${IAM}role/cfn`],
    ],
    [
      "cloudformation",
      "DescribeStacks",
      { StackName: `${CFN}stack/s/1` },
      [`cloudformation:DescribeStacks ${CFN}stack/s/1`],
    ],
    ["cloudformation", "DescribeStacks", {}, ["cloudformation:DescribeStacks *"]],
    ["cloudformation", "ListStacks", {}, ["cloudformation:ListStacks *"]],
    [
      "cloudformation",
      "DescribeStackSet",
      { StackSetName: "s" },
      [`cloudformation:DescribeStackSet ${CFN}stackset/s:*`],
    ],
    [
      "iam",
      "CreateVirtualMFADevice",
      { VirtualMFADeviceName: "m" },
      [`iam:CreateVirtualMFADevice ${IAM}mfa/m`],
    ],
    [
      "iam",
      "CreateOpenIDConnectProvider",
      { Url: "https://id.example/x" },
      [`iam:CreateOpenIDConnectProvider ${IAM}oidc-provider/id.example/x`],
    ],
    ["iam", "CreateSAMLProvider", { Name: "s" }, [`iam:CreateSAMLProvider ${IAM}saml-provider/s`]],
    ["cloudformation", "CreateStackSet", { StackSetName: "s" }, ["cloudformation:CreateStackSet *"]],
    ["apigateway", "GetRestApis", {}, ["apigateway:GET arn:aws:apigateway:eu-west-1::/restapis"]],
    ["ec2", "DescribeInstances", {}, ["ec2:DescribeInstances *"]],
    ["stepfunctions", "ListStateMachines", {}, ["states:ListStateMachines *"]],
    [
      "stepfunctions",
      "StartExecution",
      { stateMachineArn: "arn:aws:states:eu-west-1:111122223333:stateMachine:m", input: "{}" },
      ["states:StartExecution arn:aws:states:eu-west-1:111122223333:stateMachine:m"],
    ],
    ["opensearch", "ListDomainNames", {}, ["es:ListDomainNames *"]],
    ["sqs", "CreateQueue", { QueueName: "q" }, ["sqs:CreateQueue arn:aws:sqs:eu-west-1:111122223333:q"]],
    [
      "sqs",
      "SendMessageBatch",
      { QueueUrl: "http://localhost:4566/111122223333/q" },
      ["sqs:SendMessage arn:aws:sqs:eu-west-1:111122223333:q"],
    ],
    [
      "dynamodb",
      "GetItem",
      { TableName: "t" },
      ["dynamodb:GetItem arn:aws:dynamodb:eu-west-1:111122223333:table/t"],
    ],
    [
      "lambda",
      "Invoke",
      { FunctionName: "f" },
      ["lambda:InvokeFunction arn:aws:lambda:eu-west-1:111122223333:function:f"],
    ],
    [
      "ssm",
      "GetParameter",
      { Name: "/a/b" },
      ["ssm:GetParameter arn:aws:ssm:eu-west-1:111122223333:parameter/a/b"],
    ],
    [
      "ssm",
      "GetParameter",
      { Name: "a:3" },
      ["ssm:GetParameter arn:aws:ssm:eu-west-1:111122223333:parameter/a"],
    ],
    [
      "ssm",
      "GetParameter",
      { Name: "arn:aws:ssm:eu-west-1:111122223333:parameter/a:label" },
      ["ssm:GetParameter arn:aws:ssm:eu-west-1:111122223333:parameter/a"],
    ],
    [
      "ssm",
      "GetParameters",
      { Names: ["a", "/b/c:1"] },
      [
        "ssm:GetParameters arn:aws:ssm:eu-west-1:111122223333:parameter/a",
        "ssm:GetParameters arn:aws:ssm:eu-west-1:111122223333:parameter/b/c",
      ],
    ],
    ["ssm", "GetParameters", { Names: [] }, ["ssm:GetParameters *"]],
    [
      "ssm",
      "GetParametersByPath",
      { Path: "/a/b/" },
      ["ssm:GetParametersByPath arn:aws:ssm:eu-west-1:111122223333:parameter/a/b"],
    ],
    ["kms", "Encrypt", { KeyId: "k" }, ["kms:Encrypt arn:aws:kms:eu-west-1:111122223333:key/k"]],
    [
      "sns",
      "Publish",
      { TopicArn: "arn:aws:sns:eu-west-1:111122223333:t", Message: "arn:aws:sqs:x" },
      ["sns:Publish arn:aws:sns:eu-west-1:111122223333:t"],
    ],
    [
      "secretsmanager",
      "GetSecretValue",
      { SecretId: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:s-1" },
      ["secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-west-1:111122223333:secret:s-1"],
    ],
    ["secretsmanager", "GetSecretValue", { SecretId: "s" }, ["secretsmanager:GetSecretValue *"]],
    ["constructor", "toString", {}, ["constructor:toString *"]],
  ])("%s %s %j", (service, operation, parameters, permissions) => {
    const found = map(service, operation, parameters).map(({ action, resource }) => `${action} ${resource}`);
    expect(found).toEqual(permissions);
  });

  it.each<[service: string, operation: string, parameters: JsonObject, keys: Record<string, unknown>]>([
    [
      "sts",
      "AssumeRole",
      {
        RoleArn: ROLE,
        RoleSessionName: "s",
        ExternalId: "x",
        Tags: [{ Key: "team", Value: "blue" }],
        TransitiveTagKeys: ["team"],
      },
      {
        "sts:RoleSessionName": "s",
        "sts:ExternalId": "x",
        "aws:RequestTag/team": "blue",
        "aws:TagKeys": ["team"],
        "sts:TransitiveTagKeys": ["team"],
      },
    ],
    [
      "iam",
      "AttachRolePolicy",
      { RoleName: "a", PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess" },
      { "iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess" },
    ],
    ["iam", "CreateRole", { RoleName: "a", PermissionsBoundary: "b" }, { "iam:PermissionsBoundary": "b" }],
    [
      "cloudformation",
      "CreateStack",
      { StackName: "s", TemplateURL: "https://x", ResourceTypes: ["AWS::S3::*"] },
      { "cloudformation:TemplateUrl": "https://x", "cloudformation:ResourceTypes": ["AWS::S3::*"] },
    ],
  ])("%s %s %j has condition keys", (service, operation, parameters, keys) => {
    expect(map(service, operation, parameters)[0]?.context).toMatchObject(keys);
  });

  it("passes a role to the service that will assume it", () => {
    const [, pass] = map("cloudformation", "CreateStack", { StackName: "s", RoleARN: ROLE });
    expect(pass?.context["iam:PassedToService"]).toBe("cloudformation.amazonaws.com");
  });

  it("asks for the trust policy of the role that is assumed", () => {
    expect(policyResources(serviceRequest("AssumeRole", { RoleArn: ROLE }, { service: "sts" }))).toEqual([
      ROLE,
    ]);
  });
});
