import { Aws } from "aws-cdk-lib/core";
import { describe, expect, it } from "vitest";
import { resourceName } from "./resource-name.ts";

describe("resourceName", () => {
  it.each(["RolesAnywhereStack", "a b-c_9", "x".repeat(255)])("accepts %j", (name) => {
    expect(resourceName("profileName", name)).toBe(name);
  });

  it("leaves a name alone that only CloudFormation knows", () => {
    expect(resourceName("profileName", Aws.STACK_NAME)).toBe(Aws.STACK_NAME);
  });

  it.each(["", "a/b", "ü", "x".repeat(256)])("refuses %j", (name) => {
    expect(() => resourceName("profileName", name)).toThrowError(
      expect.objectContaining({
        code: "ERR_INFRA_OPTION_INVALID",
        message: expect.stringContaining(`profileName is ${JSON.stringify(name)}`),
      }),
    );
  });
});
