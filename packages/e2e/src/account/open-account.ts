import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { AccessKeys, Cloud } from "../aws/cloud.ts";
import { clientSettings } from "../aws/cloud.ts";
import { StoryError } from "../story/programs.ts";
import { readStandIn } from "./stand-in.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The account that the caller named, in which the caller is known to be. */
export interface Account extends Cloud {
  /** ARN of the caller. */
  readonly callerArn: string;
  /** Endpoints as the AWS variables of programs give them: none where AWS itself answers. */
  readonly endpointVariables: Readonly<Record<string, string>>;
  /** Whether programs of this machine answer in the role of AWS, in a test. */
  readonly isStandIn: boolean;
}

export interface OpenAccountInit {
  /** Twelve digits: the account that the caller means. */
  readonly accountId: string;
  readonly region: string;
  readonly environment: Environment;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks STS who the caller is, with the credentials that the AWS CLI would use as well, and returns the account. It calls
 * nothing else.
 *
 * @throws {StoryError} when there are no credentials, STS refuses them, or they are of another account
 */
export async function openAccount(init: OpenAccountInit): Promise<Account> {
  const { accountId, region, environment, signal } = init;
  const where = endpointsOf(region, environment);
  const { callerArn, callerAccount, administrator } = await askWhoIAm(where, region, environment, signal);
  if (callerAccount !== accountId) {
    throw new StoryError(
      `these credentials are of account ${callerAccount} (${callerArn}), and --account is ${accountId}. Nothing was created. ` +
        "Choose other credentials, for example with AWS_PROFILE, or correct --account",
    );
  }
  return { ...where, accountId, region, callerArn, administrator };
}

function endpointsOf(
  region: string,
  environment: Environment,
): Pick<Account, "endpoints" | "rolesAnywhereEndpoint" | "endpointVariables" | "isStandIn"> {
  const standIn = readStandIn(environment);
  if (standIn !== undefined) {
    const { endpointUrl: url, rolesAnywhereEndpoint } = standIn;
    return {
      endpoints: { cloudformation: url, iam: url, s3: url, sts: url },
      rolesAnywhereEndpoint,
      endpointVariables: {
        AWS_ENDPOINT_URL: url,
        AWS_ENDPOINT_URL_ROLESANYWHERE: rolesAnywhereEndpoint,
      },
      isStandIn: true,
    };
  }
  // https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html
  const regional = (service: string): string => `https://${service}.${region}.amazonaws.com`;
  return {
    endpoints: {
      cloudformation: regional("cloudformation"),
      iam: "https://iam.amazonaws.com",
      s3: regional("s3"),
      sts: regional("sts"),
    },
    rolesAnywhereEndpoint: regional("rolesanywhere"),
    endpointVariables: {},
    isStandIn: false,
  };
}

async function askWhoIAm(
  where: Pick<Account, "endpoints" | "isStandIn">,
  region: string,
  environment: Environment,
  signal: AbortSignal | undefined,
): Promise<{ callerArn: string; callerAccount: string; administrator: () => Promise<AccessKeys> }> {
  const { AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "" } = environment;
  const { credentials: _, ...settings } = clientSettings(
    { ...where, region, administrator: () => Promise.reject(new Error("not known yet")) },
    "sts",
  );
  const client = new STSClient({
    ...settings,
    // Without credentials the SDK looks for them in its usual order: variables, SSO, profiles, metadata of the machine.
    ...(where.isStandIn && {
      credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
    }),
  });
  const administrator = async (): Promise<AccessKeys> => {
    const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
    return { accessKeyId, secretAccessKey, sessionToken };
  };
  try {
    await administrator();
  } catch (cause) {
    throw new StoryError(
      `no AWS credentials were found (${reasonOf(cause)}). Sign in, for example with "aws sso login" and AWS_PROFILE, until ` +
        '"aws sts get-caller-identity" shows the account',
      { cause },
    );
  }
  try {
    const { Account: callerAccount = "", Arn: callerArn = "" } = await client.send(
      new GetCallerIdentityCommand(),
      { abortSignal: signal },
    );
    return { callerAccount, callerArn, administrator };
  } catch (cause) {
    signal?.throwIfAborted();
    throw new StoryError(
      `STS at ${settings.endpoint} did not say whose these AWS credentials are: ${reasonOf(cause)}. Nothing was created. ` +
        'Try "aws sts get-caller-identity" in the same shell',
      { cause },
    );
  }
}

/** The message of an error on one line, with control characters as escapes. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text
    .trim()
    .replaceAll(/\s*\n\s*/g, " ")
    .replaceAll(
      /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
      (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
    );
}
