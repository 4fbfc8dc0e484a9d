import { describe, expect, it } from "vitest";
import {
  isolatedEnvironment,
  sandboxEnvironments,
  withoutAwsSettings,
  withoutProxyFor,
} from "./environments.ts";

const init = {
  environment: {
    PATH: "/bin",
    AWS_PROFILE: "real",
    AWS_ACCESS_KEY_ID: "AKIAREAL",
    NO_PROXY: "intranet, localhost",
  },
  endpointUrl: "http://127.0.0.1:4566",
  rolesAnywhereEndpoint: "http://127.0.0.1:9912",
  region: "eu-west-1",
  accountId: "111122223333",
  workDirectory: "/tmp/work",
};

describe("sandboxEnvironments", () => {
  it("gives a server endpoints and no credential", () => {
    const { server } = sandboxEnvironments(init);
    expect(server).toEqual({
      PATH: "/bin",
      NO_PROXY: "intranet,localhost,127.0.0.1,::1",
      no_proxy: "intranet,localhost,127.0.0.1,::1",
      AWS_ENDPOINT_URL: "http://127.0.0.1:4566",
      AWS_ENDPOINT_URL_ROLESANYWHERE: "http://127.0.0.1:9912",
      AWS_REGION: "eu-west-1",
      AWS_DEFAULT_REGION: "eu-west-1",
      AWS_CONFIG_FILE: "/tmp/work/aws/config",
      AWS_SHARED_CREDENTIALS_FILE: "/tmp/work/aws/credentials",
      AWS_EC2_METADATA_DISABLED: "true",
    });
  });

  it("gives the administrator LocalStack's key for the account, never the caller's", () => {
    const { server, administrator } = sandboxEnvironments(init);
    expect(administrator).toEqual({
      ...server,
      AWS_ACCESS_KEY_ID: "111122223333",
      AWS_SECRET_ACCESS_KEY: "test",
    });
  });
});

describe("withoutProxyFor", () => {
  it.each([
    ["no list", {}, "127.0.0.1"],
    ["an empty list", { NO_PROXY: "", no_proxy: " , " }, "127.0.0.1"],
    ["a list in upper case", { NO_PROXY: "a, b" }, "a,b,127.0.0.1"],
    ["a list in lower case, which wins in curl, requests and boto3", { no_proxy: "a" }, "a,127.0.0.1"],
    ["different lists in both spellings", { NO_PROXY: "a", no_proxy: "b,a" }, "a,b,127.0.0.1"],
    ["a list that has the host", { no_proxy: "127.0.0.1,a" }, "127.0.0.1,a"],
    ["the star, which counts only where it stands alone", { NO_PROXY: "a", no_proxy: "*" }, "*"],
  ])("sets both spellings for %s", (_title, environment, list) => {
    expect(withoutProxyFor(["127.0.0.1"], environment)).toEqual({ NO_PROXY: list, no_proxy: list });
  });
});

describe("isolatedEnvironment", () => {
  it("has AWS files of its own, and the caller's proxy for other hosts only", () => {
    const caller = { HOME: "/home/me", AWS_CONFIG_FILE: "/home/me/fips", http_proxy: "http://proxy:3128" };
    expect(isolatedEnvironment(caller, "/tmp/work")).toEqual({
      HOME: "/home/me",
      http_proxy: "http://proxy:3128",
      AWS_CONFIG_FILE: "/tmp/work/aws/config",
      AWS_SHARED_CREDENTIALS_FILE: "/tmp/work/aws/credentials",
      AWS_EC2_METADATA_DISABLED: "true",
      NO_PROXY: "127.0.0.1,localhost,::1",
      no_proxy: "127.0.0.1,localhost,::1",
    });
  });
});

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
