import { describe, expect, it } from "vitest";
import { withoutAwsSettings } from "./without-aws-settings.ts";

describe("withoutAwsSettings", () => {
  it.each([
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_CONFIG_FILE",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ROLE_ARN",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "aws_profile",
  ])("drops %s", (name) => {
    expect(withoutAwsSettings({ [name]: "value", PATH: "/bin" })).toEqual({ PATH: "/bin" });
  });

  it("keeps what only looks alike, and leaves out what is not set", () => {
    const environment = { MY_AWS_THING: "kept", AWSOME: "kept", HOME: undefined };
    expect(withoutAwsSettings(environment)).toEqual({ MY_AWS_THING: "kept", AWSOME: "kept" });
  });
});
