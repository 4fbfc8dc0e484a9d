import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { z } from "zod";
import { ecKeys, makeAuthority, makeCertificate, send, signedRequest } from "@roles-anywhere/testing";
// The built file: it starts the supervisor beside it, which only exists there.
import { startSandbox } from "../../dist/index.js";
import type { Sandbox } from "../../dist/index.js";
import type { Credentials } from "./boto3.ts";

export const ACCOUNT = "000000000000";
export const REGION = "us-east-1";

/** A key of LocalStack's administrator. */
export const ADMINISTRATOR: Credentials = { accessKeyId: ACCOUNT, secretAccessKey: "test" };

const TRUST_POLICY = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { Service: "rolesanywhere.amazonaws.com" },
      Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
    },
  ],
};

/** A statement of a policy, without its version. */
export type Statement = Readonly<Record<string, unknown>>;

export function policyOf(...statements: readonly Statement[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

const credentialAnswer = z.object({
  credentialSet: z.tuple([
    z.object({
      credentials: z.object({
        accessKeyId: z.string(),
        secretAccessKey: z.string(),
        sessionToken: z.string(),
        expiration: z.string(),
      }),
    }),
  ]),
});

export interface RoleSpec {
  readonly name: string;
  /** Inline policy. @default none */
  readonly policy?: string | undefined;
  readonly attachedPolicyArns?: readonly string[] | undefined;
  readonly permissionsBoundary?: string | undefined;
  /** Of the profile. */
  readonly sessionPolicy?: string | undefined;
  /** Of the profile. */
  readonly managedPolicyArns?: readonly string[] | undefined;
}

/** A role that a certificate may assume, with its profile. */
export interface EnforcedRole {
  readonly roleArn: string;
  readonly profileId: string;
  /** Gets a session. @throws {Error} with the response of the mock, when it refuses */
  session(): Promise<Credentials>;
}

/** An emulated account that enforces its policies. */
export interface EnforcedAccount extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly trustAnchorId: string;
  readonly iam: IAMClient;
  readonly s3: S3Client;
  makeRole(spec: RoleSpec): Promise<EnforcedRole>;
  putRolePolicy(role: string, policy: string): Promise<void>;
  deleteRolePolicy(role: string): Promise<void>;
  /** A bucket with objects, which hold their own keys. */
  makeBucket(name: string, ...keys: readonly string[]): Promise<void>;
  /** Calls the mock's control plane, or its lab. */
  mock(method: string, path: string, body?: object): Promise<unknown>;
}

/** Starts a sandbox that enforces policies, with a trust anchor of its own. */
export async function startEnforcedAccount(
  options: Parameters<typeof startSandbox>[0] = {},
): Promise<EnforcedAccount> {
  const sandbox = await startSandbox({ backend: "process", enforceIam: true, ...options });
  const authority = makeAuthority({ keys: ecKeys() });
  const certificate = makeCertificate({ keys: ecKeys() }, authority);
  const shared = {
    endpoint: sandbox.endpointUrl,
    region: REGION,
    credentials: ADMINISTRATOR,
    maxAttempts: 1,
  };
  const [iam, s3] = [new IAMClient(shared), new S3Client({ ...shared, forcePathStyle: true })];
  const mock = (method: string, path: string, body?: object): Promise<unknown> =>
    callMock(sandbox, method, path, body);
  const source = {
    sourceType: "CERTIFICATE_BUNDLE",
    sourceData: { x509CertificateData: authority.certificatePem },
  };
  const { trustAnchor } = z
    .object({ trustAnchor: z.object({ trustAnchorArn: z.string(), trustAnchorId: z.string() }) })
    .parse(await mock("POST", "/trustanchors", { name: "anchor", source, enabled: true }));
  const putRolePolicy = async (role: string, policy: string): Promise<void> => {
    await iam.send(new PutRolePolicyCommand({ RoleName: role, PolicyName: "own", PolicyDocument: policy }));
  };

  return {
    sandbox,
    trustAnchorId: trustAnchor.trustAnchorId,
    iam,
    s3,
    mock,
    putRolePolicy,
    async deleteRolePolicy(role) {
      await iam.send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName: "own" }));
    },
    async makeRole(spec) {
      const roleArn = `arn:aws:iam::${ACCOUNT}:role/${spec.name}`;
      await iam.send(
        new CreateRoleCommand({
          RoleName: spec.name,
          AssumeRolePolicyDocument: JSON.stringify(TRUST_POLICY),
          PermissionsBoundary: spec.permissionsBoundary,
        }),
      );
      if (spec.policy !== undefined) await putRolePolicy(spec.name, spec.policy);
      for (const PolicyArn of spec.attachedPolicyArns ?? []) {
        await iam.send(new AttachRolePolicyCommand({ RoleName: spec.name, PolicyArn }));
      }
      const { sessionPolicy, managedPolicyArns } = spec;
      const { profile } = z
        .object({ profile: z.object({ profileArn: z.string(), profileId: z.string() }) })
        .parse(
          await mock("POST", "/profiles", {
            name: spec.name,
            roleArns: [roleArn],
            enabled: true,
            sessionPolicy,
            managedPolicyArns,
          }),
        );
      const { profileArn, profileId } = profile;
      const session = async (): Promise<Credentials> => {
        const body = JSON.stringify({ trustAnchorArn: trustAnchor.trustAnchorArn, profileArn, roleArn });
        const date = await mockTime(sandbox);
        const host = new URL(sandbox.rolesAnywhereEndpoint).host;
        const answer = await send(
          sandbox.rolesAnywhereEndpoint,
          signedRequest({ certificate, date, host, body }),
        );
        if (answer.status !== 201) throw new Error(`CreateSession: ${answer.status} ${answer.text}`);
        const { credentials } = credentialAnswer.parse(JSON.parse(answer.text)).credentialSet[0];
        const { expiration: _, ...keys } = credentials;
        return keys;
      };
      return { roleArn, profileId, session };
    },
    async makeBucket(name, ...keys) {
      await s3.send(new CreateBucketCommand({ Bucket: name }));
      for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: name, Key, Body: Key }));
    },
    [Symbol.asyncDispose]: () => sandbox.stop(),
  };
}

async function mockTime({ rolesAnywhereEndpoint }: Sandbox): Promise<Date> {
  const answer = await fetch(`${rolesAnywhereEndpoint}/_mock/clock`);
  return new Date(z.object({ now: z.string() }).parse(await answer.json()).now);
}

/** Without access keys the mock takes any signature of the control plane. */
async function callMock(sandbox: Sandbox, method: string, path: string, body?: object): Promise<unknown> {
  const scope = `${ACCOUNT}/20260101/${REGION}/rolesanywhere/aws4_request`;
  const answer = await fetch(`${sandbox.rolesAnywhereEndpoint}${path}`, {
    method,
    headers: {
      "content-type": "application/json",
      "x-amz-date": "20260101T000000Z",
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=00`,
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}
