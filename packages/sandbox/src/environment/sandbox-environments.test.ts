import { describe, expect, it } from "vitest";
import { sandboxEnvironments } from "./sandbox-environments.ts";

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
      NO_PROXY: "intranet,localhost,127.0.0.1",
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
