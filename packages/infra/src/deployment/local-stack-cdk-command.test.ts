import { existsSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { devNull, tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { localStackCdkCommand } from "./local-stack-cdk-command.ts";
import type { LocalStackCdkCommandOptions } from "./local-stack-cdk-command.ts";

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
      ...["--method", "change-set"],
      ...["--outputs-file", resolve("outputs.json")],
    ]);
  });

  it("creates a stack without a change set, and then looks more often", () => {
    const { args } = commandWith({ method: "direct" });
    expect(args.slice(0, 2)).toEqual(["--import", new URL("look-often.js", import.meta.url).href]);
    expect(args.slice(3)).toEqual(commandWith().args.slice(1, -1).concat("direct"));
    const destroy = commandWith({ method: "direct", action: "destroy" }).args;
    expect(destroy).toEqual(commandWith({ action: "destroy" }).args);
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

  it("runs any other app, in its folder and with its own context", () => {
    const app = {
      folder: "other",
      command: "node app.js",
      context: { stage: "test" },
      stacks: ["One", "Two"],
    };
    const { args, cwd } = commandWith({ settings: undefined, app });
    expect(cwd).toBe(resolve("other"));
    expect(args.slice(1)).toEqual([
      ...["deploy", "One", "Two", "--app", "node app.js"],
      ...["--output", resolve("/out/cdk.out")],
      ...["--context", "stage=test"],
      "--no-color",
      ...["--require-approval", "never", "--progress", "events"],
      ...["--method", "change-set"],
    ]);
  });

  it("works on all stacks of another app unless some are named, and leaves its command to its cdk.json", () => {
    const { args } = commandWith({ settings: undefined, app: { folder: "other" }, action: "synth" });
    expect(args.slice(1)).toEqual([
      ...["synth", "--all", "--output", resolve("/out/cdk.out"), "--no-color", "--quiet"],
    ]);
  });

  it("lets diff fail where a stack differs", () => {
    const { args } = commandWith({ action: "diff", outputsFile: "/out/outputs.json" });
    expect(args.slice(-2)).toEqual(["--no-color", "--fail"]);
  });

  it("bootstraps the account, not a stack", () => {
    const app = { folder: "other", stacks: ["One"] };
    const { args } = commandWith({ settings: undefined, app, action: "bootstrap" });
    expect(args.slice(1)).toEqual(["bootstrap", "--output", resolve("/out/cdk.out"), "--no-color"]);
  });

  describe("with a cdk of its own beside the app", () => {
    let folder: string;
    let cdk: string;
    beforeEach(async () => {
      folder = await realpath(await mkdtemp(join(tmpdir(), "cdk-app-")));
      cdk = join(folder, "node_modules", "aws-cdk");
      await mkdir(cdk, { recursive: true });
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    const commandOf = async (version: string) => {
      await writeFile(join(cdk, "package.json"), JSON.stringify({ version }));
      return commandWith({ settings: undefined, app: { folder } });
    };

    it.each(["2.167.0", "2.178.2", "2.1000.0", "3.0.0"])("takes %s", async (version) => {
      const { args } = await commandOf(version);
      expect(args[0]).toBe(join(cdk, "bin", "cdk"));
    });

    it.each(["2.166.0", "2.93.0", "1.204.0"])("refuses %s, which would call AWS", async (version) => {
      await expect(commandOf(version)).rejects.toThrowError(
        expect.objectContaining({
          code: "ERR_INFRA_OPTION_INVALID",
          message:
            `The package aws-cdk in ${cdk} is ${version}, which does not know AWS_ENDPOINT_URL and would call AWS; ` +
            "install 2.167.0 or later: npm install --save-dev aws-cdk@2",
        }),
      );
    });
  });

  it.each([
    ["neither app nor settings", {}],
    ["both app and settings", { app: { folder: "." }, settings: { caCertificatePath: "ca.pem" } }],
  ])("refuses %s", (title, options) => {
    expect(() => commandWith({ settings: undefined, ...options })).toThrowError(
      expect.objectContaining({ code: "ERR_INFRA_OPTION_INVALID", message: expect.stringContaining(title) }),
    );
  });

  it.each([
    ["LocalStack's account", "111122223333", "111122223333"],
    ["a real key", "AKIAIOSFODNN7EXAMPLE", "test"],
    ["a longer number", "1111222233334", "test"],
    ["nothing", undefined, "test"],
  ])("hands %s over as the access key: %s becomes %s", (_title, given, expected) => {
    const { env } = commandWith({ environment: { AWS_ACCESS_KEY_ID: given, AWS_SECRET_ACCESS_KEY: "real" } });
    expect(env).toMatchObject({ AWS_ACCESS_KEY_ID: expected, AWS_SECRET_ACCESS_KEY: "test" });
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
