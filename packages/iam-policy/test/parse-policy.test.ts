import { describe, expect, it } from "vitest";
import { parsePolicy, PolicyError } from "../src/index.ts";
import type { PolicyErrorCode, PolicyKind } from "../src/index.ts";

/** One row: what is wrong, the code, the path, what to change in a good policy of the kind. */
type Refusal = readonly [name: string, code: PolicyErrorCode, path: string, change: Change];

interface Change {
  readonly kind?: PolicyKind;
  /** Members of the document. */
  readonly policy?: object;
  /** Members of the statement; `undefined` takes one away. */
  readonly statement?: object;
  readonly statements?: readonly unknown[];
}

const GOOD: Readonly<Record<PolicyKind, object>> = {
  identity: { Sid: "S", Effect: "Allow", Action: "s3:GetObject", Resource: "*" },
  session: { Sid: "S", Effect: "Allow", Action: "s3:GetObject", Resource: "*" },
  resource: { Sid: "A sid", Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "*" },
  trust: { Effect: "Allow", Principal: { Service: "rolesanywhere.amazonaws.com" }, Action: "sts:AssumeRole" },
};

function write({ kind = "identity", policy = {}, statement = {}, statements }: Change): string {
  const one = { ...GOOD[kind], ...statement };
  return JSON.stringify({ Version: "2012-10-17", Statement: statements ?? [one], ...policy });
}

const condition = (Condition: unknown): Change => ({ statement: { Condition } });
const at = "Statement[0]";

const refusals: readonly Refusal[] = [
  [
    "an unknown member of the policy",
    "ERR_POLICY_UNKNOWN_ELEMENT",
    "Statements",
    { policy: { Statements: [] } },
  ],
  [
    "an unknown member of a statement",
    "ERR_POLICY_UNKNOWN_ELEMENT",
    `${at}.Conditions`,
    { statement: { Conditions: {} } },
  ],
  [
    "an element in another case",
    "ERR_POLICY_UNKNOWN_ELEMENT",
    `${at}.effect`,
    { statement: { effect: "Allow" } },
  ],
  ["an unknown version", "ERR_POLICY_VERSION", "Version", { policy: { Version: "2012-10-18" } }],
  ["a version that is a number", "ERR_POLICY_VERSION", "Version", { policy: { Version: 2012 } }],
  ["an id that is no string", "ERR_POLICY_DATA_TYPE", "Id", { policy: { Id: 1 } }],
  ["no statement", "ERR_POLICY_STATEMENT_MISSING", "Statement", { policy: { Statement: undefined } }],
  ["an empty list of statements", "ERR_POLICY_STATEMENT_MISSING", "Statement", { statements: [] }],
  ["a statement that is a string", "ERR_POLICY_DATA_TYPE", at, { statements: ["Allow"] }],
  ["a list in the list of statements", "ERR_POLICY_DATA_TYPE", at, { statements: [[GOOD.identity]] }],
  ["null for the statement", "ERR_POLICY_DATA_TYPE", "Statement", { policy: { Statement: null } }],

  ["a Sid that is a number", "ERR_POLICY_DATA_TYPE", `${at}.Sid`, { statement: { Sid: 1 } }],
  [
    "a Sid with a space, identity policy",
    "ERR_POLICY_SID_INVALID",
    `${at}.Sid`,
    { statement: { Sid: "A sid" } },
  ],
  [
    "a Sid with a hyphen, trust policy",
    "ERR_POLICY_SID_INVALID",
    `${at}.Sid`,
    { kind: "trust", statement: { Sid: "a-b" } },
  ],
  [
    "a Sid twice",
    "ERR_POLICY_SID_DUPLICATE",
    "Statement[1].Sid",
    { statements: [GOOD.identity, GOOD.identity] },
  ],

  ["no Effect", "ERR_POLICY_EFFECT_MISSING", `${at}.Effect`, { statement: { Effect: undefined } }],
  ["an unknown Effect", "ERR_POLICY_EFFECT_INVALID", `${at}.Effect`, { statement: { Effect: "Permit" } }],
  [
    "an Effect in another case",
    "ERR_POLICY_EFFECT_INVALID",
    `${at}.Effect`,
    { statement: { Effect: "allow" } },
  ],
  [
    "an Effect that is a list",
    "ERR_POLICY_EFFECT_INVALID",
    `${at}.Effect`,
    { statement: { Effect: ["Allow"] } },
  ],

  ["no Action", "ERR_POLICY_ACTION_MISSING", `${at}.Action`, { statement: { Action: undefined } }],
  ["both Action and NotAction", "ERR_POLICY_ACTION_CONFLICT", at, { statement: { NotAction: "s3:*" } }],
  ["an Action that is a number", "ERR_POLICY_DATA_TYPE", `${at}.Action`, { statement: { Action: 1 } }],
  ["an Action that is null", "ERR_POLICY_DATA_TYPE", `${at}.Action`, { statement: { Action: null } }],
  ["an Action that is an object", "ERR_POLICY_DATA_TYPE", `${at}.Action`, { statement: { Action: {} } }],
  [
    "an Action in a list that is a number",
    "ERR_POLICY_DATA_TYPE",
    `${at}.Action[1]`,
    { statement: { Action: ["s3:*", 1] } },
  ],
  ["an empty list of actions", "ERR_POLICY_DATA_TYPE", `${at}.Action`, { statement: { Action: [] } }],
  ["an empty action", "ERR_POLICY_ACTION_INVALID", `${at}.Action`, { statement: { Action: "" } }],
  [
    "an action without service",
    "ERR_POLICY_ACTION_INVALID",
    `${at}.Action`,
    { statement: { Action: "GetObject" } },
  ],
  [
    "an action with two colons",
    "ERR_POLICY_ACTION_INVALID",
    `${at}.Action`,
    { statement: { Action: "s3:Get:Object" } },
  ],
  [
    "an action with a wildcard in the service",
    "ERR_POLICY_ACTION_INVALID",
    `${at}.Action`,
    { statement: { Action: "s3*:GetObject" } },
  ],
  ["an action without name", "ERR_POLICY_ACTION_INVALID", `${at}.Action`, { statement: { Action: "s3:" } }],
  [
    "a bad NotAction",
    "ERR_POLICY_ACTION_INVALID",
    `${at}.NotAction`,
    { statement: { Action: undefined, NotAction: "x" } },
  ],
  [
    "a variable in an action",
    "ERR_POLICY_VARIABLE_NOT_ALLOWED",
    `${at}.Action`,
    { statement: { Action: "s3:${aws:username}" } },
  ],
  [
    "an action of another service in a trust policy",
    "ERR_POLICY_ACTION_INVALID",
    `${at}.Action`,
    { kind: "trust", statement: { Action: "s3:GetObject" } },
  ],
  [
    "every action in a trust policy",
    "ERR_POLICY_ACTION_INVALID",
    `${at}.Action`,
    { kind: "trust", statement: { Action: "*" } },
  ],
  [
    "NotAction in a trust policy",
    "ERR_POLICY_ACTION_INVALID",
    `${at}.NotAction`,
    { kind: "trust", statement: { Action: undefined, NotAction: "sts:AssumeRole" } },
  ],

  [
    "no Resource in an identity policy",
    "ERR_POLICY_RESOURCE_MISSING",
    `${at}.Resource`,
    { statement: { Resource: undefined } },
  ],
  [
    "no Resource in a session policy",
    "ERR_POLICY_RESOURCE_MISSING",
    `${at}.Resource`,
    { kind: "session", statement: { Resource: undefined } },
  ],
  ["both Resource and NotResource", "ERR_POLICY_RESOURCE_CONFLICT", at, { statement: { NotResource: "*" } }],
  [
    "a Resource in a trust policy",
    "ERR_POLICY_RESOURCE_PROHIBITED",
    `${at}.Resource`,
    { kind: "trust", statement: { Resource: "*" } },
  ],
  [
    "a NotResource in a trust policy",
    "ERR_POLICY_RESOURCE_PROHIBITED",
    `${at}.NotResource`,
    { kind: "trust", statement: { NotResource: "*" } },
  ],
  ["an empty list of resources", "ERR_POLICY_DATA_TYPE", `${at}.Resource`, { statement: { Resource: [] } }],
  ["a Resource that is a number", "ERR_POLICY_DATA_TYPE", `${at}.Resource`, { statement: { Resource: 1 } }],
  [
    "a Resource that is no ARN",
    "ERR_POLICY_RESOURCE_INVALID",
    `${at}.Resource`,
    { statement: { Resource: "my-bucket" } },
  ],
  ["an empty Resource", "ERR_POLICY_RESOURCE_INVALID", `${at}.Resource`, { statement: { Resource: "" } }],
  [
    "a Resource that starts with a wildcard",
    "ERR_POLICY_RESOURCE_INVALID",
    `${at}.Resource`,
    { statement: { Resource: "*:b" } },
  ],
  [
    "an ARN without partition",
    "ERR_POLICY_RESOURCE_INVALID",
    `${at}.Resource`,
    { statement: { Resource: "arn::s3:::b" } },
  ],
  [
    "an ARN without service",
    "ERR_POLICY_RESOURCE_INVALID",
    `${at}.Resource`,
    { statement: { Resource: "arn:aws" } },
  ],
  [
    "an ARN with an empty service",
    "ERR_POLICY_RESOURCE_INVALID",
    `${at}.Resource`,
    { statement: { Resource: "arn:aws::us-east-1:1:b" } },
  ],
  [
    "an ARN with a wildcard for the service",
    "ERR_POLICY_RESOURCE_INVALID",
    `${at}.Resource`,
    { statement: { Resource: "arn:aws:*:::b" } },
  ],
  [
    "an incomplete ARN with an empty field",
    "ERR_POLICY_RESOURCE_INVALID",
    `${at}.Resource`,
    { statement: { Resource: "arn:aws:s3::" } },
  ],
  [
    "an incomplete ARN in a session policy",
    "ERR_POLICY_RESOURCE_INVALID",
    `${at}.Resource`,
    { kind: "session", statement: { Resource: "arn:aws:sqs" } },
  ],
  [
    "an incomplete ARN in a resource policy",
    "ERR_POLICY_RESOURCE_INVALID",
    `${at}.Resource`,
    { kind: "resource", statement: { Resource: "arn:aws:sqs" } },
  ],
  [
    "a bad NotResource",
    "ERR_POLICY_RESOURCE_INVALID",
    `${at}.NotResource`,
    { statement: { Resource: undefined, NotResource: "b" } },
  ],
  [
    "a variable for the account",
    "ERR_POLICY_VARIABLE_NOT_ALLOWED",
    `${at}.Resource`,
    { statement: { Resource: "arn:aws:sqs:us-east-1:${aws:PrincipalAccount}:q" } },
  ],
  [
    "a variable without end",
    "ERR_POLICY_VARIABLE_INVALID",
    `${at}.Resource`,
    { statement: { Resource: "arn:aws:s3:::b/${aws:username" } },
  ],
  [
    "an empty variable",
    "ERR_POLICY_VARIABLE_INVALID",
    `${at}.Resource`,
    { statement: { Resource: "arn:aws:s3:::b/${}" } },
  ],
  [
    "a variable without service",
    "ERR_POLICY_VARIABLE_INVALID",
    `${at}.Resource`,
    { statement: { Resource: "arn:aws:s3:::b/${username}" } },
  ],
  [
    "a default without quotes",
    "ERR_POLICY_VARIABLE_INVALID",
    `${at}.Resource`,
    { statement: { Resource: "arn:aws:s3:::b/${aws:username, x}" } },
  ],
  [
    "a variable in a variable",
    "ERR_POLICY_VARIABLE_INVALID",
    `${at}.Resource`,
    { statement: { Resource: "arn:aws:s3:::b/${aws:${aws:username}}" } },
  ],

  [
    "no Principal in a trust policy",
    "ERR_POLICY_PRINCIPAL_MISSING",
    `${at}.Principal`,
    { kind: "trust", statement: { Principal: undefined } },
  ],
  [
    "no Principal in a resource policy",
    "ERR_POLICY_PRINCIPAL_MISSING",
    `${at}.Principal`,
    { kind: "resource", statement: { Principal: undefined } },
  ],
  [
    "a Principal in an identity policy",
    "ERR_POLICY_PRINCIPAL_PROHIBITED",
    `${at}.Principal`,
    { statement: { Principal: "*" } },
  ],
  [
    "a NotPrincipal in an identity policy",
    "ERR_POLICY_PRINCIPAL_PROHIBITED",
    `${at}.NotPrincipal`,
    { statement: { NotPrincipal: "*" } },
  ],
  [
    "a Principal in a session policy",
    "ERR_POLICY_PRINCIPAL_PROHIBITED",
    `${at}.Principal`,
    { kind: "session", statement: { Principal: "*" } },
  ],
  [
    // "You cannot use the NotPrincipal element in an IAM identity-based policy nor in an IAM role trust policy."
    "a NotPrincipal in a trust policy",
    "ERR_POLICY_PRINCIPAL_PROHIBITED",
    `${at}.NotPrincipal`,
    { kind: "trust", statement: { Principal: undefined, NotPrincipal: "*" } },
  ],
  [
    "both Principal and NotPrincipal",
    "ERR_POLICY_PRINCIPAL_CONFLICT",
    at,
    { kind: "trust", statement: { NotPrincipal: "*" } },
  ],
  [
    "a Principal that is a bare account",
    "ERR_POLICY_PRINCIPAL_INVALID",
    `${at}.Principal`,
    { kind: "trust", statement: { Principal: "111122223333" } },
  ],
  [
    "a Principal that is a list",
    "ERR_POLICY_PRINCIPAL_INVALID",
    `${at}.Principal`,
    { kind: "trust", statement: { Principal: ["*"] } },
  ],
  [
    "an empty Principal",
    "ERR_POLICY_PRINCIPAL_INVALID",
    `${at}.Principal`,
    { kind: "trust", statement: { Principal: {} } },
  ],
  [
    "an unknown kind of principal",
    "ERR_POLICY_PRINCIPAL_INVALID",
    `${at}.Principal.User`,
    { kind: "trust", statement: { Principal: { User: "Bob" } } },
  ],
  [
    "a kind of principal in another case",
    "ERR_POLICY_PRINCIPAL_INVALID",
    `${at}.Principal.aws`,
    { kind: "trust", statement: { Principal: { aws: "*" } } },
  ],
  [
    "a principal that is a number",
    "ERR_POLICY_DATA_TYPE",
    `${at}.Principal.AWS`,
    { kind: "trust", statement: { Principal: { AWS: 111122223333 } } },
  ],
  [
    "an empty list of principals",
    "ERR_POLICY_DATA_TYPE",
    `${at}.Principal.AWS`,
    { kind: "trust", statement: { Principal: { AWS: [] } } },
  ],
  [
    "an account id that is too short",
    "ERR_POLICY_PRINCIPAL_INVALID",
    `${at}.Principal.AWS`,
    { kind: "trust", statement: { Principal: { AWS: "11112222333" } } },
  ],
  [
    "a user's name without ARN",
    "ERR_POLICY_PRINCIPAL_INVALID",
    `${at}.Principal.AWS`,
    { kind: "trust", statement: { Principal: { AWS: "Bob" } } },
  ],
  [
    "a wildcard for all users",
    "ERR_POLICY_PRINCIPAL_INVALID",
    `${at}.Principal.AWS`,
    { kind: "trust", statement: { Principal: { AWS: "arn:aws:iam::111122223333:user/*" } } },
  ],
  [
    "a wildcard for all sessions of a role",
    "ERR_POLICY_PRINCIPAL_INVALID",
    `${at}.Principal.AWS`,
    { kind: "trust", statement: { Principal: { AWS: "arn:aws:sts::111122223333:assumed-role/r/*" } } },
  ],
  [
    "a wildcard in NotPrincipal",
    "ERR_POLICY_PRINCIPAL_INVALID",
    `${at}.NotPrincipal.AWS`,
    {
      kind: "resource",
      statement: { Principal: undefined, NotPrincipal: { AWS: "arn:aws:iam::1111222233?3:root" } },
    },
  ],
  [
    "a wildcard for services",
    "ERR_POLICY_PRINCIPAL_INVALID",
    `${at}.Principal.Service`,
    { kind: "trust", statement: { Principal: { Service: "*.amazonaws.com" } } },
  ],
  [
    "an empty service",
    "ERR_POLICY_PRINCIPAL_INVALID",
    `${at}.Principal.Service`,
    { kind: "trust", statement: { Principal: { Service: "" } } },
  ],
  [
    "a wildcard for federated providers",
    "ERR_POLICY_PRINCIPAL_INVALID",
    `${at}.Principal.Federated`,
    { kind: "trust", statement: { Principal: { Federated: "*" } } },
  ],
  [
    "a variable in a principal",
    "ERR_POLICY_VARIABLE_NOT_ALLOWED",
    `${at}.Principal.AWS`,
    { kind: "trust", statement: { Principal: { AWS: "arn:aws:iam::111122223333:user/${aws:username}" } } },
  ],

  ["a Condition that is a list", "ERR_POLICY_DATA_TYPE", `${at}.Condition`, condition([])],
  [
    "an unknown operator",
    "ERR_POLICY_CONDITION_OPERATOR",
    `${at}.Condition.StringMatches`,
    condition({ StringMatches: { "aws:username": "x" } }),
  ],
  [
    "an operator in another case",
    "ERR_POLICY_CONDITION_OPERATOR",
    `${at}.Condition.stringEquals`,
    condition({ stringEquals: { "aws:username": "x" } }),
  ],
  [
    "an unknown set qualifier",
    "ERR_POLICY_CONDITION_OPERATOR",
    `${at}.Condition.ForSomeValues:StringEquals`,
    condition({ "ForSomeValues:StringEquals": { "aws:TagKeys": "x" } }),
  ],
  [
    "IfExists with Null",
    "ERR_POLICY_CONDITION_OPERATOR",
    `${at}.Condition.NullIfExists`,
    condition({ NullIfExists: { "aws:username": "true" } }),
  ],
  [
    "a set qualifier with Null",
    "ERR_POLICY_CONDITION_OPERATOR",
    `${at}.Condition.ForAllValues:Null`,
    condition({ "ForAllValues:Null": { "aws:TagKeys": "true" } }),
  ],
  [
    "IfExists twice",
    "ERR_POLICY_CONDITION_OPERATOR",
    `${at}.Condition.BoolIfExistsIfExists`,
    condition({ BoolIfExistsIfExists: { "x:a": "true" } }),
  ],
  [
    "an operator without keys",
    "ERR_POLICY_DATA_TYPE",
    `${at}.Condition.StringEquals`,
    condition({ StringEquals: "x" }),
  ],
  [
    "a key without service",
    "ERR_POLICY_CONDITION_KEY",
    `${at}.Condition.StringEquals.username`,
    condition({ StringEquals: { username: "x" } }),
  ],
  [
    "a key twice in different case",
    "ERR_POLICY_CONDITION_KEY",
    `${at}.Condition.StringEquals.aws:UserName`,
    condition({ StringEquals: { "aws:username": "x", "aws:UserName": "y" } }),
  ],
  [
    "an empty list of values",
    "ERR_POLICY_DATA_TYPE",
    `${at}.Condition.StringEquals.aws:username`,
    condition({ StringEquals: { "aws:username": [] } }),
  ],
  [
    "a value that is null",
    "ERR_POLICY_DATA_TYPE",
    `${at}.Condition.StringEquals.aws:username`,
    condition({ StringEquals: { "aws:username": null } }),
  ],
  [
    "a value that is an object",
    "ERR_POLICY_DATA_TYPE",
    `${at}.Condition.StringEquals.aws:username[1]`,
    condition({ StringEquals: { "aws:username": ["x", {}] } }),
  ],
  [
    "a word for a number",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.NumericEquals.s3:max-keys`,
    condition({ NumericEquals: { "s3:max-keys": "ten" } }),
  ],
  [
    "an exponent in a number",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.NumericEquals.s3:max-keys`,
    condition({ NumericEquals: { "s3:max-keys": "1e3" } }),
  ],
  [
    "a word for a date",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.DateEquals.aws:CurrentTime`,
    condition({ DateEquals: { "aws:CurrentTime": "today" } }),
  ],
  [
    "a date that does not exist",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.DateEquals.aws:CurrentTime`,
    condition({ DateEquals: { "aws:CurrentTime": "2023-02-29" } }),
  ],
  [
    "an hour that does not exist",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.DateEquals.aws:CurrentTime`,
    condition({ DateEquals: { "aws:CurrentTime": "2023-02-28T24:00:00Z" } }),
  ],
  [
    "a time without zone",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.DateEquals.aws:CurrentTime`,
    condition({ DateEquals: { "aws:CurrentTime": "2023-02-28T12:00:00" } }),
  ],
  [
    "a zone that does not exist",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.DateEquals.aws:CurrentTime`,
    condition({ DateEquals: { "aws:CurrentTime": "2023-02-28T12:00:00+24:00" } }),
  ],
  [
    "four digits for a date",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.DateEquals.aws:CurrentTime`,
    condition({ DateEquals: { "aws:CurrentTime": "2023" } }),
  ],
  [
    "a wildcard in a date",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.DateEquals.aws:CurrentTime`,
    condition({ DateEquals: { "aws:CurrentTime": "2023-*" } }),
  ],
  [
    "a word for a Boolean",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.Bool.aws:SecureTransport`,
    condition({ Bool: { "aws:SecureTransport": "yes" } }),
  ],
  [
    "a word for Null",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.Null.aws:username`,
    condition({ Null: { "aws:username": "yes" } }),
  ],
  [
    "a word for bytes",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.BinaryEquals.x:key`,
    condition({ BinaryEquals: { "x:key": "not base64" } }),
  ],
  [
    "a word for an address",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.IpAddress.aws:SourceIp`,
    condition({ IpAddress: { "aws:SourceIp": "here" } }),
  ],
  [
    "an IPv4 prefix over 32",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.IpAddress.aws:SourceIp`,
    condition({ IpAddress: { "aws:SourceIp": "203.0.113.0/33" } }),
  ],
  [
    "an IPv6 prefix over 128",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.IpAddress.aws:SourceIp`,
    condition({ IpAddress: { "aws:SourceIp": "2001:db8::/129" } }),
  ],
  [
    "an IPv6 address with a zone",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.IpAddress.aws:SourceIp`,
    condition({ IpAddress: { "aws:SourceIp": "fe80::1%eth0" } }),
  ],
  [
    "a wildcard in an address",
    "ERR_POLICY_CONDITION_VALUE",
    `${at}.Condition.NotIpAddress.aws:SourceIp`,
    condition({ NotIpAddress: { "aws:SourceIp": "203.0.113.*" } }),
  ],
  [
    "a variable for a number",
    "ERR_POLICY_VARIABLE_NOT_ALLOWED",
    `${at}.Condition.NumericEquals.s3:max-keys`,
    condition({ NumericEquals: { "s3:max-keys": "${x:y}" } }),
  ],
  [
    "a variable for a Boolean",
    "ERR_POLICY_VARIABLE_NOT_ALLOWED",
    `${at}.Condition.Bool.aws:SecureTransport`,
    condition({ Bool: { "aws:SecureTransport": "${x:y}" } }),
  ],
  [
    "a variable for an address",
    "ERR_POLICY_VARIABLE_NOT_ALLOWED",
    `${at}.Condition.IpAddress.aws:SourceIp`,
    condition({ IpAddress: { "aws:SourceIp": "${x:y}" } }),
  ],
  [
    "a broken variable in a condition",
    "ERR_POLICY_VARIABLE_INVALID",
    `${at}.Condition.StringEquals.x:a`,
    condition({ StringEquals: { "x:a": "${" } }),
  ],
];

function refusalOf(json: string, kind?: PolicyKind): PolicyError {
  try {
    parsePolicy(json, kind === undefined ? {} : { kind });
  } catch (error) {
    if (error instanceof PolicyError) return error;
    throw error;
  }
  throw new Error("the policy was not refused");
}

describe("parsePolicy refuses", () => {
  it.each(refusals)("%s", (_, code, path, change) => {
    const error = refusalOf(write(change), change.kind ?? "identity");
    expect(error).toMatchObject({ name: "PolicyError", code, path });
    expect(error.message.startsWith(`${path}: `)).toBe(true);
  });

  it.each([
    ["no JSON", "{", "ERR_POLICY_JSON", ""],
    ["an empty text", "", "ERR_POLICY_JSON", ""],
    ["a list", "[]", "ERR_POLICY_JSON", ""],
    ["null", "null", "ERR_POLICY_JSON", ""],
    ["a string", '"Allow"', "ERR_POLICY_JSON", ""],
    ["a percent-encoded policy", encodeURIComponent(write({})), "ERR_POLICY_JSON", ""],
    [
      "a member twice",
      '{"Statement":[{"Effect":"Deny","Effect":"Allow"}]}',
      "ERR_POLICY_DUPLICATE_KEY",
      "Statement[0].Effect",
    ],
    [
      "a member twice, once with escapes",
      '{"Statement":{"Effect":"Deny","\\u0045ffect":"Allow"}}',
      "ERR_POLICY_DUPLICATE_KEY",
      "Statement.Effect",
    ],
    [
      "an operator twice",
      '{"Statement":[{},{"Condition":{"Bool":{"a:b":"true"},"Bool":{"a:c":"true"}}}]}',
      "ERR_POLICY_DUPLICATE_KEY",
      "Statement[1].Condition.Bool",
    ],
  ] as const)("%s", (_, json, code, path) => {
    expect(refusalOf(json)).toMatchObject({ code, path });
  });

  it("covers every code", () => {
    const covered = new Set<string>([
      ...refusals.map(([, code]) => code),
      "ERR_POLICY_JSON",
      "ERR_POLICY_DUPLICATE_KEY",
    ]);
    const codes: Readonly<Record<PolicyErrorCode, true>> = {
      ERR_POLICY_JSON: true,
      ERR_POLICY_DUPLICATE_KEY: true,
      ERR_POLICY_DATA_TYPE: true,
      ERR_POLICY_UNKNOWN_ELEMENT: true,
      ERR_POLICY_VERSION: true,
      ERR_POLICY_STATEMENT_MISSING: true,
      ERR_POLICY_SID_INVALID: true,
      ERR_POLICY_SID_DUPLICATE: true,
      ERR_POLICY_EFFECT_MISSING: true,
      ERR_POLICY_EFFECT_INVALID: true,
      ERR_POLICY_ACTION_MISSING: true,
      ERR_POLICY_ACTION_CONFLICT: true,
      ERR_POLICY_ACTION_INVALID: true,
      ERR_POLICY_RESOURCE_MISSING: true,
      ERR_POLICY_RESOURCE_CONFLICT: true,
      ERR_POLICY_RESOURCE_PROHIBITED: true,
      ERR_POLICY_RESOURCE_INVALID: true,
      ERR_POLICY_PRINCIPAL_MISSING: true,
      ERR_POLICY_PRINCIPAL_CONFLICT: true,
      ERR_POLICY_PRINCIPAL_PROHIBITED: true,
      ERR_POLICY_PRINCIPAL_INVALID: true,
      ERR_POLICY_CONDITION_OPERATOR: true,
      ERR_POLICY_CONDITION_KEY: true,
      ERR_POLICY_CONDITION_VALUE: true,
      ERR_POLICY_VARIABLE_INVALID: true,
      ERR_POLICY_VARIABLE_NOT_ALLOWED: true,
    };
    expect([...covered].sort()).toEqual(Object.keys(codes).sort());
  });

  it("says what is wrong, what it got and what to do", () => {
    expect(refusalOf(write({ statement: { Effect: "Permit" } }), "identity").message).toBe(
      'Statement[0].Effect: expected "Allow" or "Deny", got the string "Permit"',
    );
  });

  it("says how to read what IAM returns", () => {
    expect(refusalOf(encodeURIComponent(write({}))).message).toBe(
      "the policy is not valid JSON; it is URL-encoded, as IAM returns it; decode it with decodeURIComponent",
    );
  });

  it("escapes control characters of others, and leaves the path as it is", () => {
    const error = refusalOf(write({ statement: { "\u001B[31m\n": "\u202E" } }), "identity");
    expect(error.message).toContain("Statement[0].\\u001b[31m\\u000a: is no policy element");
    expect(error.path).toBe("Statement[0].\u001B[31m\n");
  });

  it.each<readonly [string, object, PolicyErrorCode, string]>([
    ["a list", [], "ERR_POLICY_JSON", ""],
    ["an object without statements", { Version: "2012-10-17" }, "ERR_POLICY_STATEMENT_MISSING", "Statement"],
    [
      "an unresolved function of a template",
      { Statement: { ...GOOD.identity, Resource: { "Fn::GetAtt": ["Bucket", "Arn"] } } },
      "ERR_POLICY_DATA_TYPE",
      "Statement.Resource",
    ],
  ])("an object that is no policy: %s", (_, document, code, path) => {
    expect(() => parsePolicy(document)).toThrow(expect.objectContaining({ code, path }));
  });

  it("keeps the cause of a syntax error", () => {
    expect(refusalOf("{").cause).toBeInstanceOf(SyntaxError);
  });
});

describe("parsePolicy accepts", () => {
  it.each<readonly [string, Change]>([
    ["an identity policy", {}],
    ["a session policy", { kind: "session" }],
    ["a resource policy", { kind: "resource" }],
    [
      "a resource policy without Resource, as SNS documents one",
      { kind: "resource", statement: { Resource: undefined } },
    ],
    ["a trust policy", { kind: "trust" }],
    [
      "a trust policy with all STS actions of Roles Anywhere",
      { kind: "trust", statement: { Action: ["sts:AssumeRole", "sts:TagSession", "STS:SetSourceIdentity"] } },
    ],
    ["version 2008-10-17", { policy: { Version: "2008-10-17" } }],
    ["no version", { policy: { Version: undefined } }],
    ["an Id", { policy: { Id: "cd3ad3d9-2776-4ef1-a904-4c229d1642ee" } }],
    [
      "empty Sids, as the console writes them",
      {
        statements: [
          { ...GOOD.identity, Sid: "" },
          { ...GOOD.identity, Sid: "" },
        ],
      },
    ],
    [
      "the same Sid twice in a resource policy",
      { kind: "resource", statements: [GOOD.resource, GOOD.resource] },
    ],
    [
      "keys of web identity providers",
      condition({
        StringEquals: { "accounts.google.com:aud": "x", "oidc.eks.us-east-1.amazonaws.com/id/A:sub": "y" },
      }),
    ],
    ["keys with colons in the tag's key", condition({ StringEquals: { "aws:PrincipalTag/a:b c": "x" } })],
    [
      "the same key with two operators",
      condition({ StringEquals: { "x:a": "x" }, StringLike: { "x:a": "x*" } }),
    ],
    [
      "text that looks like a variable in version 2008-10-17",
      { policy: { Version: "2008-10-17" }, statement: { Resource: "arn:aws:s3:::b/${" } },
    ],
    ["a dollar sign", { statement: { Resource: "arn:aws:s3:::b/$1" } }],
    ["strings that hold what JSON uses", condition({ StringEquals: { "x:a": '{"a":[",:}]\\"' } })],
  ])("%s", (_, change) => {
    expect(parsePolicy(write(change), { kind: change.kind ?? "identity" }).statements.length).toBeGreaterThan(
      0,
    );
  });

  it.each(["identity", "session", "resource", "trust"] as const)("the object of a document, %s", (kind) => {
    const document = { Version: "2012-10-17", Statement: [GOOD[kind]] };
    expect(parsePolicy(document, { kind })).toEqual(parsePolicy(JSON.stringify(document), { kind }));
  });

  it("asks for nothing of the kind when the kind is not told", () => {
    for (const statement of Object.values(GOOD)) {
      expect(parsePolicy(JSON.stringify({ Statement: statement })).statements).toHaveLength(1);
    }
  });
});
