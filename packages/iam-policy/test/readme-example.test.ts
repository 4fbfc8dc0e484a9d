import { evaluatePolicies, evaluatePolicy, parsePolicy } from "../src/index.ts";
import { expect, it } from "vitest";

const server = { type: "AWS", id: "arn:aws:sts::111122223333:assumed-role/reader/server-a" } as const;

it("says which policy does not allow a request", () => {
  const role = parsePolicy(
    { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "s3:*", Resource: "*" } },
    { kind: "identity" },
  );
  const profile = parsePolicy(
    `{"Version": "2012-10-17",
      "Statement": {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"}}`,
    { kind: "session" },
  );

  const decision = evaluatePolicies(
    { identityPolicies: [role], sessionPolicies: [profile] },
    {
      action: "s3:PutObject",
      resource: "arn:aws:s3:::reports/2026.csv",
      resourceAccount: "111122223333",
      principal: server,
      context: {},
    },
  );

  expect(decision).toEqual({
    effect: "ImplicitDeny",
    policy: { type: "session", index: 0 },
    reason:
      'session policy: no statement allows s3:PutObject; the closest, session policy, statement 0 "Read", has Action s3:GetObject',
  });
});

it("says whether a certificate gets a role", () => {
  const trust = parsePolicy(
    {
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow",
        Principal: { Service: "rolesanywhere.amazonaws.com" },
        Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        Condition: { StringEquals: { "aws:PrincipalTag/x509Subject/CN": "server-a" } },
      },
    },
    { kind: "trust" },
  );

  const { effect, reason } = evaluatePolicy(trust, {
    action: "sts:AssumeRole",
    principal: { type: "Service", id: "rolesanywhere.amazonaws.com" },
    context: { "aws:PrincipalTag/x509Subject/CN": "server-b" },
  });

  expect(effect).toBe("ImplicitDeny");
  expect(reason).toBe(
    "statement 0 would allow sts:AssumeRole but StringEquals aws:PrincipalTag/x509Subject/CN expected server-a and the request has server-b",
  );
});
