import { ALLOW, DENY, IMPLICIT, PAGES, policy } from "./policy-case.ts";
import type { PolicyCase } from "./policy-case.ts";
import type { Principal } from "../src/index.ts";

const service: Principal = { type: "Service", id: "rolesanywhere.amazonaws.com" };
const aws = (id: string): Principal => ({ type: "AWS", id });
const account = "444455556666";
const bobArn = `arn:aws:iam::${account}:user/Bob`;
const roleArn = `arn:aws:iam::${account}:role/audit`;
const sessionArn = `arn:aws:sts::${account}:assumed-role/audit/app`;
const rootArn = `arn:aws:iam::${account}:root`;
const bob = aws(bobArn);
const session = aws(sessionArn);
const federated: Principal = { type: "Federated", id: "cognito-identity.amazonaws.com" };
const canonical: Principal = {
  type: "CanonicalUser",
  id: "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
};

/** One row: name, source, what `Principal` says, who asks, expected effect. */
type Row = readonly [string, string, unknown, Principal | undefined, PolicyCase["expected"]];

const p = PAGES.principal;
const rows: readonly Row[] = [
  ["a service", p, { Service: service.id }, service, ALLOW],
  ["another service", p, { Service: "ec2.amazonaws.com" }, service, IMPLICIT],
  ["one of several services", p, { Service: ["ecs.amazonaws.com", service.id] }, service, ALLOW],
  ["a service's name is no account", p, { AWS: account }, service, IMPLICIT],
  ["an account by its id, a user asks", p, { AWS: account }, bob, ALLOW],
  ["an account by its root ARN, a user asks", p, { AWS: rootArn }, bob, ALLOW],
  ["an account by its id, a session asks", p, { AWS: account }, session, ALLOW],
  ["an account by its root ARN, a session asks", p, { AWS: rootArn }, session, ALLOW],
  ["an account, its root asks", p, { AWS: account }, aws(rootArn), ALLOW],
  ["an account, its id asks", p, { AWS: rootArn }, aws(account), ALLOW],
  ["another account", p, { AWS: "999999999999" }, bob, IMPLICIT],
  ["an account of another partition", p, { AWS: `arn:aws-cn:iam::${account}:root` }, bob, IMPLICIT],
  ["one of several accounts", p, { AWS: ["123456789012", account] }, bob, ALLOW],
  ["one of several kinds", p, { AWS: "123456789012", Service: service.id }, service, ALLOW],
  ["a user", p, { AWS: bobArn }, bob, ALLOW],
  ["another user", p, { AWS: `arn:aws:iam::${account}:user/Ann` }, bob, IMPLICIT],
  ["a user's name is case-sensitive", p, { AWS: `arn:aws:iam::${account}:user/bob` }, bob, IMPLICIT],
  ["a user of the same name in a path", p, { AWS: `arn:aws:iam::${account}:user/hr/Bob` }, bob, IMPLICIT],
  ["a role, its session asks", p, { AWS: roleArn }, session, ALLOW],
  [
    "a role with a path, its session asks",
    p,
    { AWS: `arn:aws:iam::${account}:role/teams/hr/audit` },
    session,
    ALLOW,
  ],
  ["another role", p, { AWS: `arn:aws:iam::${account}:role/auditor` }, session, IMPLICIT],
  [
    "a role of that name in another account",
    p,
    { AWS: "arn:aws:iam::999999999999:role/audit" },
    session,
    IMPLICIT,
  ],
  ["a session", p, { AWS: sessionArn }, session, ALLOW],
  [
    "another session of the role",
    p,
    { AWS: `arn:aws:sts::${account}:assumed-role/audit/other` },
    session,
    IMPLICIT,
  ],
  ["a session is not its role", p, { AWS: sessionArn }, aws(roleArn), IMPLICIT],
  ["a user of the role's name", p, { AWS: `arn:aws:iam::${account}:user/audit` }, session, IMPLICIT],
  [
    "a federated user",
    p,
    { AWS: `arn:aws:sts::${account}:federated-user/Bob` },
    aws(`arn:aws:sts::${account}:federated-user/Bob`),
    ALLOW,
  ],
  [
    "a federated user is not the user",
    p,
    { AWS: bobArn },
    aws(`arn:aws:sts::${account}:federated-user/Bob`),
    IMPLICIT,
  ],
  ["the id of a deleted role matches nobody", p, { AWS: "AROADBQP57FF2AEXAMPLE" }, session, IMPLICIT],
  ["a web identity provider", p, { Federated: federated.id }, federated, ALLOW],
  ["another web identity provider", p, { Federated: "accounts.google.com" }, federated, IMPLICIT],
  [
    "a SAML provider",
    p,
    { Federated: `arn:aws:iam::${account}:saml-provider/idp` },
    { type: "Federated", id: `arn:aws:iam::${account}:saml-provider/idp` },
    ALLOW,
  ],
  ["a canonical user", p, { CanonicalUser: canonical.id }, canonical, ALLOW],
  ["another canonical user", p, { CanonicalUser: "0".repeat(64) }, canonical, IMPLICIT],
  ["a role, the role itself asks", p, { AWS: roleArn }, aws(roleArn), ALLOW],
  ["a role, another role asks", p, { AWS: roleArn }, aws(`${roleArn}2`), IMPLICIT],
  ["a federated provider of a service's name", p, { Federated: service.id }, service, IMPLICIT],
  ["everybody: a user", p, "*", bob, ALLOW],
  ["everybody: a service", p, "*", service, ALLOW],
  ["everybody: anonymous", p, "*", undefined, ALLOW],
  ['{"AWS": "*"}: a session', p, { AWS: "*" }, session, ALLOW],
  ['{"AWS": "*"}: anonymous', p, { AWS: "*" }, undefined, ALLOW],
  ['{"AWS": "*"}: a service', PAGES.undocumented, { AWS: "*" }, service, IMPLICIT],
  ["a named principal is not anonymous", p, { AWS: account }, undefined, IMPLICIT],
];

/** The same for `NotPrincipal`; first with Deny beside an Allow for everybody, then with Allow. */
const n = PAGES.notPrincipal;
const exceptions: readonly (readonly [...Row, PolicyCase["expected"]])[] = [
  ["a user and the account, that user asks", n, { AWS: [bobArn, rootArn] }, bob, ALLOW, IMPLICIT],
  [
    "a user and the account, another user asks",
    n,
    { AWS: [bobArn, rootArn] },
    aws(`arn:aws:iam::${account}:user/Ann`),
    DENY,
    IMPLICIT,
  ],
  ["a user without the account, that user asks", n, { AWS: bobArn }, bob, DENY, IMPLICIT],
  [
    "a user, a user of another account asks",
    n,
    { AWS: bobArn },
    aws("arn:aws:iam::999999999999:user/Bob"),
    DENY,
    ALLOW,
  ],
  [
    "session, role and account, that session asks",
    n,
    { AWS: [sessionArn, roleArn, rootArn] },
    session,
    ALLOW,
    IMPLICIT,
  ],
  ["session and account without the role", n, { AWS: [sessionArn, rootArn] }, session, DENY, IMPLICIT],
  ["session and role without the account", n, { AWS: [sessionArn, roleArn] }, session, DENY, IMPLICIT],
  ["role and account, a session asks", n, { AWS: [roleArn, rootArn] }, session, DENY, IMPLICIT],
  [
    "session, role and account, another session asks",
    n,
    { AWS: [sessionArn, roleArn, rootArn] },
    aws(`${sessionArn}2`),
    DENY,
    IMPLICIT,
  ],
  ["a service, that service asks", n, { Service: service.id }, service, ALLOW, IMPLICIT],
  [
    "a service, another service asks",
    n,
    { Service: service.id },
    { type: "Service", id: "ec2.amazonaws.com" },
    DENY,
    ALLOW,
  ],
  ["an account, its root asks", n, { AWS: rootArn }, aws(rootArn), ALLOW, IMPLICIT],
  ["everybody", n, "*", bob, ALLOW, IMPLICIT],
  ['{"AWS": "*"}, a user asks', n, { AWS: "*" }, bob, ALLOW, IMPLICIT],
  ['{"AWS": "*"}, a service asks', PAGES.undocumented, { AWS: "*" }, service, DENY, IMPLICIT],
  ["somebody, anonymous asks", n, { AWS: [bobArn, rootArn] }, undefined, DENY, ALLOW],
];

const ask = (principal: Principal | undefined): PolicyCase["request"] => ({
  action: "s3:GetObject",
  resource: "arn:aws:s3:::b/k",
  principal,
  context: {},
});
const covered = { Action: "s3:*", Resource: "*" };
const everybody = { Effect: "Allow", Principal: "*", ...covered };

export const principalCases: readonly PolicyCase[] = [
  ...rows.map(([name, source, element, principal, expected]) => ({
    name: `Principal: ${name}`,
    source,
    kind: "resource" as const,
    policy: policy({ Effect: "Allow", Principal: element, ...covered }),
    request: ask(principal),
    expected,
  })),
  {
    name: 'Principal: {"AWS": "*"} with Deny: a service',
    source: PAGES.undocumented,
    kind: "resource",
    policy: policy(everybody, { Effect: "Deny", Principal: { AWS: "*" }, ...covered }),
    request: ask(service),
    expected: DENY,
  },
  ...exceptions.flatMap(([name, source, element, principal, denied, allowed]) => [
    {
      name: `NotPrincipal with Deny: ${name}`,
      source,
      kind: "resource" as const,
      policy: policy(everybody, { Effect: "Deny", NotPrincipal: element, ...covered }),
      request: ask(principal),
      expected: denied,
    },
    {
      name: `NotPrincipal with Allow: ${name}`,
      source,
      kind: "resource" as const,
      policy: policy({ Effect: "Allow", NotPrincipal: element, ...covered }),
      request: ask(principal),
      expected: allowed,
    },
  ]),
];
