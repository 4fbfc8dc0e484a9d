import { describe, expect, it } from "vitest";
import { evaluatePolicies, explainPolicies, parsePolicy } from "../src/index.ts";
import type { Decision, PolicyKind, PolicyRequest, PolicySet } from "../src/index.ts";
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
  readonly trust?: object;
  readonly identity?: readonly object[];
  readonly session?: readonly object[];
  readonly resource?: readonly object[];
  readonly boundary?: readonly object[];
}

function read(policies: Policies): PolicySet {
  const parse = (kind: PolicyKind, documents: readonly object[] = []) =>
    documents.map((document) => parsePolicy(document, { kind }));
  return {
    identityPolicies: parse("identity", policies.identity),
    sessionPolicies: parse("session", policies.session),
    resourcePolicies: parse("resource", policies.resource),
    permissionsBoundaries: parse("identity", policies.boundary),
    trustPolicy: policies.trust === undefined ? undefined : parsePolicy(policies.trust, { kind: "trust" }),
  };
}

function evaluate(policies: Policies, request: Partial<PolicyRequest>): Decision {
  return evaluatePolicies(read(policies), {
    action: "s3:GetObject",
    resource: "arn:aws:s3:::b/k",
    context: {},
    ...request,
  });
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

/** A row about an S3 object. */
type PlainRow = readonly [string, string, Policies, PolicyRequest["principal"], Decision["effect"]];
const spare = (NotPrincipal: unknown, more: object = {}): object =>
  policy({ Effect: "Deny", NotPrincipal, ...get, ...more });
const both = { identity: [allow], boundary: [allow] };
/**
 * Permissions boundaries for IAM entities: "The `NotPrincipal` element with a `Deny` effect will always deny any IAM
 * principal that has a permissions boundary policy attached, regardless of the values specified in the `NotPrincipal`
 * element." Every policy set allows the request but for that statement.
 */
const boundaryRows: readonly PlainRow[] = [
  [
    "names the user and the account",
    PAGES.boundaries,
    { ...both, resource: [spare({ AWS: [userArn, rootArn] })] },
    user,
    DENY,
  ],
  [
    "the same without a boundary",
    PAGES.boundaries,
    { identity: [allow], resource: [spare({ AWS: [userArn, rootArn] })] },
    user,
    ALLOW,
  ],
  [
    "names session, role and account",
    PAGES.boundaries,
    { ...both, resource: [spare({ AWS: [sessionArn, roleArn, rootArn] })] },
    session,
    DENY,
  ],
  [
    "the same without a boundary, session",
    PAGES.boundaries,
    { identity: [allow], resource: [spare({ AWS: [sessionArn, roleArn, rootArn] })] },
    session,
    ALLOW,
  ],
  ["names everybody", PAGES.boundaries, { ...both, resource: [spare("*")] }, user, DENY],
  ['names {"AWS": "*"}', PAGES.boundaries, { ...both, resource: [spare({ AWS: "*" })] }, user, DENY],
  ["names somebody else", PAGES.boundaries, { ...both, resource: [spare({ AWS: other.id })] }, user, DENY],
  [
    "a resource policy allows the user",
    PAGES.boundaries,
    { ...both, resource: [grant({ AWS: userArn }), spare({ AWS: [userArn, rootArn] })] },
    user,
    DENY,
  ],
  [
    "the boundary is one of two",
    PAGES.boundaries,
    { identity: [allow], boundary: [allow, allow], resource: [spare({ AWS: [userArn, rootArn] })] },
    user,
    DENY,
  ],
  [
    "a federated user with a boundary",
    PAGES.boundaries,
    { ...both, session: [allow], resource: [spare({ AWS: [federatedArn, rootArn] })] },
    federated,
    DENY,
  ],
  [
    "another action",
    PAGES.boundaries,
    { ...both, resource: [spare({ AWS: [userArn, rootArn] }, { Action: "s3:PutObject" })] },
    user,
    ALLOW,
  ],
  [
    "another resource",
    PAGES.boundaries,
    { ...both, resource: [spare({ AWS: [userArn, rootArn] }, { Resource: "arn:aws:s3:::other" })] },
    user,
    ALLOW,
  ],
  [
    "a condition that does not hold",
    PAGES.boundaries,
    { ...both, resource: [spare({ AWS: [userArn, rootArn] }, { Condition: { Bool: { "x:a": "true" } } })] },
    user,
    ALLOW,
  ],
  [
    "a Deny with Principal",
    PAGES.boundaries,
    { ...both, resource: [refusal({ AWS: other.id })] },
    user,
    ALLOW,
  ],
  [
    "an Allow with NotPrincipal",
    PAGES.boundaries,
    { ...both, resource: [policy({ Effect: "Allow", NotPrincipal: { AWS: [userArn, rootArn] }, ...get })] },
    user,
    ALLOW,
  ],
];

/**
 * Cross-account policy evaluation logic: "To allow cross-account access, you attach a resource-based policy to the
 * resource that you want to share. You must also attach an identity-based policy to the identity that acts as the
 * principal in the request." Within one account: "If either the identity-based policy or the resource-based policy
 * within the same account allows the request and the other doesn't, the request is still allowed."
 *
 * The ARN of a bucket or an object shows no account, so the request says whose it is.
 */
const foreign = "444455556666";
const sides = {
  "identity policy alone": { identity: [allow] },
  "resource policy alone": { resource: [grant({ AWS: [userArn, sessionArn, other.id] })] },
  both: { identity: [allow], resource: [grant({ AWS: [userArn, sessionArn, other.id] })] },
  "both, by the account": { identity: [allow], resource: [grant({ AWS: [account, foreign] })] },
  "resource policy for everybody alone": { resource: [grant("*")] },
  "both, and the boundary is silent": {
    identity: [allow],
    boundary: [silent],
    resource: [grant({ AWS: [userArn, sessionArn, other.id] })],
  },
  "both, and the session policy is silent": {
    identity: [allow],
    session: [silent],
    resource: [grant({ AWS: [userArn, sessionArn, other.id] })],
  },
  "both, and the resource policy denies": {
    identity: [allow],
    resource: [grant({ AWS: [userArn, sessionArn, other.id] }), refusal("*")],
  },
} satisfies Readonly<Record<string, Policies>>;

/** One row: the principal, the resource, its account, the policies that have a say, expected effect. */
type AccountRow = readonly [
  PolicyRequest["principal"],
  string,
  string | undefined,
  keyof typeof sides,
  Decision["effect"],
];
const object = "arn:aws:s3:::b/k";
const queue = `arn:aws:sqs:us-east-1:${account}:q`;
const accountRows: readonly AccountRow[] = [
  [session, object, account, "identity policy alone", ALLOW],
  [session, object, account, "resource policy alone", ALLOW],
  [session, object, account, "both", ALLOW],
  [session, object, account, "resource policy for everybody alone", ALLOW],
  [session, object, foreign, "identity policy alone", IMPLICIT],
  [session, object, foreign, "resource policy alone", IMPLICIT],
  [session, object, foreign, "both", ALLOW],
  [session, object, foreign, "both, by the account", ALLOW],
  [session, object, foreign, "resource policy for everybody alone", IMPLICIT],
  [session, object, foreign, "both, and the boundary is silent", IMPLICIT],
  [session, object, foreign, "both, and the session policy is silent", IMPLICIT],
  [session, object, foreign, "both, and the resource policy denies", DENY],
  [user, object, foreign, "identity policy alone", IMPLICIT],
  [user, object, foreign, "resource policy alone", IMPLICIT],
  [user, object, foreign, "both", ALLOW],
  [user, object, account, "resource policy alone", ALLOW],
  [other, object, account, "identity policy alone", IMPLICIT],
  [other, object, account, "resource policy alone", IMPLICIT],
  [other, object, account, "both", ALLOW],
  [other, object, foreign, "resource policy alone", ALLOW],
  [session, object, undefined, "identity policy alone", ALLOW],
  [session, object, undefined, "resource policy alone", ALLOW],
  // What the request says goes before what the ARN shows.
  [session, queue, undefined, "resource policy alone", ALLOW],
  [session, queue, foreign, "resource policy alone", IMPLICIT],
  [session, queue, foreign, "both", ALLOW],
  [other, queue, foreign, "resource policy alone", ALLOW],
  // Anonymous callers and services have no account: the resource policy decides.
  [undefined, object, foreign, "resource policy for everybody alone", ALLOW],
  [service, object, foreign, "resource policy for everybody alone", ALLOW],
  // No account can be read from the unique id of a deleted role, so it counts as another one.
  [{ type: "AWS", id: "AROADBQP57FF2AEXAMPLE" }, object, account, "identity policy alone", IMPLICIT],
];

/**
 * A role's trust policy is the exception among resource-based policies: an identity policy of the same account is not
 * enough, the trust policy itself must allow the principal or its account.
 */
const assume = { Action: "sts:AssumeRole" };
const mayAssume = policy({ Effect: "Allow", ...assume, Resource: "*" });
const trusts = (Principal: unknown, more: object = {}): object =>
  policy({ Effect: "Allow", Principal, ...assume, ...more });
const rolesAnywhere = { type: "Service", id: "rolesanywhere.amazonaws.com" } as const;
const trustRows: readonly PlainRow[] = [
  [
    "a service that is named",
    PAGES.trust,
    { trust: trusts({ Service: rolesAnywhere.id }) },
    rolesAnywhere,
    ALLOW,
  ],
  ["a service that is not named", PAGES.trust, { trust: trusts({ AWS: account }) }, rolesAnywhere, IMPLICIT],
  ["a user that is named", singleAccount, { trust: trusts({ AWS: userArn }) }, user, ALLOW],
  [
    "a user that only its identity policy allows",
    singleAccount,
    { identity: [mayAssume], trust: trusts({ Service: rolesAnywhere.id }) },
    user,
    IMPLICIT,
  ],
  [
    "the account is named, the identity policy allows",
    singleAccount,
    { identity: [mayAssume], trust: trusts({ AWS: account }) },
    user,
    ALLOW,
  ],
  [
    "the account is named, the identity policy is silent",
    singleAccount,
    { trust: trusts({ AWS: account }) },
    user,
    IMPLICIT,
  ],
  ["the role of a session is named", singleAccount, { trust: trusts({ AWS: roleArn }) }, session, ALLOW],
  [
    "the role of a session is named, the session policy is silent",
    singleAccount,
    { session: [silent], trust: trusts({ AWS: roleArn }) },
    session,
    IMPLICIT,
  ],
  [
    "the root user is not named",
    singleAccount,
    { trust: trusts({ Service: rolesAnywhere.id }) },
    root,
    IMPLICIT,
  ],
  [
    "the trust policy denies",
    enforcement,
    {
      identity: [mayAssume],
      trust: policy(
        { Effect: "Allow", Principal: { AWS: userArn }, ...assume },
        { Effect: "Deny", Principal: "*", ...assume },
      ),
    },
    user,
    DENY,
  ],
  [
    "another account, named, identity policy silent",
    crossAccount,
    { trust: trusts({ AWS: other.id }) },
    other,
    IMPLICIT,
  ],
  [
    "another account, named, identity policy allows",
    crossAccount,
    { identity: [mayAssume], trust: trusts({ AWS: other.id }) },
    other,
    ALLOW,
  ],
  [
    "another account, not named, identity policy allows",
    crossAccount,
    { identity: [mayAssume], trust: trusts({ AWS: userArn }) },
    other,
    IMPLICIT,
  ],
];

/**
 * Key policies in AWS KMS: "Unless the key policy explicitly allows it, you cannot use IAM policies to allow access to a
 * KMS key. Without permission from the key policy, IAM policies that allow permissions have no effect." "No AWS
 * principal, including the account root user or key creator, has any permissions to a KMS key unless they are explicitly
 * allowed".
 */
const key = `arn:aws:kms:us-east-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const decrypt = { Action: "kms:Decrypt", Resource: "*" };
const mayDecrypt = policy({ Effect: "Allow", ...decrypt });
const keyPolicy = (Principal: unknown): object => policy({ Effect: "Allow", Principal, ...decrypt });
const keyRows: readonly (readonly [
  string,
  Policies,
  PolicyRequest["principal"],
  string,
  Decision["effect"],
])[] = [
  ["the identity policy alone allows", { identity: [mayDecrypt] }, user, key, IMPLICIT],
  [
    "the key policy lets the account decide",
    { identity: [mayDecrypt], resource: [keyPolicy({ AWS: account })] },
    user,
    key,
    ALLOW,
  ],
  [
    "the key policy lets the account decide, and it says nothing",
    { resource: [keyPolicy({ AWS: account })] },
    user,
    key,
    IMPLICIT,
  ],
  ["the key policy names the user", { resource: [keyPolicy({ AWS: userArn })] }, user, key, ALLOW],
  [
    "the key policy names another user",
    { identity: [mayDecrypt], resource: [keyPolicy({ AWS: `${userArn}2` })] },
    user,
    key,
    IMPLICIT,
  ],
  ["the root user is not named", {}, root, key, IMPLICIT],
  ["the root user is named", { resource: [keyPolicy({ AWS: account })] }, root, key, ALLOW],
  ["no key is asked for", { identity: [mayDecrypt] }, user, "*", ALLOW],
  ["an alias is asked for", { identity: [mayDecrypt] }, user, key.replace("key/", "alias/"), ALLOW],
];

const allowListed = policy({ Sid: "List", Effect: "Allow", Action: "s3:ListBucket", Resource: "*" });

describe("evaluatePolicies: the policy that decided", () => {
  const rows: readonly (readonly [string, Policies, PolicyRequest["principal"], Partial<Decision>])[] = [
    [
      "the second identity policy allows",
      { identity: [silent, allow] },
      session,
      { effect: ALLOW, policy: { type: "identity", index: 1 }, statement: 0 },
    ],
    [
      "the session policy denies",
      { identity: [allow], session: [allow, deny] },
      session,
      { effect: DENY, policy: { type: "session", index: 1 }, statement: 0 },
    ],
    [
      "the resource policy allows",
      { resource: [grant("*")] },
      undefined,
      { effect: ALLOW, policy: { type: "resource", index: 0 } },
    ],
    [
      "the second boundary denies",
      { identity: [allow], boundary: [allow, deny] },
      user,
      { effect: DENY, policy: { type: "boundary", index: 1 } },
    ],
    [
      "the second boundary does not allow",
      { identity: [allow], boundary: [allow, silent] },
      user,
      { effect: IMPLICIT, policy: { type: "boundary", index: 1 } },
    ],
    [
      "no identity policy of two allows",
      { identity: [silent, silent] },
      user,
      { effect: IMPLICIT, policy: { type: "identity" } },
    ],
    ["there is no identity policy", {}, user, { effect: IMPLICIT, policy: { type: "identity" } }],
    [
      "the trust policy does not allow",
      { identity: [allow], trust: policy({ Effect: "Allow", Principal: "*", Action: "sts:TagSession" }) },
      user,
      { effect: IMPLICIT, policy: { type: "trust", index: 0 } },
    ],
    ["the root user needs none", {}, root, { effect: ALLOW }],
  ];

  it.each(rows)("%s", (_, policies, principal, expected) => {
    const { reason, ...decision } = evaluate(policies, { principal });
    expect(decision).toEqual({ ...expected, statement: expected.statement ?? decision.statement });
    expect(reason).not.toBe("");
  });

  it("says why NotPrincipal hits whom it names", () => {
    expect(
      evaluate({ ...both, resource: [spare({ AWS: [userArn, rootArn] })] }, { principal: user }).reason,
    ).toBe(
      "resource policy, statement 0 explicitly denies s3:GetObject on arn:aws:s3:::b/k: NotPrincipal with Deny applies to every principal that has a permissions boundary",
    );
  });
});

describe("explainPolicies", () => {
  const request: PolicyRequest = {
    action: "s3:GetObject",
    resource: object,
    resourceAccount: account,
    principal: session,
    context: {},
  };

  it("tells of every statement whether it applies and what is missing", () => {
    const explanation = explainPolicies(
      {
        identityPolicies: [parsePolicy(allow, { kind: "identity" })],
        sessionPolicies: [parsePolicy(allowListed, { kind: "session" })],
        resourcePolicies: [parsePolicy(refusal({ AWS: userArn }), { kind: "resource" })],
        permissionsBoundaries: [parsePolicy(allow), parsePolicy(deny)],
      },
      request,
    );
    expect(explanation).toMatchObject({ effect: DENY, policy: { type: "boundary", index: 1 } });
    expect(explanation.policies).toEqual([
      {
        type: "identity",
        index: 0,
        effect: ALLOW,
        statements: [{ index: 0, sid: undefined, effect: "Allow", applies: true, obstacles: [] }],
      },
      {
        type: "session",
        index: 0,
        effect: IMPLICIT,
        statements: [
          { index: 0, sid: "List", effect: "Allow", applies: false, obstacles: ["has Action s3:ListBucket"] },
        ],
      },
      {
        type: "resource",
        index: 0,
        effect: IMPLICIT,
        statements: [
          {
            index: 0,
            sid: undefined,
            effect: "Deny",
            applies: false,
            obstacles: [`Principal expected AWS ${userArn} and the request has AWS ${sessionArn}`],
          },
        ],
      },
      { type: "boundary", index: 0, effect: ALLOW, statements: [expect.objectContaining({ applies: true })] },
      { type: "boundary", index: 1, effect: DENY, statements: [expect.objectContaining({ applies: true })] },
    ]);
  });

  it("decides as evaluatePolicies does", () => {
    for (const [, , policies, principal] of [...boundaryRows, ...trustRows]) {
      const all = read(policies);
      const asked = { ...request, principal };
      expect(explainPolicies(all, asked)).toMatchObject(evaluatePolicies(all, asked));
    }
  });
});

describe("evaluatePolicies", () => {
  const cases = rows.map(([name, source, policies, who, expected, resource = "arn:aws:s3:::b/k"]) => ({
    name,
    source,
    policies,
    who,
    expected,
    resource,
  }));

  it.each(cases)("$name ($source)", ({ policies, who, expected, resource }) => {
    expect(evaluate(policies, { principal: who, resource })).toMatchObject({ effect: expected });
  });

  it.each(boundaryRows)(
    "NotPrincipal with Deny and a boundary: %s",
    (_, __, policies, principal, expected) => {
      expect(evaluate(policies, { principal })).toMatchObject({ effect: expected });
    },
  );

  it.each(accountRows)(
    "accounts: %j asks for %s of %s, %s: %s",
    (principal, resource, resourceAccount, side, expected) => {
      expect(evaluate(sides[side], { principal, resource, resourceAccount })).toMatchObject({
        effect: expected,
      });
    },
  );

  it.each(trustRows)("trust policy: %s", (_, __, policies, principal, expected) => {
    const resource = `arn:aws:iam::${account}:role/assumed`;
    expect(evaluate(policies, { action: "sts:AssumeRole", principal, resource })).toMatchObject({
      effect: expected,
    });
  });

  it.each(keyRows)("KMS key: %s", (_, policies, principal, resource, expected) => {
    expect(evaluate(policies, { action: "kms:Decrypt", principal, resource })).toMatchObject({
      effect: expected,
    });
  });

  it("takes a trust policy or resource policies, not both", () => {
    const policies = { trust: trusts({ AWS: userArn }), resource: [grant("*")] };
    expect(() => evaluate(policies, { principal: user })).toThrow(TypeError);
  });

  it.each(["1234", "", "arn:aws:iam::111122223333:root", "111122223333 "])(
    "refuses the account %j",
    (resourceAccount) => {
      expect(() => evaluate({}, { resourceAccount })).toThrow(
        new TypeError(
          `resourceAccount must be an account id of 12 digits, got ${JSON.stringify(resourceAccount)}`,
        ),
      );
    },
  );

  it("ignores an Allow without Principal in a resource policy", () => {
    const forgotten = parsePolicy(policy({ Effect: "Allow", ...get }));
    const decision = evaluatePolicies(
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
    expect(evaluate(policies, { principal: session }).reason).toBe(reason);
  });
});
