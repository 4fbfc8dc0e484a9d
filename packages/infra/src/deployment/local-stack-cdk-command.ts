import { createRequire } from "node:module";
import { devNull } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { InfraError } from "../errors.ts";

/** The settings of the CDK app, as `-c key=value` passes them. */
export interface AppSettings {
  /** The CA certificate file; a relative path starts at the current folder. */
  readonly caCertificatePath: string;
  readonly stackName?: string;
  readonly access?: "bucket-read-only" | "s3-full-access";
  /** Common names, separated by commas. */
  readonly certificateCommonNames?: string;
  /** 900 to 43200 seconds. */
  readonly sessionDurationSeconds?: number;
  readonly bucketRemoval?: "retain" | "destroy";
}

/** Options of {@link localStackCdkCommand}. */
export interface LocalStackCdkCommandOptions {
  readonly action: "deploy" | "destroy" | "synth";
  /** Where LocalStack listens, for example `http://127.0.0.1:4566`. */
  readonly endpointUrl: string;
  readonly settings: AppSettings;
  /** The folder for the synthesized template, outside the source tree: `cdk` empties it. */
  readonly outputFolder: string;
  /** Where `deploy` writes the outputs. */
  readonly outputsFile?: string;
  /** @default "us-east-1" */
  readonly region?: string;
  /** The environment to start from, usually `process.env`. Nothing in it that can lead to an AWS account is kept. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What to give to `child_process.spawn`. */
export interface CdkCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

const PACKAGE_FOLDER = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Variables that choose credentials, endpoints or a proxy, or change what `cdk` does. INIT_CWD goes too: every path
 * that this command passes is absolute.
 */
const UNWANTED_VARIABLE = /^(AWS_|CDK_|RA_|INIT_CWD$|(HTTP|HTTPS|ALL)_PROXY$)/i;

/**
 * The `cdk` command that deploys the stack to LocalStack and cannot reach a real account.
 *
 * The credentials are the pair test/test, which AWS does not know; the user's AWS configuration files, profiles, session
 * tokens and proxies are out of sight; one endpoint serves every AWS service. `cdk` sends no telemetry, asks nothing and
 * prints plain lines.
 *
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when `endpointUrl` is not an http(s) URL or is a host of AWS
 * @throws {Error} MODULE_NOT_FOUND when the package `aws-cdk` is not installed
 */
export function localStackCdkCommand(options: LocalStackCdkCommandOptions): CdkCommand {
  const { action, outputsFile, region = "us-east-1" } = options;
  const context: Record<string, string | number | undefined> = {
    ...options.settings,
    caCertificatePath: resolve(options.settings.caCertificatePath),
  };
  return {
    command: process.execPath,
    args: [
      cdkProgram(),
      action,
      ...["--output", resolve(options.outputFolder)],
      ...Object.entries(context).flatMap(([key, value]) =>
        value === undefined ? [] : ["--context", `${key}=${value}`],
      ),
      "--no-color",
      ...actionArguments(action, outputsFile),
    ],
    cwd: PACKAGE_FOLDER,
    env: {
      ...kept(options.environment),
      // cdk.json runs the app with `node`: let that be the Node.js of the caller.
      PATH: [dirname(process.execPath), options.environment["PATH"]].join(delimiter),
      AWS_ENDPOINT_URL: localEndpoint(options.endpointUrl),
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      AWS_EC2_METADATA_DISABLED: "true",
      CDK_DISABLE_CLI_TELEMETRY: "true",
      // The template is the one that the tests validate; doing it again takes longer than all the rest of the synthesis.
      CDK_VALIDATION: "false",
    },
  };
}

function actionArguments(
  action: LocalStackCdkCommandOptions["action"],
  outputsFile: string | undefined,
): string[] {
  switch (action) {
    case "deploy":
      return [
        ...["--require-approval", "never", "--progress", "events"],
        ...(outputsFile === undefined ? [] : ["--outputs-file", resolve(outputsFile)]),
      ];
    case "destroy":
      return ["--force"];
    case "synth":
      return ["--quiet"];
  }
}

function kept(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !UNWANTED_VARIABLE.test(name)) {
      variables[name] = value;
    }
  }
  return variables;
}

function localEndpoint(endpointUrl: string): string {
  const url = URL.parse(endpointUrl);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new InfraError(
      "ERR_INFRA_OPTION_INVALID",
      `endpointUrl is ${JSON.stringify(endpointUrl)}; use the address of LocalStack, such as http://127.0.0.1:4566.`,
    );
  }
  if (/(^|\.)(amazonaws\.com(\.cn)?|aws|api\.aws)$/.test(url.hostname)) {
    throw new InfraError(
      "ERR_INFRA_OPTION_INVALID",
      `endpointUrl is ${endpointUrl}, a host of AWS; this command is for LocalStack only. For a real account run: cdk deploy`,
    );
  }
  return endpointUrl;
}

function cdkProgram(): string {
  return join(dirname(createRequire(import.meta.url).resolve("aws-cdk/package.json")), "bin", "cdk");
}
