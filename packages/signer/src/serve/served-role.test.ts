import { describe, expect, it } from "vitest";

import { servedRoles } from "./served-role.ts";

const ROLE = "arn:aws:iam::123456789012:role/some/path/First";
const PROFILE = "arn:aws:rolesanywhere:us-east-1:123456789012:profile/1";
const OTHER = "arn:aws:iam::123456789012:role/Other";
const OTHER_PROFILE = "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2";

describe("servedRoles", () => {
  it("names roles by the last part of their ARNs", () => {
    expect(servedRoles(ROLE, PROFILE, [OTHER, `${OTHER}2,${OTHER_PROFILE}`])).toEqual([
      { name: "First", roleArn: ROLE, profileArn: PROFILE },
      { name: "Other", roleArn: OTHER, profileArn: PROFILE },
      { name: "Other2", roleArn: `${OTHER}2`, profileArn: OTHER_PROFILE },
    ]);
  });

  it("takes a comma that belongs to a name for what it is", () => {
    const comma = "arn:aws:iam::123456789012:role/a,b";
    expect(servedRoles(ROLE, PROFILE, [comma, `${comma},c,${OTHER_PROFILE}`])).toMatchObject([
      { name: "First" },
      { name: "a,b", roleArn: comma, profileArn: PROFILE },
      { name: "a,b,c", roleArn: `${comma},c`, profileArn: OTHER_PROFILE },
    ]);
  });

  it.each<readonly [string, readonly string[], string, RegExp]>([
    ["a role twice", [OTHER, OTHER], "ERR_SIGNER_USAGE", /one name, "Other"/],
    ["the first role again", [ROLE], "ERR_SIGNER_USAGE", /one name, "First"/],
    ["one name with two paths", [`${ROLE.replace("some", "else")}`], "ERR_SIGNER_USAGE", /one name, "First"/],
    ["two profiles of a role", [`${ROLE},${OTHER_PROFILE}`], "ERR_SIGNER_USAGE", /another ra-signer serve/],
    ["no ARN", ["Other"], "ERR_SIGNER_ARN_INVALID", /failed to parse role arn/],
    ["nothing", [""], "ERR_SIGNER_ARN_INVALID", /failed to parse role arn/],
    ["a role without name", ["arn:aws:iam::1:role/a/"], "ERR_SIGNER_ARN_INVALID", /must end with a name/],
    [
      "two roles in one value",
      [`${OTHER},${ROLE}`],
      "ERR_SIGNER_ARN_INVALID",
      /must be the ARN of a profile/,
    ],
    ["half a profile", [`${OTHER},arn:aws`], "ERR_SIGNER_ARN_INVALID", /failed to parse profile arn/],
  ])("refuses %s", (_title, also, code, message) => {
    expect(() => servedRoles(ROLE, PROFILE, also)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});
