import { describe, expect, it } from "vitest";
import { arnOf, expectPermissions } from "../../src/expectations/index.ts";
import type { IamRole } from "../../src/expectations/index.ts";
import { policy } from "../policy-case.ts";
import { allow } from "./template-for-tests.ts";

const ANCHOR = "arn:aws:rolesanywhere:eu-west-1:444455556666:trust-anchor/1";
const MANAGED = "arn:aws:iam::444455556666:policy/read";
const OBJECT = "arn:aws:s3:::reports/a.csv";

/** In the form of `aws iam get-account-authorization-details`. */
const ROLE = {
  Path: "/servers/",
  RoleName: "reader",
  RoleId: "AROAEXAMPLE",
  Arn: "arn:aws:iam::444455556666:role/servers/reader",
  AssumeRolePolicyDocument: policy({
    Effect: "Allow",
    Principal: { Service: "rolesanywhere.amazonaws.com" },
    Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
    Condition: { ArnEquals: { "aws:SourceArn": ANCHOR } },
  }),
  RolePolicyList: [{ PolicyName: "Read", PolicyDocument: allow("s3:GetObject", "arn:aws:s3:::reports/*") }],
  AttachedManagedPolicies: [],
  Tags: [{ Key: "team", Value: "reports" }],
} satisfies IamRole & Record<string, unknown>;

const encoded = (document: object): string => encodeURIComponent(JSON.stringify(document));

describe("a role of IAM", () => {
  it.each<readonly [name: string, role: IamRole]>([
    ["with documents as objects", ROLE],
    [
      "with documents in JSON",
      {
        ...ROLE,
        RolePolicyList: [{ PolicyName: "Read", PolicyDocument: JSON.stringify(allow("s3:GetObject", "*")) }],
      },
    ],
    [
      "with URL-encoded documents, as the API returns them",
      {
        ...ROLE,
        AssumeRolePolicyDocument: encoded(ROLE.AssumeRolePolicyDocument),
        RolePolicyList: [{ PolicyName: "Read", PolicyDocument: encoded(allow("s3:GetObject", "*")) }],
      },
    ],
    [
      "with a managed policy",
      { ...ROLE, RolePolicyList: [], AttachedManagedPolicies: [{ PolicyArn: MANAGED }] },
    ],
    [
      "with a tag that its policy asks for",
      {
        ...ROLE,
        RolePolicyList: [
          {
            PolicyName: "Read",
            PolicyDocument: allow("s3:GetObject", "*", {
              Condition: { StringEquals: { "aws:PrincipalTag/team": "reports" } },
            }),
          },
        ],
      },
    ],
    [
      "with a boundary",
      {
        ...ROLE,
        RolePolicyList: [{ PolicyName: "All", PolicyDocument: allow("*", "*") }],
        PermissionsBoundary: { PermissionsBoundaryArn: MANAGED },
      },
    ],
  ])("%s", (_name, role) => {
    expectPermissions(role, { managedPolicies: { [MANAGED]: allow("s3:GetObject", "*") } })
      .toAllow("s3:GetObject", OBJECT)
      .toDeny("s3:PutObject", OBJECT)
      .toTrust({ subject: { CN: "any" }, trustAnchorArn: ANCHOR })
      .notToTrust({ subject: { CN: "any" }, trustAnchorArn: `${ANCHOR}2` });
  });

  it.each<readonly [name: string, ask: () => unknown, message: string]>([
    [
      "without its inline policies",
      () => expectPermissions({ ...ROLE, RolePolicyList: undefined } as never),
      "RolePolicyList: is missing; give the list, [] when the role has none",
    ],
    [
      "without its managed policies",
      () => expectPermissions({ ...ROLE, AttachedManagedPolicies: undefined } as never),
      "AttachedManagedPolicies: is missing",
    ],
    [
      "with a managed policy whose document is not given",
      () => expectPermissions({ ...ROLE, AttachedManagedPolicies: [{ PolicyArn: MANAGED }] }),
      `AttachedManagedPolicies[0]: the document of ${MANAGED} is not here`,
    ],
    [
      "with a boundary whose document is not given",
      () => expectPermissions({ ...ROLE, PermissionsBoundary: { PermissionsBoundaryArn: MANAGED } }),
      "PermissionsBoundary: the document of",
    ],
    [
      "without an ARN",
      () => expectPermissions({ ...ROLE, Arn: undefined } as never),
      "Arn: is missing; give a template and a role, or a role of IAM",
    ],
    [
      "without a trust policy",
      () => expectPermissions({ ...ROLE, AssumeRolePolicyDocument: undefined } as never),
      "AssumeRolePolicyDocument: is no policy",
    ],
    [
      "and a logical id",
      () => expectPermissions(ROLE).toAllow("s3:GetObject", arnOf("Bucket")),
      '"Bucket" is a logical id, and a role of IAM has no template; give an ARN',
    ],
    [
      "and no trust anchor",
      () => expectPermissions(ROLE).toTrust({ subject: { CN: "a1" } }),
      "there are 0 trust anchors to choose from; give trustAnchorArn",
    ],
  ])("is refused %s", (_name, ask, message) => {
    expect(ask).toThrow(message);
  });
});
