import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromRolesAnywhere } from "@roles-anywhere/signer";
import type { RolesAnywhereProvider } from "@roles-anywhere/signer";
import type { MockClient } from "@roles-anywhere/mock/testing";
import { administratorKey } from "../environments.ts";
import type { Sandbox } from "../sandbox.ts";
import type { TestCa, TestCertificate } from "./test-ca.ts";

/** A server to register. */
export interface ServerOptions {
  /** Of its certificate, and the only one that its role trusts. */
  readonly commonName: string;
  /** What its role allows, as an object or JSON text. @default nothing */
  readonly policy?: object | string | undefined;
  /** The profile's session policy, as an object or JSON text. @default none */
  readonly sessionPolicy?: object | string | undefined;
  /** 900 to 43200. @default 3600 */
  readonly durationSeconds?: number | undefined;
  /** Issued the certificate. @default the CA of the sandbox */
  readonly ca?: TestCa | undefined;
  /** @default a new one of the CA with the common name */
  readonly certificate?: TestCertificate | undefined;
}

/** A server with all that it needs to get sessions. */
export interface RegisteredServer {
  readonly trustAnchorArn: string;
  readonly profileArn: string;
  readonly roleArn: string;
  /** Files in a folder of the sandbox, the key 0600. */
  readonly certificatePath: string;
  readonly privateKeyPath: string;
  /** Gets sessions from the mock. It goes by the mock's clock. */
  readonly credentials: RolesAnywhereProvider;
  /** For clients of the AWS SDK: `new S3Client({ ...server.clientConfig, forcePathStyle: true })`. */
  readonly clientConfig: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: RolesAnywhereProvider;
  };
}

/** Creates a role in LocalStack's IAM, a profile in the mock, and the files of a server. */
export async function registerServer(
  sandbox: Sandbox,
  mock: MockClient,
  trustAnchorArn: string,
  ca: TestCa,
  options: ServerOptions,
): Promise<RegisteredServer> {
  const { commonName, policy, sessionPolicy, durationSeconds } = options;
  const certificate = options.certificate ?? (await ca.issue({ commonName }));
  const roleArn = await createRole(sandbox, trustAnchorArn, commonName, policy);
  const profileArn = await mock.createProfile({
    roleArns: [roleArn],
    ...(sessionPolicy === undefined ? {} : { sessionPolicy: toText(sessionPolicy) }),
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
  });
  const folder = await makeFolder(sandbox);
  const [certificatePath, privateKeyPath] = [join(folder, "server.pem"), join(folder, "server.key")];
  await writeFile(certificatePath, certificate.certificatePem);
  await writeFile(privateKeyPath, certificate.privateKeyPem, { mode: 0o600 });
  const credentials = fromRolesAnywhere({
    ...{ certificate: certificatePath, privateKey: privateKeyPath, trustAnchorArn, profileArn, roleArn },
    // Nothing else of the caller's environment may lead it to a real account.
    environment: sandbox.environments.server,
    now: () => mock.clock.now(),
  });
  const { endpointUrl: endpoint, region } = sandbox;
  const arns = { trustAnchorArn, profileArn, roleArn };
  return {
    ...arns,
    certificatePath,
    privateKeyPath,
    credentials,
    clientConfig: { endpoint, region, credentials },
  };
}

async function createRole(
  { endpointUrl, region, accountId }: Sandbox,
  trustAnchorArn: string,
  commonName: string,
  policy: object | string | undefined,
): Promise<string> {
  const { CreateRoleCommand, IAMClient, PutRolePolicyCommand } = await import("@aws-sdk/client-iam");
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } =
    administratorKey(accountId);
  const iam = new IAMClient({ endpoint: endpointUrl, region, credentials: { accessKeyId, secretAccessKey } });
  const trust = {
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { Service: "rolesanywhere.amazonaws.com" },
      Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
      Condition: {
        ArnEquals: { "aws:SourceArn": trustAnchorArn },
        StringEquals: { "aws:PrincipalTag/x509Subject/CN": commonName },
      },
    },
  };
  const RoleName = `server-${crypto.randomUUID()}`;
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: JSON.stringify(trust),
      MaxSessionDuration: 43_200,
    }),
  );
  if (policy !== undefined) {
    const PolicyDocument = toText(policy);
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "server", PolicyDocument }));
  }
  return Role?.Arn ?? "";
}

/** A folder that only this user may read. */
async function makeFolder({ workDirectory }: Sandbox): Promise<string> {
  const servers = join(workDirectory, "servers");
  await mkdir(servers, { recursive: true, mode: 0o700 });
  return await mkdtemp(join(servers, "server-"));
}

function toText(policy: object | string): string {
  return typeof policy === "string" ? policy : JSON.stringify(policy);
}
