import { existsSync } from "node:fs";
import { devNull } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { localStackCdkCommand, type LocalStackCdkCommandOptions } from "./local-stack-cdk-command.ts";

function commandWith(options: Partial<LocalStackCdkCommandOptions> = {}) {
  return localStackCdkCommand({
    action: "deploy",
    endpointUrl: "http://127.0.0.1:4566",
    settings: { caCertificatePath: "/ca/rootCA.pem" },
    outputFolder: "/out/cdk.out",
    environment: { PATH: "/bin" },
    ...options,
  });
}

describe("localStackCdkCommand", () => {
  it("runs the installed cdk with this Node.js, in the folder of cdk.json", () => {
    const { command, args, cwd, env } = commandWith();
    expect(command).toBe(process.execPath);
    expect(existsSync(args[0] ?? "")).toBe(true);
    expect(existsSync(join(cwd, "cdk.json"))).toBe(true);
    expect(env["PATH"]).toBe(dirname(process.execPath) + delimiter + "/bin");
  });

  it("deploys without asking and writes the outputs", () => {
    expect(commandWith({ outputsFile: "outputs.json" }).args.slice(1)).toEqual([
      "deploy",
      ...["--output", resolve("/out/cdk.out")],
      ...["--context", `caCertificatePath=${resolve("/ca/rootCA.pem")}`],
      "--no-color",
      ...["--require-approval", "never", "--progress", "events"],
      ...["--outputs-file", resolve("outputs.json")],
    ]);
  });

  it("passes every setting that is given as context", () => {
    const { args } = commandWith({
      action: "destroy",
      settings: {
        caCertificatePath: "ca.pem",
        sessionDurationSeconds: 900,
        certificateCommonNames: "one,two",
      },
    });
    expect(args.slice(1)).toEqual([
      "destroy",
      ...["--output", resolve("/out/cdk.out")],
      ...["--context", `caCertificatePath=${resolve("ca.pem")}`],
      ...["--context", "sessionDurationSeconds=900"],
      ...["--context", "certificateCommonNames=one,two"],
      "--no-color",
      "--force",
    ]);
  });

  it("keeps nothing of the environment that leads to an AWS account", () => {
    const { env } = commandWith({
      region: "eu-central-1",
      environment: {
        PATH: "/bin",
        HOME: "/home/me",
        NODE_EXTRA_CA_CERTS: "/ca.crt",
        UNSET: undefined,
        INIT_CWD: "/elsewhere",
        AWS_PROFILE: "production",
        AWS_DEFAULT_PROFILE: "production",
        AWS_ACCESS_KEY_ID: "AKIAREAL",
        AWS_SECRET_ACCESS_KEY: "real",
        AWS_SESSION_TOKEN: "real",
        AWS_ENDPOINT_URL_S3: "https://s3.amazonaws.com",
        AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true",
        AWS_WEB_IDENTITY_TOKEN_FILE: "/token",
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.2/",
        CDK_DEFAULT_ACCOUNT: "123456789012",
        RA_ACCESS: "s3-full-access",
        HTTPS_PROXY: "http://proxy:3128",
        http_proxy: "http://proxy:3128",
      },
    });
    expect(env).toEqual({
      PATH: expect.stringContaining("/bin"),
      HOME: "/home/me",
      NODE_EXTRA_CA_CERTS: "/ca.crt",
      AWS_ENDPOINT_URL: "http://127.0.0.1:4566",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: "eu-central-1",
      AWS_DEFAULT_REGION: "eu-central-1",
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      AWS_EC2_METADATA_DISABLED: "true",
      CDK_DISABLE_CLI_TELEMETRY: "true",
      CDK_VALIDATION: "false",
    });
  });

  it.each([
    ["a host of AWS", "https://cloudformation.us-east-1.amazonaws.com", "a host of AWS"],
    ["a host of AWS in China", "https://sts.cn-north-1.amazonaws.com.cn", "a host of AWS"],
    ["a dual-stack host of AWS", "https://rolesanywhere.eu-west-1.api.aws", "a host of AWS"],
    ["a host without a scheme", "localhost:4566", "use the address of LocalStack"],
    ["an empty text", "", "use the address of LocalStack"],
  ])("refuses %s as the endpoint", (_, endpointUrl, message) => {
    expect(() => commandWith({ endpointUrl })).toThrowError(
      expect.objectContaining({
        code: "ERR_INFRA_OPTION_INVALID",
        message: expect.stringContaining(message),
      }),
    );
  });
});
