import { describe, expect, it } from "vitest";
import { evaluatePolicy, parsePolicy } from "../src/index.ts";
import { conditionBlockCases, conditionCases, doubtfulCases } from "./condition-cases.ts";
import type { ContextRecord, PolicyDocument } from "../src/index.ts";
import { elementCases } from "./element-cases.ts";
import type { PolicyCase } from "./policy-case.ts";
import { PAGES } from "./policy-case.ts";
import { principalCases } from "./principal-cases.ts";
import { variableCases } from "./variable-cases.ts";

const tables: readonly (readonly [string, readonly PolicyCase[]])[] = [
  ["elements", elementCases],
  ["conditions", conditionCases],
  ["condition blocks", conditionBlockCases],
  ["conditions on which the guide is silent", doubtfulCases],
  ["variables", variableCases],
  ["principals", principalCases],
];

describe.each(tables)("evaluatePolicy: %s", (_, cases) => {
  it.each(cases)("$name", ({ policy, kind, request, expected }) => {
    const document = parsePolicy(JSON.stringify(policy), kind === undefined ? {} : { kind });
    expect(evaluatePolicy(document, request)).toMatchObject({ effect: expected });
  });
});

describe("the tables", () => {
  const all = tables.flatMap(([, cases]) => cases);

  it("have at least 150 cases from the guide", () => {
    const documented = all.filter(({ source }) => source !== PAGES.undocumented);
    expect(documented.length).toBeGreaterThanOrEqual(150);
  });

  it("name no case twice", () => {
    for (const [, cases] of tables) {
      expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    }
  });
});

const anchor = "arn:aws:rolesanywhere:us-east-1:111122223333:trust-anchor/4d6b";
const trust = parsePolicy(
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "AllowRolesAnywhere",
        Effect: "Allow",
        Principal: { Service: "rolesanywhere.amazonaws.com" },
        Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        Condition: {
          ArnEquals: { "aws:SourceArn": anchor },
          StringNotEquals: { "aws:PrincipalTag/x509Subject/OU": ["Guests", "Lab"] },
        },
      },
      {
        Effect: "Deny",
        Principal: "*",
        Action: "sts:*",
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  }),
  { kind: "trust" },
);

describe("a key of the context that is undefined", () => {
  const policyOf = (Condition: object): PolicyDocument =>
    parsePolicy({
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Action: "*", Resource: "*", Condition },
    });

  it.each<readonly [string, object, ContextRecord, string]>([
    ["is absent for Null", { Null: { "x:a": "true" } }, { "x:a": undefined }, "Allow"],
    ["does not equal anything", { StringEquals: { "x:a": "1" } }, { "x:a": undefined }, "ImplicitDeny"],
    [
      "is no value of a variable",
      { StringEquals: { "x:b": "${x:a, '1'}" } },
      { "x:a": undefined, "x:b": "1" },
      "Allow",
    ],
    [
      "does not make another spelling multivalued",
      { StringEquals: { "x:a": "1" } },
      { "X:A": undefined, "x:a": "1" },
      "Allow",
    ],
    [
      "nor as a variable",
      { StringEquals: { "x:b": "${x:a}" } },
      { "X:A": undefined, "x:a": "1", "x:b": "1" },
      "Allow",
    ],
  ])("%s", (_, condition, context, effect) => {
    expect(evaluatePolicy(policyOf(condition), { action: "a:B", context })).toMatchObject({ effect });
  });
});

describe("evaluatePolicy reasons", () => {
  const principal = { type: "Service", id: "rolesanywhere.amazonaws.com" } as const;
  const context = { "aws:SourceArn": anchor, "aws:SecureTransport": "true" };

  it.each([
    {
      name: "an allow names its statement",
      request: { action: "sts:AssumeRole", principal, context },
      expected: {
        effect: "Allow",
        statement: "AllowRolesAnywhere",
        reason: 'statement 0 "AllowRolesAnywhere" allows sts:AssumeRole',
      },
    },
    {
      name: "an explicit deny names its statement, by position when it has no Sid",
      request: {
        action: "sts:AssumeRole",
        principal,
        context: { ...context, "aws:SecureTransport": "false" },
      },
      expected: {
        effect: "ExplicitDeny",
        statement: 1,
        reason: "statement 1 explicitly denies sts:AssumeRole",
      },
    },
    {
      name: "a failed condition is told with both values",
      request: { action: "sts:AssumeRole", principal, context: { "aws:SourceArn": `${anchor}x` } },
      expected: {
        effect: "ImplicitDeny",
        reason: `statement 0 "AllowRolesAnywhere" would allow sts:AssumeRole but ArnEquals aws:SourceArn expected ${anchor} and the request has ${anchor}x`,
      },
    },
    {
      name: "a missing key is told",
      request: { action: "sts:AssumeRole", principal, context: {} },
      expected: {
        effect: "ImplicitDeny",
        reason: `statement 0 "AllowRolesAnywhere" would allow sts:AssumeRole but ArnEquals aws:SourceArn expected ${anchor} and the request has no such key`,
      },
    },
    {
      name: "a negated condition tells what may not be",
      request: {
        action: "sts:AssumeRole",
        principal,
        context: { ...context, "aws:PrincipalTag/x509Subject/OU": "Lab" },
      },
      expected: {
        effect: "ImplicitDeny",
        reason:
          'statement 0 "AllowRolesAnywhere" would allow sts:AssumeRole but StringNotEquals aws:PrincipalTag/x509Subject/OU expected none of [Guests, Lab] and the request has Lab',
      },
    },
    {
      name: "every obstacle of the statement is told",
      request: { action: "sts:AssumeRole", principal: { type: "AWS", id: "111122223333" }, context: {} },
      expected: {
        effect: "ImplicitDeny",
        reason: `statement 0 "AllowRolesAnywhere" would allow sts:AssumeRole but Principal expected Service rolesanywhere.amazonaws.com and the request has AWS 111122223333; and ArnEquals aws:SourceArn expected ${anchor} and the request has no such key`,
      },
    },
    {
      name: "an action that no statement has is told alone",
      request: { action: "sts:AssumeRoleWithSAML", principal, context: {} },
      expected: {
        effect: "ImplicitDeny",
        reason:
          'no statement allows sts:AssumeRoleWithSAML; the closest, statement 0 "AllowRolesAnywhere", has Action [sts:AssumeRole, sts:TagSession, sts:SetSourceIdentity]',
      },
    },
  ] as const)("$name", ({ request, expected }) => {
    expect(evaluatePolicy(trust, request)).toEqual(expected);
  });

  const reasonOf = (statement: object, request: Parameters<typeof evaluatePolicy>[1]): string =>
    evaluatePolicy(
      parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statement }), {
        kind: "identity",
      }),
      request,
    ).reason;

  it("shows what a variable stands for", () => {
    const statement = { Effect: "Allow", Action: "s3:*", Resource: "arn:aws:s3:::b/${aws:username}/*" };
    const request = { action: "s3:GetObject", resource: "arn:aws:s3:::b/Ann/x" };
    expect(reasonOf(statement, { ...request, context: { "aws:username": "Bob" } })).toBe(
      "statement 0 would allow s3:GetObject but Resource expected arn:aws:s3:::b/Bob/* (from arn:aws:s3:::b/${aws:username}/*) and the request has arn:aws:s3:::b/Ann/x",
    );
    expect(reasonOf(statement, { ...request, context: {} })).toContain(
      "arn:aws:s3:::b/${aws:username}/* (a variable without a single value in the request)",
    );
  });

  it("escapes control characters of the request and of the policy", () => {
    const statement = {
      Effect: "Allow",
      Action: "*",
      Resource: "*",
      Condition: { StringEquals: { "x:a": "\n" } },
    };
    expect(reasonOf(statement, { action: "a:B\u001B", context: { "x:a": "\u009B31m\u202E" } })).toBe(
      "statement 0 would allow a:B\\u001b but StringEquals x:a expected \\u000a and the request has \\u009b31m\\u202e",
    );
  });

  it.each([
    ["Allow", "allows"],
    ["Deny", "explicitly denies"],
  ])("escapes control characters in the reason of a statement with Effect %s", (effect, verb) => {
    const statement = { Sid: "a\nb", Effect: effect, Principal: "*", Action: "*", Resource: "*" };
    const policy = parsePolicy({ Version: "2012-10-17", Statement: statement }, { kind: "resource" });
    const request = { action: "a:B\u001B", resource: "arn:aws:s3:::\u202E", context: {} };
    expect(evaluatePolicy(policy, request).reason).toBe(
      `statement 0 "a\\u000ab" ${verb} a:B\\u001b on arn:aws:s3:::\\u202e`,
    );
  });

  it("tells a request without resource", () => {
    const statement = { Effect: "Allow", Action: "s3:*", Resource: "arn:aws:s3:::b" };
    expect(reasonOf(statement, { action: "s3:ListAllMyBuckets", context: {} })).toContain(
      "Resource expected arn:aws:s3:::b and the request has no resource (*)",
    );
  });

  it("tells what Null asks for", () => {
    const statement = {
      Effect: "Allow",
      Action: "*",
      Resource: "*",
      Condition: { Null: { "aws:TokenIssueTime": true } },
    };
    expect(reasonOf(statement, { action: "a:B", context: { "aws:TokenIssueTime": "" } })).toContain(
      'Null aws:TokenIssueTime expected no such key and the request has ""',
    );
  });

  it("tells a policy that allows nothing", () => {
    const statement = { Effect: "Deny", Action: "s3:*", Resource: "*" };
    expect(reasonOf(statement, { action: "sqs:SendMessage", context: {} })).toBe(
      "no statement has Effect Allow, so nothing allows sqs:SendMessage",
    );
  });

  it("picks the statement with the fewest and lightest obstacles", () => {
    const allow = (Sid: string, more: object): object => ({
      Sid,
      Effect: "Allow",
      Action: "s3:GetObject",
      Resource: "*",
      ...more,
    });
    const document = parsePolicy(
      JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          allow("OtherAction", { Action: "s3:PutObject" }),
          allow("OtherResource", { Resource: "arn:aws:s3:::x" }),
          allow("TwoConditions", { Condition: { StringEquals: { "x:a": "1", "x:b": "1" } } }),
          allow("OneCondition", { Condition: { StringEquals: { "x:a": "1" } } }),
        ],
      }),
      { kind: "identity" },
    );
    const { reason } = evaluatePolicy(document, {
      action: "s3:GetObject",
      resource: "arn:aws:s3:::b/k",
      context: {},
    });
    expect(reason).toContain('"OneCondition"');
  });
});

describe("a policy of unknown kind whose Allow has no Principal", () => {
  const forgotten = parsePolicy(
    JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Action: "sts:AssumeRole" } }),
  );
  const request = { action: "sts:AssumeRole", context: {} };
  const principal = { type: "Service", id: "rolesanywhere.amazonaws.com" } as const;

  it("lets nobody in who is named", () => {
    expect(evaluatePolicy(forgotten, { ...request, principal })).toEqual({
      effect: "ImplicitDeny",
      reason:
        "statement 0 would allow sts:AssumeRole but it has no Principal and the request has Service rolesanywhere.amazonaws.com",
    });
  });

  it("serves as an identity policy for requests that name no principal", () => {
    expect(evaluatePolicy(forgotten, request).effect).toBe("Allow");
  });

  it("still denies", () => {
    const deny = parsePolicy(
      JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Deny", Action: "sts:AssumeRole" } }),
    );
    expect(evaluatePolicy(deny, { ...request, principal }).effect).toBe("ExplicitDeny");
  });
});
