import { createRequire } from "node:module";
import { devNull } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { InfraError } from "../errors.ts";
import { optionalList } from "../list.ts";

/** The settings of the kit's own CDK app, as `-c key=value` passes them. */
export interface AppSettings {
  /** The CA certificate file; a relative path starts at the current folder. */
  readonly caCertificatePath: string;
  readonly stackName?: string | undefined;
  readonly access?: "bucket-read-only" | "s3-full-access" | undefined;
  /** Common names, separated by commas. The stack wants these or `allowAnyCertificate`. */
  readonly certificateCommonNames?: string | undefined;
  readonly allowAnyCertificate?: boolean | undefined;
  /** 900 to 43200 seconds. */
  readonly sessionDurationSeconds?: number | undefined;
  readonly bucketRemoval?: "retain" | "destroy" | undefined;
  /** For this LocalStack needs the services events, sns and cloudwatch. */
  readonly alarms?: boolean | undefined;
  /** A time such as `2026-11-25T14:00:00Z`. */
  readonly denySessionsIssuedBefore?: string | undefined;
}

/** A CDK app, for {@link localStackCdkCommand}. */
export interface CdkApp {
  /** The folder with the app's `cdk.json`. `cdk` runs there. */
  readonly folder: string;
  /** The command that synthesizes the app, as `cdk --app` takes it. @default the command in `cdk.json` */
  readonly command?: string | undefined;
  /** The app's context, as `-c key=value` passes it. */
  readonly context?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** Names of the stacks; `cdk` adds the stacks that they depend on. @default all stacks of the app */
  readonly stacks?: readonly string[] | undefined;
}

/** Options of {@link localStackCdkCommand}. */
export interface LocalStackCdkCommandOptions {
  /**
   * Most apps, but not the kit's own, need `bootstrap` first. For it LocalStack needs the service ecr. `diff` ends with exit
   * code 1 when a stack differs from the deployed one.
   */
  readonly action: "bootstrap" | "deploy" | "destroy" | "diff" | "synth";
  /** Where LocalStack listens, for example `http://127.0.0.1:4566`. */
  readonly endpointUrl: string;
  /** Settings of the kit's own app. Give these or `app`. */
  readonly settings?: AppSettings | undefined;
  /** Another app. Give this or `settings`. */
  readonly app?: CdkApp | undefined;
  /** The folder for the synthesized template, outside the source tree: `cdk` empties it. */
  readonly outputFolder: string;
  /** Where `deploy` writes the outputs. */
  readonly outputsFile?: string | undefined;
  /**
   * How `deploy` calls CloudFormation. `direct` is for stacks that do not exist yet: it makes no change set, and looks five
   * times a second whether the stack is there. An existing stack needs `change-set`, because LocalStack 4.14 reports a
   * failed UpdateStack as done.
   *
   * @default "change-set"
   */
  readonly method?: "change-set" | "direct" | undefined;
  /** @default "us-east-1" */
  readonly region?: string | undefined;
  /**
   * The caller's environment: `process.env`, or a sandbox's `environments.administrator`. Variables that can lead to an AWS
   * account are removed. An access key id of twelve digits is kept: LocalStack takes it as the account id.
   */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The arguments of `child_process.spawn`. */
export interface CdkCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

const PACKAGE_FOLDER = resolve(fileURLToPath(new URL("../../", import.meta.url)));

/** A module that Node.js loads into the `cdk` command before the command itself. */
const LOOK_OFTEN = new URL("look-often.js", import.meta.url).href;

/**
 * Variables that choose credentials, endpoints or a proxy, or change what `cdk` does. INIT_CWD is removed as
 * well, because every path that this command passes is absolute.
 */
const UNWANTED_VARIABLE = /^(AWS_|CDK_|RA_|INIT_CWD$|(HTTP|HTTPS|ALL)_PROXY$)/i;

/**
 * Makes the `cdk` command that deploys the kit's own app or another one to LocalStack, and cannot reach a real account.
 *
 * The command has an access key that AWS does not know, and does not see the user's AWS configuration files, profiles,
 * session tokens and proxies. One endpoint serves every AWS service. `cdk` sends no telemetry, asks no questions and
 * prints plain lines. The `cdk` that is installed beside the app is used, else the one beside this package.
 *
 * @example
 * const { command, args, cwd, env } = localStackCdkCommand({
 *   action: "deploy",
 *   endpointUrl: sandbox.endpointUrl,
 *   app: { folder: "infrastructure", stacks: ["Reports"] },
 *   outputFolder: join(sandbox.workDirectory, "cdk.out"),
 *   environment: sandbox.environments.administrator,
 * });
 * spawn(command, args, { cwd, env, stdio: "inherit" });
 *
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when `endpointUrl` is not an http(s) URL or is a host of AWS, and when
 *   neither or both of `settings` and `app` are given, or the installed `aws-cdk` is older than 2.167.0
 * @throws {Error} MODULE_NOT_FOUND when the package `aws-cdk` is not installed
 */
export function localStackCdkCommand(options: LocalStackCdkCommandOptions): CdkCommand {
  const { action, environment, method = "change-set", region = "us-east-1" } = options;
  const app = chosenApp(options);
  return {
    command: process.execPath,
    args: [
      ...(action === "deploy" && method === "direct" ? ["--import", LOOK_OFTEN] : []),
      cdkProgram(app.folder),
      action,
      ...(action === "bootstrap" ? [] : (app.stacks ?? (app.folder === PACKAGE_FOLDER ? [] : ["--all"]))),
      ...(app.command === undefined ? [] : ["--app", app.command]),
      ...["--output", resolve(options.outputFolder)],
      ...Object.entries(app.context ?? {}).flatMap(([key, value]) => ["--context", `${key}=${value}`]),
      "--no-color",
      ...actionArguments(action, method, options.outputsFile),
    ],
    cwd: app.folder,
    env: {
      ...kept(environment),
      // cdk.json runs the app with `node`. This finds the Node.js of the caller first.
      PATH: [dirname(process.execPath), environment["PATH"]].join(delimiter),
      AWS_ENDPOINT_URL: localEndpoint(options.endpointUrl),
      AWS_ACCESS_KEY_ID: localstackKeyId(environment),
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      AWS_EC2_METADATA_DISABLED: "true",
      CDK_DISABLE_CLI_TELEMETRY: "true",
      // The tests validate the template. Validating it again takes longer than the rest of the synthesis.
      CDK_VALIDATION: "false",
    },
  };
}

function chosenApp({ app, settings }: LocalStackCdkCommandOptions): CdkApp {
  if (app !== undefined && settings === undefined) {
    return { ...app, folder: resolve(app.folder), stacks: optionalList("app.stacks", app.stacks) };
  }
  if (app === undefined && settings !== undefined) {
    const context: Record<string, string | number | boolean> = {};
    for (const [key, value] of Object.entries(settings)) if (value !== undefined) context[key] = value;
    context["caCertificatePath"] = resolve(settings.caCertificatePath);
    return { folder: PACKAGE_FOLDER, context };
  }
  throw new InfraError(
    "ERR_INFRA_OPTION_INVALID",
    `localStackCdkCommand got ${app === undefined ? "neither app nor settings" : "both app and settings"}; give settings ` +
      "for the app of this package, or app with the folder of another one.",
  );
}

/** LocalStack takes an access key id of twelve digits as the account id. AWS has no such key ids. */
function localstackKeyId(environment: Readonly<Record<string, string | undefined>>): string {
  const given = environment["AWS_ACCESS_KEY_ID"] ?? "";
  return /^\d{12}$/.test(given) ? given : "test";
}

function actionArguments(
  action: LocalStackCdkCommandOptions["action"],
  method: string,
  outputsFile: string | undefined,
): string[] {
  switch (action) {
    case "bootstrap":
      return [];
    case "deploy":
      return [
        ...["--require-approval", "never", "--progress", "events"],
        ...["--method", method],
        ...(outputsFile === undefined ? [] : ["--outputs-file", resolve(outputsFile)]),
      ];
    case "destroy":
      return ["--force"];
    case "diff":
      return ["--fail"];
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

/** The release of the `cdk` command from which on it knows `AWS_ENDPOINT_URL`. Earlier ones would call AWS. */
const OLDEST_CDK = [2, 167] as const;

const cdkManifest = z.object({ version: z.string().regex(/^\d+\.\d+\./) });

function cdkProgram(appFolder: string): string {
  const load = createRequire(import.meta.url);
  const manifest = load.resolve("aws-cdk/package.json", { paths: [appFolder, PACKAGE_FOLDER] });
  const { version } = cdkManifest.parse(load(manifest));
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < OLDEST_CDK[0] || (major === OLDEST_CDK[0] && minor < OLDEST_CDK[1])) {
    throw new InfraError(
      "ERR_INFRA_OPTION_INVALID",
      `The package aws-cdk in ${dirname(manifest)} is ${version}, which does not know AWS_ENDPOINT_URL and would call AWS; ` +
        `install ${OLDEST_CDK.join(".")}.0 or later: npm install --save-dev aws-cdk@2`,
    );
  }
  return join(dirname(manifest), "bin", "cdk");
}
