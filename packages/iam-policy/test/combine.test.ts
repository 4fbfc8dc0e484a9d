import { describe, expect, it } from "vitest";
import { evaluateAll, parsePolicyDocument } from "../src/index.ts";
import type { Decision, PolicyKind, PolicyRequest } from "../src/index.ts";
import { ALLOW, DENY, IMPLICIT, PAGES, policy } from "./policy-case.ts";

const account = "111122223333";
const userArn = `arn:aws:iam::${account}:user/exampleuser`;
const roleArn = `arn:aws:iam::${account}:role/examplerole`;
const sessionArn = `arn:aws:sts::${account}:assumed-role/examplerole/examplerolesessionname`;
const federatedArn = `arn:aws:sts::${account}:federated-user/exampleuser`;
const rootArn = `arn:aws:iam::${account}:root`;
const user = { type: "AWS", id: userArn } as const;
const session = { type: "AWS", id: sessionArn } as const;
const federated = { type: "AWS", id: federatedArn } as const;
const root = { type: "AWS", id: rootArn } as const;
const service = { type: "Service", id: "logging.s3.amazonaws.com" } as const;
const other = { type: "AWS", id: "arn:aws:sts::444455556666:assumed-role/r/s" } as const;

const get = { Action: "s3:GetObject", Resource: "*" };
const allow = policy({ Effect: "Allow", ...get });
const silent = policy({ Effect: "Allow", Action: "s3:ListBucket", Resource: "*" });
const deny = policy({ Effect: "Deny", ...get });
const grant = (Principal: unknown): object => policy({ Effect: "Allow", Principal, ...get });
const refusal = (Principal: unknown): object => policy({ Effect: "Deny", Principal, ...get });

interface Policies {
  readonly identity?: readonly object[];
  readonly session?: readonly object[];
  readonly resource?: readonly object[];
  readonly boundary?: readonly object[];
}

function evaluate(policies: Policies, principal: PolicyRequest["principal"], resource: string): Decision {
  const parse = (kind: PolicyKind, documents: readonly object[] = []) =>
    documents.map((document) => parsePolicyDocument(JSON.stringify(document), { kind }));
  return evaluateAll(
    {
      identityPolicies: parse("identity", policies.identity),
      sessionPolicies: parse("session", policies.session),
      resourcePolicies: parse("resource", policies.resource),
      permissionsBoundaries: parse("identity", policies.boundary),
    },
    { action: "s3:GetObject", resource, ...(principal === undefined ? {} : { principal }), context: {} },
  );
}

/** One row: name, source page, policies, who asks, expected effect, the resource when it is not an S3 object. */
type Row = readonly [string, string, Policies, PolicyRequest["principal"], Decision["effect"], string?];

const { enforcement, logic, singleAccount, crossAccount, principal } = PAGES;
const rows: readonly Row[] = [
  ["no policies at all", logic, {}, session, IMPLICIT],
  ["an identity policy allows", logic, { identity: [allow] }, session, ALLOW],
  ["one of several identity policies allows", logic, { identity: [silent, allow] }, user, ALLOW],
  ["no identity policy allows", logic, { identity: [silent] }, user, IMPLICIT],
  ["an identity policy denies", logic, { identity: [allow, deny] }, user, DENY],

  ["identity and session policy allow", enforcement, { identity: [allow], session: [allow] }, session, ALLOW],
  [
    "the session policy does not allow",
    enforcement,
    { identity: [allow], session: [silent] },
    session,
    IMPLICIT,
  ],
  [
    "the session policy alone allows",
    enforcement,
    { identity: [silent], session: [allow] },
    session,
    IMPLICIT,
  ],
  [
    "one of several session policies allows",
    enforcement,
    { identity: [allow], session: [silent, allow] },
    session,
    ALLOW,
  ],
  ["one session policy denies", enforcement, { identity: [allow], session: [allow, deny] }, session, DENY],
  ["no session policy was passed", enforcement, { identity: [allow], session: [] }, session, ALLOW],

  ["identity policy and boundary allow", enforcement, { identity: [allow], boundary: [allow] }, user, ALLOW],
  ["the boundary does not allow", enforcement, { identity: [allow], boundary: [silent] }, user, IMPLICIT],
  ["the boundary alone allows", enforcement, { identity: [silent], boundary: [allow] }, user, IMPLICIT],
  ["the boundary denies", enforcement, { identity: [allow], boundary: [deny] }, user, DENY],
  [
    "boundary and session policy allow",
    enforcement,
    { identity: [allow], boundary: [allow], session: [allow] },
    session,
    ALLOW,
  ],
  [
    "the boundary allows, the session policy not",
    enforcement,
    { identity: [allow], boundary: [allow], session: [silent] },
    session,
    IMPLICIT,
  ],
  [
    "the session policy allows, the boundary not",
    enforcement,
    { identity: [allow], boundary: [silent], session: [allow] },
    session,
    IMPLICIT,
  ],
  [
    "one of two boundaries does not allow",
    PAGES.undocumented,
    { identity: [allow], boundary: [allow, silent] },
    user,
    IMPLICIT,
  ],

  ["user named, nothing else", enforcement, { resource: [grant({ AWS: userArn })] }, user, ALLOW],
  [
    "user named, identity policy silent",
    singleAccount,
    { identity: [silent], resource: [grant({ AWS: userArn })] },
    user,
    ALLOW,
  ],
  [
    "user named, boundary silent",
    enforcement,
    { boundary: [silent], resource: [grant({ AWS: userArn })] },
    user,
    ALLOW,
  ],
  [
    "user named, identity policy denies",
    enforcement,
    { identity: [deny], resource: [grant({ AWS: userArn })] },
    user,
    DENY,
  ],
  [
    "user named, boundary denies",
    enforcement,
    { boundary: [deny], resource: [grant({ AWS: userArn })] },
    user,
    DENY,
  ],
  [
    "another user named, identity policy allows",
    singleAccount,
    { identity: [allow], resource: [grant({ AWS: `${userArn}2` })] },
    user,
    ALLOW,
  ],
  [
    "another user named, identity policy silent",
    singleAccount,
    { identity: [silent], resource: [grant({ AWS: `${userArn}2` })] },
    user,
    IMPLICIT,
  ],

  ["role named, nothing else", enforcement, { resource: [grant({ AWS: roleArn })] }, session, ALLOW],
  [
    "role named, identity policy silent",
    enforcement,
    { identity: [silent], resource: [grant({ AWS: roleArn })] },
    session,
    ALLOW,
  ],
  [
    "role named, session policy silent",
    enforcement,
    { session: [silent], resource: [grant({ AWS: roleArn })] },
    session,
    IMPLICIT,
  ],
  [
    "role named, session policy allows",
    enforcement,
    { session: [allow], resource: [grant({ AWS: roleArn })] },
    session,
    ALLOW,
  ],
  [
    "role named, boundary silent",
    enforcement,
    { boundary: [silent], resource: [grant({ AWS: roleArn })] },
    session,
    IMPLICIT,
  ],
  [
    "role named, boundary allows",
    enforcement,
    { boundary: [allow], resource: [grant({ AWS: roleArn })] },
    session,
    ALLOW,
  ],
  [
    "role named, identity policy allows, session policy silent",
    enforcement,
    { identity: [allow], session: [silent], resource: [grant({ AWS: roleArn })] },
    session,
    IMPLICIT,
  ],

  ["session named, nothing else", enforcement, { resource: [grant({ AWS: sessionArn })] }, session, ALLOW],
  [
    "session named, session policy silent",
    enforcement,
    { session: [silent], resource: [grant({ AWS: sessionArn })] },
    session,
    ALLOW,
  ],
  [
    "session named, boundary silent",
    enforcement,
    { boundary: [silent], resource: [grant({ AWS: sessionArn })] },
    session,
    ALLOW,
  ],
  [
    "session named, identity policy silent",
    enforcement,
    { identity: [silent], resource: [grant({ AWS: sessionArn })] },
    session,
    ALLOW,
  ],
  [
    "session named, session policy denies",
    enforcement,
    { session: [deny], resource: [grant({ AWS: sessionArn })] },
    session,
    DENY,
  ],
  [
    "session and role named, session policy silent",
    enforcement,
    { session: [silent], resource: [grant({ AWS: [roleArn, sessionArn] })] },
    session,
    ALLOW,
  ],
  [
    "role in one policy, session in another",
    enforcement,
    { session: [silent], resource: [grant({ AWS: roleArn }), grant({ AWS: sessionArn })] },
    session,
    ALLOW,
  ],
  ["another session named", enforcement, { resource: [grant({ AWS: `${sessionArn}2` })] }, session, IMPLICIT],

  [
    "everybody named, session policy silent",
    principal,
    { session: [silent], resource: [grant("*")] },
    session,
    ALLOW,
  ],
  ["everybody named, anonymous asks", principal, { resource: [grant("*")] }, undefined, ALLOW],
  [
    "everybody named, session policy denies",
    principal,
    { session: [deny], resource: [grant("*")] },
    session,
    DENY,
  ],
  ["nobody named, anonymous asks", principal, {}, undefined, IMPLICIT],

  ["account named, nothing else", principal, { resource: [grant({ AWS: account })] }, session, IMPLICIT],
  [
    "account named, identity policy allows",
    principal,
    { identity: [allow], resource: [grant({ AWS: rootArn })] },
    session,
    ALLOW,
  ],
  [
    "account named, session policy silent",
    principal,
    { identity: [allow], session: [silent], resource: [grant({ AWS: rootArn })] },
    session,
    IMPLICIT,
  ],
  ["account named, its root asks", principal, { resource: [grant({ AWS: rootArn })] }, root, ALLOW],
  [
    "NotPrincipal with Allow grants nothing by itself",
    PAGES.undocumented,
    { resource: [policy({ Effect: "Allow", NotPrincipal: { AWS: "444455556666" }, ...get })] },
    session,
    IMPLICIT,
  ],

  [
    "the resource policy denies the role",
    enforcement,
    { identity: [allow], resource: [refusal({ AWS: roleArn })] },
    session,
    DENY,
  ],
  [
    "the resource policy denies the session",
    enforcement,
    { identity: [allow], resource: [refusal({ AWS: sessionArn })] },
    session,
    DENY,
  ],
  [
    "the resource policy denies the account",
    enforcement,
    { identity: [allow], resource: [refusal({ AWS: account })] },
    session,
    DENY,
  ],
  [
    "the resource policy denies everybody",
    enforcement,
    { identity: [allow], resource: [refusal("*")] },
    session,
    DENY,
  ],
  [
    "the resource policy denies somebody else",
    enforcement,
    { identity: [allow], resource: [refusal({ AWS: userArn })] },
    session,
    ALLOW,
  ],
  [
    "the resource policy denies what it allows",
    enforcement,
    { resource: [grant("*"), refusal({ AWS: sessionArn })] },
    session,
    DENY,
  ],

  ["a service named", principal, { resource: [grant({ Service: service.id })] }, service, ALLOW],
  [
    "another service named",
    principal,
    { resource: [grant({ Service: "sns.amazonaws.com" })] },
    service,
    IMPLICIT,
  ],

  ["root has full access", enforcement, {}, root, ALLOW],
  ["root is denied by a resource policy", enforcement, { resource: [refusal("*")] }, root, DENY],

  [
    "federated user with identity and session policy",
    enforcement,
    { identity: [allow], session: [allow] },
    federated,
    ALLOW,
  ],
  ["federated user without session policy", enforcement, { identity: [allow] }, federated, IMPLICIT],
  [
    "federated user named, without session policy",
    enforcement,
    { resource: [grant({ AWS: federatedArn })] },
    federated,
    ALLOW,
  ],
  [
    "federated user named, session policy silent",
    enforcement,
    { session: [silent], resource: [grant({ AWS: federatedArn })] },
    federated,
    ALLOW,
  ],

  [
    "another account, only the resource policy allows",
    crossAccount,
    { resource: [grant({ AWS: other.id })] },
    other,
    IMPLICIT,
    `arn:aws:sqs:us-east-1:${account}:q`,
  ],
  [
    "another account, only the identity policy allows",
    crossAccount,
    { identity: [allow] },
    other,
    IMPLICIT,
    `arn:aws:sqs:us-east-1:${account}:q`,
  ],
  [
    "another account, both allow",
    crossAccount,
    { identity: [allow], resource: [grant({ AWS: other.id })] },
    other,
    ALLOW,
    `arn:aws:sqs:us-east-1:${account}:q`,
  ],
  [
    "another account, both allow by account",
    crossAccount,
    { identity: [allow], resource: [grant({ AWS: "444455556666" })] },
    other,
    ALLOW,
    `arn:aws:sqs:us-east-1:${account}:q`,
  ],
  [
    "another account, the role named, identity policy silent",
    crossAccount,
    { identity: [silent], resource: [grant({ AWS: "arn:aws:iam::444455556666:role/r" })] },
    other,
    IMPLICIT,
    `arn:aws:sqs:us-east-1:${account}:q`,
  ],
  [
    "another account, everybody named",
    crossAccount,
    { resource: [grant("*")] },
    other,
    IMPLICIT,
    `arn:aws:sqs:us-east-1:${account}:q`,
  ],
  [
    "another account, both allow, session policy silent",
    crossAccount,
    { identity: [allow], session: [silent], resource: [grant({ AWS: other.id })] },
    other,
    IMPLICIT,
    `arn:aws:sqs:us-east-1:${account}:q`,
  ],
  [
    "root of another account",
    crossAccount,
    { resource: [grant({ AWS: "444455556666" })] },
    { type: "AWS", id: "444455556666" },
    IMPLICIT,
    `arn:aws:sqs:us-east-1:${account}:q`,
  ],
];

describe("evaluateAll", () => {
  const cases = rows.map(([name, source, policies, who, expected, resource = "arn:aws:s3:::b/k"]) => ({
    name,
    source,
    policies,
    who,
    expected,
    resource,
  }));

  it.each(cases)("$name ($source)", ({ policies, who, expected, resource }) => {
    expect(evaluate(policies, who, resource)).toMatchObject({ effect: expected });
  });

  it("ignores an Allow without Principal in a resource policy", () => {
    const forgotten = parsePolicyDocument(JSON.stringify(policy({ Effect: "Allow", ...get })));
    const decision = evaluateAll(
      { identityPolicies: [], resourcePolicies: [forgotten] },
      { action: "s3:GetObject", resource: "arn:aws:s3:::b/k", principal: session, context: {} },
    );
    expect(decision.effect).toBe("ImplicitDeny");
  });

  it.each<readonly [string, Policies, string]>([
    [
      "an allow",
      { identity: [silent, allow] },
      "identity policy 1, statement 0 allows s3:GetObject on arn:aws:s3:::b/k",
    ],
    [
      "a denial",
      { identity: [allow], boundary: [deny] },
      "permissions boundary, statement 0 explicitly denies s3:GetObject on arn:aws:s3:::b/k",
    ],
    ["a missing identity policy", {}, "there is no identity policy, so nothing allows s3:GetObject"],
    [
      "a limit",
      { identity: [allow], session: [silent] },
      "session policy: no statement allows s3:GetObject; the closest, session policy, statement 0, has Action s3:ListBucket",
    ],
  ])("names the policy that decided: %s", (_, policies, reason) => {
    expect(evaluate(policies, session, "arn:aws:s3:::b/k").reason).toBe(reason);
  });
});
