import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CdkCommand } from "@roles-anywhere/infra/deployment";
import { withoutAwsSettings, withoutProxyFor } from "@roles-anywhere/sandbox";
import type { CdkDeployInit, Place } from "../story/place.ts";
import { STACK_TAG } from "./destroy-stack.ts";
import type { Account } from "./open-account.ts";

/** The folder of the kit's CDK app, which has its `cdk.json`. */
const APP_FOLDER = fileURLToPath(new URL("../", import.meta.resolve("@roles-anywhere/infra")));

/** A module that makes `cdk` look at a stack five times a second. Against AWS it would use up a limit of the account. */
const LOOK_OFTEN = new URL("look-often.js", import.meta.resolve("@roles-anywhere/infra/deployment")).href;

/** An account and a folder of this run alone. */
export interface AccountPlace extends Place {
  readonly account: Account;
  /** Removes the folder, with the keys in it. */
  remove(): Promise<void>;
}

/**
 * Makes the place for a run in an account.
 *
 * No program of the run sees the caller's AWS variables and files: the external server gets no key, and the
 * administrator's programs get the keys of which STS said whose they are. So nothing can reach another account.
 */
export async function makeAccountPlace(
  account: Account,
  stackName: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<AccountPlace> {
  const workDirectory = await mkdtemp(join(tmpdir(), "ra-account-"));
  const files = {
    config: join(workDirectory, "aws", "config"),
    credentials: join(workDirectory, "aws", "credentials"),
  };
  await mkdir(dirname(files.config), { mode: 0o700 });
  // An SDK that finds no file would look in other places.
  for (const file of Object.values(files)) await writeFile(file, "", { mode: 0o600 });
  const serverEnvironment = {
    ...withoutAwsSettings(environment),
    ...withoutProxyFor(["127.0.0.1", "localhost", "::1"], environment),
    ...account.endpointVariables,
    AWS_CONFIG_FILE: files.config,
    AWS_SHARED_CREDENTIALS_FILE: files.credentials,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_REGION: account.region,
    AWS_DEFAULT_REGION: account.region,
  };
  const administratorEnvironment = async (): Promise<Record<string, string>> => {
    const { accessKeyId, secretAccessKey, sessionToken } = await account.administrator();
    return {
      ...serverEnvironment,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      ...(sessionToken !== undefined && { AWS_SESSION_TOKEN: sessionToken }),
    };
  };
  return {
    account,
    cloud: account,
    stackName,
    workDirectory,
    logDirectory: workDirectory,
    serverEnvironment,
    administratorEnvironment,
    cdkDeploy: async (init) =>
      cdkDeploy(init, stackName, account.isStandIn, await administratorEnvironment()),
    shownContext: deployContext(stackName),
    millisecondsBetweenLooks: account.isStandIn ? undefined : 2000,
    remove: () => rm(workDirectory, { recursive: true, force: true }),
  };
}

/** The settings of a stack that goes again. */
function deployContext(stackName: string): string[] {
  return [
    ...["--context", `stackName=${stackName}`, "--context", "bucketRemoval=destroy"],
    ...["--tags", `${STACK_TAG.key}=${STACK_TAG.value}`],
  ];
}

/** Variables that change what `cdk` or its app does. */
const UNWANTED_VARIABLE = /^(CDK_|RA_|INIT_CWD$)/i;

function cdkDeploy(
  { settings, outputFolder, outputsFile }: CdkDeployInit,
  stackName: string,
  looksOften: boolean,
  environment: Readonly<Record<string, string>>,
): CdkCommand {
  const manifest = createRequire(import.meta.url).resolve("aws-cdk/package.json");
  return {
    command: process.execPath,
    args: [
      ...(looksOften ? ["--import", LOOK_OFTEN] : []),
      ...[join(dirname(manifest), "bin", "cdk"), "deploy", "--output", outputFolder],
      ...deployContext(stackName),
      ...Object.entries(settings).flatMap(([key, value]) => ["--context", `${key}=${value}`]),
      ...["--no-color", "--require-approval", "never", "--progress", "events"],
      // The stack is new, so there is nothing to compare it with.
      ...["--method", "direct", "--outputs-file", outputsFile],
    ],
    cwd: APP_FOLDER,
    env: {
      ...Object.fromEntries(Object.entries(environment).filter(([name]) => !UNWANTED_VARIABLE.test(name))),
      // cdk.json runs the app with `node`. This finds the Node.js of the caller first.
      PATH: [dirname(process.execPath), environment["PATH"]].join(delimiter),
      CDK_DISABLE_CLI_TELEMETRY: "true",
    },
  };
}
