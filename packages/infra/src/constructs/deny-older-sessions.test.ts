import { Role } from "aws-cdk-lib/aws-iam";
import { App, Stack } from "aws-cdk-lib/core";
import { describe, expect, it } from "vitest";
import { propertiesIn, warningsOf } from "../../test/support/template.ts";
import { DenyOlderSessions, olderSessionsPolicy } from "./deny-older-sessions.ts";

function stackWith(issuedBefore: Date): Stack {
  const stack = new Stack(new App(), "Mine", { env: { account: "111122223333", region: "eu-west-1" } });
  const roles = ["One", "Two"].map((name) => Role.fromRoleName(stack, name, name));
  new DenyOlderSessions(stack, "KeyLeak", { roles, issuedBefore });
  return stack;
}

describe("DenyOlderSessions", () => {
  it("denies everything to the sessions of its roles that were issued before the time", () => {
    const stack = stackWith(new Date("2026-11-25T15:00:00+01:00"));
    expect(propertiesIn(stack, "AWS::IAM::Policy")).toEqual({
      PolicyName: expect.any(String),
      Roles: ["One", "Two"],
      PolicyDocument: {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Deny",
            Action: "*",
            Resource: "*",
            Condition: { DateLessThan: { "aws:TokenIssueTime": "2026-11-25T14:00:00.000Z" } },
          },
        ],
      },
    });
  });

  it("warns when the time is still to come", () => {
    expect(warningsOf(stackWith(new Date(Date.now() - 1000)))).toEqual([]);
    expect(warningsOf(stackWith(new Date(Date.now() + 3_600_000)), "Sessions are denied until")).toHaveLength(
      1,
    );
  });

  it.each([new Date(Number.NaN), new Date("soon")])("refuses %s", (issuedBefore) => {
    expect(() => olderSessionsPolicy(issuedBefore)).toThrowError("issuedBefore is Invalid Date; give a date");
  });
});
