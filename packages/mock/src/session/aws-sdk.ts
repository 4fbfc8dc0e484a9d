import { parseArn, roleNameOf } from "../state/state.ts";
import { remember } from "../trust/bounded-cache.ts";
import { AwsPortError } from "./aws.ts";
import type { AssumedRole, AssumeRoleRequest, AwsPort, Role } from "./aws.ts";

/** The endpoints of STS and IAM. They have no default, so that the mock never reaches a real account by accident. */
export interface AwsSdkOptions {
  readonly stsEndpoint: string;
  readonly iamEndpoint: string;
  readonly region: string;
}

const CONNECT_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Names the mock in the `User-Agent` of its calls. LocalStack's hook knows by it which sessions came from here.
 */
const USER_AGENT = "ra-mock";

/** The clients of STS and IAM that act for an account. */
export type ClientsOf = (account: string) => Promise<Clients>;

/**
 * Makes clients of STS and IAM at the given endpoints, with the account id as the access key: LocalStack takes an account
 * from a key id of twelve digits.
 */
export function awsClients(options: AwsSdkOptions): ClientsOf {
  return remember((account) => createClients(options, account));
}

/** Calls STS and IAM with the AWS SDK, as the account of the role. */
export function awsSdkPort(clientsOf: ClientsOf): AwsPort {
  const clientsOfRole = (roleArn: string): Promise<Clients> => clientsOf(parseArn(roleArn)?.account ?? "");
  return {
    getRole: async (roleArn) => getRole(await clientsOfRole(roleArn), roleArn),
    assumeRole: async (request) => assumeRole(await clientsOfRole(request.roleArn), request),
  };
}

type Clients = Awaited<ReturnType<typeof createClients>>;

/** Loads the SDK with the first session, because the SDK takes longer to load than the rest of the mock. */
async function createClients(options: AwsSdkOptions, account: string) {
  const [{ IAMClient }, { STSClient }] = await Promise.all([
    import("@aws-sdk/client-iam"),
    import("@aws-sdk/client-sts"),
  ]);
  const shared = {
    region: options.region,
    credentials: { accessKeyId: account, secretAccessKey: "test" },
    maxAttempts: 2,
    customUserAgent: USER_AGENT,
    // The user's AWS config file must not set these: the SDK would then ignore the endpoints above.
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
  };
  return {
    iam: new IAMClient({ ...shared, endpoint: options.iamEndpoint }),
    sts: new STSClient({ ...shared, endpoint: options.stsEndpoint }),
  };
}

async function getRole({ iam }: Clients, roleArn: string): Promise<Role | undefined> {
  const { GetRoleCommand } = await import("@aws-sdk/client-iam");
  try {
    const { Role: role } = await iam.send(new GetRoleCommand({ RoleName: roleNameOf(roleArn) }));
    if (role?.Arn === undefined) return undefined;
    return {
      roleArn: role.Arn,
      // IAM percent-encodes policies in its responses (RFC 3986).
      trustPolicy: decodeURIComponent(role.AssumeRolePolicyDocument ?? ""),
      maxSessionDurationSeconds: role.MaxSessionDuration ?? 3600,
    };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw portError("IAM GetRole", error);
  }
}

async function assumeRole({ sts }: Clients, request: AssumeRoleRequest): Promise<AssumedRole> {
  const { managedPolicyArns } = request;
  const { AssumeRoleCommand } = await import("@aws-sdk/client-sts");
  try {
    const answer = await sts.send(
      new AssumeRoleCommand({
        RoleArn: request.roleArn,
        RoleSessionName: request.roleSessionName,
        DurationSeconds: request.durationSeconds,
        SourceIdentity: request.sourceIdentity,
        Tags: request.tags.map(({ key, value }) => ({ Key: key, Value: value })),
        Policy: request.sessionPolicy,
        PolicyArns: managedPolicyArns.length === 0 ? undefined : managedPolicyArns.map((arn) => ({ arn })),
      }),
    );
    const { AccessKeyId, SecretAccessKey, SessionToken } = answer.Credentials ?? {};
    if (AccessKeyId === undefined || SecretAccessKey === undefined || SessionToken === undefined) {
      throw new AwsPortError("unavailable", "STS AssumeRole answered without credentials");
    }
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      assumedRoleId: answer.AssumedRoleUser?.AssumedRoleId ?? "",
      packedPolicySize: answer.PackedPolicySize ?? 0,
    };
  } catch (error) {
    throw error instanceof AwsPortError ? error : portError("STS AssumeRole", error);
  }
}

/** Whether IAM says that there is no such thing. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Error && error.name === "NoSuchEntityException";
}

/** The error of a call to STS or IAM. */
export function portError(call: string, error: unknown): AwsPortError {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  // There is no status when there was no response.
  const status: unknown = Object(Object(error)["$metadata"])["httpStatusCode"];
  const kind = typeof status === "number" && status < 500 ? "refused" : "unavailable";
  return new AwsPortError(kind, `${call}: ${name}: ${message}`, { cause: error });
}
