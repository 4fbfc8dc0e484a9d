import { randomUUID } from "node:crypto";
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  UpdateStackCommand,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
  waitUntilStackUpdateComplete,
} from "@aws-sdk/client-cloudformation";
import { CreatePolicyCommand, CreatePolicyVersionCommand } from "@aws-sdk/client-iam";
import {
  DeleteBucketPolicyCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findPython } from "@roles-anywhere/testing";
import { startBoto3 } from "../support/boto3.ts";
import type { Boto3, Credentials } from "../support/boto3.ts";
import { callSdk } from "../support/call-sdk.ts";
import {
  ACCOUNT,
  ADMINISTRATOR,
  policyOf,
  REGION,
  startEnforcedAccount,
} from "../support/enforced-account.ts";
import type { EnforcedAccount, EnforcedRole } from "../support/enforced-account.ts";

const found = findPython(["localstack.runtime", "boto3"]);
const Bucket = "reports";
const BUCKET_ARN = `arn:aws:s3:::${Bucket}`;

const READ = policyOf({
  Effect: "Allow",
  Action: ["s3:GetObject", "s3:ListBucket"],
  Resource: [BUCKET_ARN, `${BUCKET_ARN}/*`],
});
const EVERYTHING = policyOf({ Effect: "Allow", Action: "*", Resource: "*" });

interface Lab {
  readonly account: EnforcedAccount;
  readonly boto3: Boto3;
  readonly reader: EnforcedRole;
  readonly administrator: EnforcedRole;
}

async function startLab(options: { secureTransport?: boolean } = {}): Promise<Lab> {
  const account = await startEnforcedAccount(options);
  const boto3 = startBoto3("python" in found ? found.python : "", account.sandbox.endpointUrl);
  await account.makeBucket(Bucket, "a.txt", "b.txt", "secret/c.txt");
  const reader = await account.makeRole({ name: "reader", policy: READ });
  const administrator = await account.makeRole({ name: "everything", policy: EVERYTHING });
  return { account, boto3, reader, administrator };
}

async function stopLab(lab: Lab | undefined): Promise<void> {
  await lab?.boto3[Symbol.asyncDispose]();
  await lab?.account.sandbox.stop();
}

const allowed = { status: 200, code: null };
const denied = { status: 403, code: "AccessDenied" };

describe.skipIf("missing" in found)("a sandbox that enforces policies", () => {
  let lab: Lab;
  beforeAll(async () => void (lab = await startLab()));
  afterAll(() => stopLab(lab));
  afterEach(() => lab.account.mock("DELETE", "/_mock/clock"));

  const clients = ["boto3", "the AWS SDK for JavaScript"] as const;
  /** One S3 call through one of the two clients. */
  const call = (
    client: (typeof clients)[number],
    operation: string,
    parameters: object,
    credentials: Credentials,
    service = "s3",
  ) => {
    const made = { service, operation, parameters, credentials };
    return client === "boto3" ? lab.boto3.call(made) : callSdk(lab.account.sandbox.endpointUrl, made);
  };
  const get = (client: (typeof clients)[number], credentials: Credentials, Key = "a.txt") =>
    call(client, "GetObject", { Bucket, Key }, credentials);

  describe.each(clients)("to %s", (client) => {
    it("allows what the role may do", async () => {
      const session = await lab.reader.session();
      expect(await get(client, session)).toMatchObject(allowed);
      expect(await call(client, "ListObjectsV2", { Bucket }, session)).toMatchObject(allowed);
    });

    it("refuses what no policy allows, and says which type of policy is missing", async () => {
      const session = await lab.reader.session();
      expect(await call(client, "PutObject", { Bucket, Key: "a.txt", Body: "x" }, session)).toMatchObject({
        ...denied,
        message: expect.stringMatching(
          /^User: arn:aws:sts::\d{12}:assumed-role\/reader\/\w+ is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::reports\/a\.txt" because no identity-based policy allows the s3:PutObject action$/,
        ),
      });
    });

    it("refuses what the bucket policy denies, whatever the role may do", async () => {
      const session = await lab.administrator.session();
      const deny = {
        Effect: "Deny",
        Principal: "*",
        Action: "s3:GetObject",
        Resource: `${BUCKET_ARN}/secret/*`,
      };
      await lab.account.s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policyOf(deny) }));
      expect(await get(client, session, "secret/c.txt")).toMatchObject({
        ...denied,
        message: expect.stringContaining("with an explicit deny in a resource-based policy"),
      });
      expect(await get(client, session)).toMatchObject(allowed);
      await lab.account.s3.send(new DeleteBucketPolicyCommand({ Bucket }));
      expect(await get(client, session, "secret/c.txt")).toMatchObject(allowed);
    });

    it("allows what the bucket policy grants to the role, which has no policy of its own", async () => {
      const name = `empty-${randomUUID().slice(0, 8)}`;
      const role = await lab.account.makeRole({ name });
      const session = await role.session();
      expect(await get(client, session)).toMatchObject(denied);
      const grant = {
        Effect: "Allow",
        Principal: { AWS: role.roleArn },
        Action: "s3:GetObject",
        Resource: `${BUCKET_ARN}/*`,
      };
      await lab.account.s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policyOf(grant) }));
      expect(await get(client, session)).toMatchObject(allowed);
      await lab.account.s3.send(new DeleteBucketPolicyCommand({ Bucket }));
    });

    it("takes no more from a role than the profile's session policy leaves", async () => {
      const sessionPolicy = policyOf({
        Effect: "Allow",
        Action: "s3:GetObject",
        Resource: `${BUCKET_ARN}/a.txt`,
      });
      const name = `narrow-${randomUUID().slice(0, 8)}`;
      const role = await lab.account.makeRole({ name, policy: EVERYTHING, sessionPolicy });
      const session = await role.session();
      expect(await get(client, session)).toMatchObject(allowed);
      expect(await get(client, session, "b.txt")).toMatchObject({
        ...denied,
        message: expect.stringContaining("no session policy allows"),
      });
    });

    it("takes managed session policies, and AWS's own", async () => {
      const managedPolicyArns = ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"];
      const name = `managed-${randomUUID().slice(0, 8)}`;
      const role = await lab.account.makeRole({
        name,
        attachedPolicyArns: ["arn:aws:iam::aws:policy/AmazonS3FullAccess"],
        managedPolicyArns,
      });
      const session = await role.session();
      expect(await get(client, session)).toMatchObject(allowed);
      expect(await call(client, "DeleteObject", { Bucket, Key: "none" }, session)).toMatchObject(denied);
    });

    it("takes no more from a role than its permissions boundary leaves", async () => {
      const name = `bounded-${randomUUID().slice(0, 8)}`;
      const created = await lab.account.iam.send(
        new CreatePolicyCommand({ PolicyName: name, PolicyDocument: READ }),
      );
      const role = await lab.account.makeRole({
        name,
        policy: EVERYTHING,
        permissionsBoundary: created.Policy?.Arn,
      });
      const session = await role.session();
      expect(await get(client, session)).toMatchObject(allowed);
      const refused = await call(client, "DeleteObject", { Bucket, Key: "none" }, session);
      expect(refused).toMatchObject({
        ...denied,
        message: expect.stringContaining("no permissions boundary allows"),
      });
    });

    it.each([
      ["s3", "GetObject", { Bucket, Key: "a.txt" }, 400, "ExpiredToken"],
      ["sts", "GetCallerIdentity", {}, 403, "ExpiredToken"],
      ["iam", "ListRoles", {}, 403, "ExpiredToken"],
    ])(
      "says that a session has expired, by the mock's clock: %s %s",
      async (service, operation, parameters, status, code) => {
        const session = await lab.administrator.session();
        expect((await call(client, operation, parameters, session, service)).code).toBeNull();
        await lab.account.mock("PUT", "/_mock/clock", { advanceSeconds: 3601 });
        const answer = await call(client, operation, parameters, session, service);
        expect(answer).toMatchObject({ status, code });
      },
    );

    it.each<
      [
        title: string,
        change: (keys: Credentials) => Credentials,
        service: string,
        operation: string,
        status: number,
        code: string,
      ]
    >([
      ["a key that nobody has", unknownKey, "s3", "ListBuckets", 403, "InvalidAccessKeyId"],
      ["a key that nobody has", unknownKey, "sts", "GetCallerIdentity", 403, "InvalidClientTokenId"],
      ["a wrong secret", wrongSecret, "s3", "ListBuckets", 403, "SignatureDoesNotMatch"],
      ["a wrong secret", wrongSecret, "iam", "ListRoles", 403, "SignatureDoesNotMatch"],
      ["a wrong token", wrongToken, "s3", "ListBuckets", 400, "InvalidToken"],
      ["a wrong token", wrongToken, "sts", "GetCallerIdentity", 403, "InvalidClientTokenId"],
      ["no token", noToken, "s3", "ListBuckets", 403, "InvalidAccessKeyId"],
    ])("refuses %s: %s %s", async (_, change, service, operation, status, code) => {
      const session = change(await lab.administrator.session());
      expect(await call(client, operation, {}, session, service)).toMatchObject({ status, code });
    });

    it("lets the administrator do everything", async () => {
      const parameters = { Bucket, Key: "by-administrator", Body: "x" };
      expect(await call(client, "PutObject", parameters, ADMINISTRATOR)).toMatchObject(allowed);
      expect(await call(client, "ListRoles", {}, ADMINISTRATOR, "iam")).toMatchObject(allowed);
    });
  });

  it.each([
    ["ssm", "GetParameter", { Name: "x" }, "AccessDeniedException", (keys: Credentials) => keys],
    ["ssm", "GetParameter", { Name: "x" }, "UnrecognizedClientException", unknownKey],
    ["ssm", "GetParameter", { Name: "x" }, "InvalidSignatureException", wrongSecret],
  ])(
    "writes errors of %s %s in JSON, as the service does: %o %s",
    async (service, operation, parameters, code, change) => {
      const credentials = change(await lab.reader.session());
      expect(await lab.boto3.call({ service, operation, parameters, credentials })).toMatchObject({
        status: 400,
        code,
      });
    },
  );

  describe("with presigned URLs", () => {
    const presign = async (credentials: Credentials, more: { expiresIn: number; signingDate?: Date }) => {
      const client = new S3Client({
        endpoint: lab.account.sandbox.endpointUrl,
        region: REGION,
        credentials,
        forcePathStyle: true,
      });
      return await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: "a.txt" }), more);
    };
    const fetched = async (url: string, init: RequestInit = {}) => {
      const answer = await fetch(url, init);
      return { status: answer.status, text: await answer.text() };
    };
    const refused = (status: number, code: string) => ({
      status,
      text: expect.stringContaining(`<Code>${code}</Code>`),
    });

    it("serves one that boto3 made, and one that the AWS SDK for JavaScript made", async () => {
      const credentials = await lab.reader.session();
      const parameters = { Bucket, Key: "a.txt" };
      const { url } = await lab.boto3.call({
        service: "s3",
        operation: "presign:GetObject",
        parameters,
        credentials,
      });
      expect(await fetched(String(url))).toEqual({ status: 200, text: "a.txt" });
      expect(await fetched(await presign(credentials, { expiresIn: 60 }))).toEqual({
        status: 200,
        text: "a.txt",
      });
    });

    it.each<[title: string, tamper: (url: string) => string, status: number, code: string]>([
      ["another object", (url) => url.replace("a.txt", "b.txt"), 403, "SignatureDoesNotMatch"],
      [
        "a longer life",
        (url) => url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"),
        403,
        "SignatureDoesNotMatch",
      ],
      ["another signature", (url) => url.replace(/(Signature=)../, "$100"), 403, "SignatureDoesNotMatch"],
      ["another token", (url) => url.replace(/(Security-Token=)../, "$1xx"), 400, "InvalidToken"],
      ["one more parameter", (url) => `${url}&versionId=1`, 403, "SignatureDoesNotMatch"],
    ])("refuses one that was changed to have %s", async (_, tamper, status, code) => {
      const url = await presign(await lab.reader.session(), { expiresIn: 60 });
      const changed = tamper(url);
      expect(changed).not.toBe(url);
      expect(await fetched(changed)).toEqual(refused(status, code));
    });

    it("refuses one for GET that is sent as PUT, before anything is written", async () => {
      const url = await presign(await lab.administrator.session(), { expiresIn: 60 });
      expect(await fetched(url, { method: "PUT", body: "changed" })).toEqual(
        refused(403, "SignatureDoesNotMatch"),
      );
      expect(await fetched(url)).toEqual({ status: 200, text: "a.txt" });
    });

    it("refuses one that is too old, and one whose session has ended", async () => {
      const session = await lab.reader.session();
      const signingDate = new Date(Date.now() - 120_000);
      expect(await fetched(await presign(session, { expiresIn: 60, signingDate }))).toEqual(
        refused(403, "AccessDenied"),
      );
      const url = await presign(session, { expiresIn: 6000 });
      expect(await fetched(url)).toMatchObject({ status: 200 });
      await lab.account.mock("PUT", "/_mock/clock", { advanceSeconds: 3601 });
      expect(await fetched(url)).toEqual(refused(400, "ExpiredToken"));
    });

    it("looks at the policies when it is used, not when it was made", async () => {
      const name = `later-${randomUUID().slice(0, 8)}`;
      const role = await lab.account.makeRole({ name, policy: READ });
      const url = await presign(await role.session(), { expiresIn: 600 });
      expect(await fetched(url)).toMatchObject({ status: 200 });
      await lab.account.deleteRolePolicy(name);
      expect(await fetched(url)).toEqual(refused(403, "AccessDenied"));
    });
  });

  it("covers the body of a request", async () => {
    const credentials = await lab.administrator.session();
    const client = new S3Client({
      endpoint: lab.account.sandbox.endpointUrl,
      region: REGION,
      credentials,
      forcePathStyle: true,
      maxAttempts: 1,
      requestChecksumCalculation: "WHEN_REQUIRED",
    });
    client.middlewareStack.add(
      (next) => (made) => {
        const { request } = made;
        if (typeof request === "object" && request !== null) Object.assign(request, { body: "tampered" });
        return next(made);
      },
      // After the signature was made.
      { step: "deserialize", priority: "low" },
    );
    const put = client.send(new PutObjectCommand({ Bucket, Key: "body", Body: "original" }));
    await expect(put).rejects.toMatchObject({ name: "XAmzContentSHA256Mismatch" });
  });

  describe("after a policy has changed", () => {
    it("sees it in the next request, whatever runs at the same time", async () => {
      const name = `changing-${randomUUID().slice(0, 8)}`;
      const role = await lab.account.makeRole({ name, policy: READ });
      const session = await role.session();
      const ask = async (): Promise<number> =>
        (
          await callSdk(lab.account.sandbox.endpointUrl, {
            service: "s3",
            operation: "GetObject",
            parameters: { Bucket, Key: "a.txt" },
            credentials: session,
          })
        ).status;
      const over = new AbortController();
      const others = [1, 2].map(async () => {
        while (!over.signal.aborted) await ask();
      });
      for (let round = 0; round < 40; round += 1) {
        if (round % 2 === 0) await lab.account.deleteRolePolicy(name);
        else await lab.account.putRolePolicy(name, READ);
        const expected = round % 2 === 0 ? 403 : 200;
        expect(await Promise.all([ask(), ask(), ask()])).toEqual([expected, expected, expected]);
      }
      over.abort();
      await Promise.all(others);
    });

    it("sees a new version of a managed policy", async () => {
      const name = `versions-${randomUUID().slice(0, 8)}`;
      const created = await lab.account.iam.send(
        new CreatePolicyCommand({ PolicyName: name, PolicyDocument: READ }),
      );
      const PolicyArn = String(created.Policy?.Arn);
      const role = await lab.account.makeRole({ name, attachedPolicyArns: [PolicyArn] });
      const session = await role.session();
      expect(await get("boto3", session)).toMatchObject(allowed);
      const PolicyDocument = policyOf({ Effect: "Allow", Action: "s3:ListBucket", Resource: BUCKET_ARN });
      await lab.account.iam.send(
        new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault: true }),
      );
      expect(await get("boto3", session)).toMatchObject(denied);
    });

    it("sees what CloudFormation changes", async () => {
      const cloudformation = new CloudFormationClient({
        endpoint: lab.account.sandbox.endpointUrl,
        region: REGION,
        credentials: ADMINISTRATOR,
      });
      const name = `stack-${randomUUID().slice(0, 8)}`;
      const role = await lab.account.makeRole({ name });
      const session = await role.session();
      const template = (Action: string): string =>
        JSON.stringify({
          Resources: {
            Policy: {
              Type: "AWS::IAM::Policy",
              Properties: {
                PolicyName: "stack",
                Roles: [name],
                PolicyDocument: JSON.parse(policyOf({ Effect: "Allow", Action, Resource: "*" })),
              },
            },
          },
        });
      const wait = { client: cloudformation, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };
      const stack = { StackName: name, Capabilities: ["CAPABILITY_IAM" as const] };
      expect(await get("boto3", session)).toMatchObject(denied);
      await cloudformation.send(new CreateStackCommand({ ...stack, TemplateBody: template("s3:GetObject") }));
      await waitUntilStackCreateComplete(wait, { StackName: name });
      expect(await get("boto3", session)).toMatchObject(allowed);
      await cloudformation.send(
        new UpdateStackCommand({ ...stack, TemplateBody: template("s3:ListBucket") }),
      );
      await waitUntilStackUpdateComplete(wait, { StackName: name });
      expect(await get("boto3", session)).toMatchObject(denied);
      expect(await call("boto3", "ListObjectsV2", { Bucket }, session)).toMatchObject(allowed);
      await cloudformation.send(new DeleteStackCommand({ StackName: name }));
      await waitUntilStackDeleteComplete(wait, { StackName: name });
      expect(await call("boto3", "ListObjectsV2", { Bucket }, session)).toMatchObject(denied);
    });
  });

  it("cuts off live sessions by a policy on their time of issue, and no later ones", async () => {
    const name = `breakglass-${randomUUID().slice(0, 8)}`;
    const role = await lab.account.makeRole({ name, policy: READ });
    const live = await role.session();
    expect(await get("boto3", live)).toMatchObject(allowed);
    const cutOff = new Date(Date.now() + 30_000).toISOString();
    await lab.account.putRolePolicy(
      name,
      policyOf(...JSON.parse(READ).Statement, {
        Effect: "Deny",
        Action: "*",
        Resource: "*",
        Condition: { DateLessThan: { "aws:TokenIssueTime": cutOff } },
      }),
    );
    expect(await get("boto3", live)).toMatchObject({
      ...denied,
      message: expect.stringContaining("with an explicit deny in an identity-based policy"),
    });
    await lab.account.mock("PUT", "/_mock/clock", { advanceSeconds: 60 });
    expect(await get("boto3", await role.session())).toMatchObject(allowed);
    expect(await get("boto3", live)).toMatchObject(denied);
  });

  it("refuses new sessions, and no live ones, when the trust anchor is disabled", async () => {
    const live = await lab.reader.session();
    await lab.account.mock("POST", `/trustanchor/${lab.account.trustAnchorId}/disable`);
    await expect(lab.reader.session()).rejects.toThrow("Trust anchor is disabled");
    expect(await get("boto3", live)).toMatchObject(allowed);
    await lab.account.mock("POST", `/trustanchor/${lab.account.trustAnchorId}/enable`);
    await expect(lab.reader.session()).resolves.toBeDefined();
  });

  it("keeps the sessions of LocalStack's own STS working, which the mock did not grant", async () => {
    const sts = new STSClient({
      endpoint: lab.account.sandbox.endpointUrl,
      region: REGION,
      credentials: ADMINISTRATOR,
    });
    const { Credentials: keys } = await sts.send(
      new AssumeRoleCommand({ RoleArn: lab.reader.roleArn, RoleSessionName: "own" }),
    );
    const credentials = {
      accessKeyId: String(keys?.AccessKeyId),
      secretAccessKey: String(keys?.SecretAccessKey),
      sessionToken: String(keys?.SessionToken),
    };
    expect(await call("boto3", "ListBuckets", {}, credentials)).toMatchObject(allowed);
  });

  it("records each decision with the statement that decided", async () => {
    const session = await lab.reader.session();
    await get("boto3", session);
    await call("boto3", "DeleteObject", { Bucket, Key: "a.txt" }, session);
    const { Records } = Object(await lab.account.mock("GET", "/_mock/audit/access?limit=2"));
    expect(Records).toMatchObject([
      {
        eventName: "DeleteObject",
        errorCode: "AccessDenied",
        _mock: {
          verdict: "refused",
          status: 403,
          reason: "POLICY_DENIED",
          permissions: [{ effect: "ImplicitDeny" }],
        },
      },
      {
        eventSource: "s3.amazonaws.com",
        eventName: "GetObject",
        userIdentity: { type: "AssumedRole", accessKeyId: session.accessKeyId },
        requestParameters: { bucketName: Bucket, key: "a.txt" },
        recipientAccountId: ACCOUNT,
        _mock: {
          verdict: "allowed",
          permissions: [
            {
              action: "s3:GetObject",
              resource: `${BUCKET_ARN}/a.txt`,
              effect: "Allow",
              policyName: "own",
              policyType: "identity",
              statement: 0,
            },
          ],
        },
      },
    ]);
    expect(JSON.stringify(Records)).not.toContain(session.secretAccessKey);
    expect(JSON.stringify(Records)).not.toContain(session.sessionToken);
  });
});

describe.skipIf("missing" in found)("a bucket policy that wants TLS", () => {
  const tlsOnly = policyOf({
    Effect: "Deny",
    Principal: "*",
    Action: "s3:*",
    Resource: [BUCKET_ARN, `${BUCKET_ARN}/*`],
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  });

  it.each([
    { secureTransport: true, expected: allowed },
    { secureTransport: false, expected: denied },
  ])("with secureTransport $secureTransport: $expected.status", async ({ secureTransport, expected }) => {
    const lab = await startLab({ secureTransport });
    try {
      await lab.account.s3.send(new PutBucketPolicyCommand({ Bucket, Policy: tlsOnly }));
      const credentials = await lab.reader.session();
      const parameters = { Bucket, Key: "a.txt" };
      expect(
        await lab.boto3.call({ service: "s3", operation: "GetObject", parameters, credentials }),
      ).toMatchObject(expected);
    } finally {
      await stopLab(lab);
    }
  });
});

function unknownKey(keys: Credentials): Credentials {
  return { ...keys, accessKeyId: "ASIAQAAAAAAAZZZZZZZZ" };
}

function wrongSecret(keys: Credentials): Credentials {
  return { ...keys, secretAccessKey: "not the secret" };
}

function wrongToken(keys: Credentials): Credentials {
  return { ...keys, sessionToken: "not the token" };
}

function noToken({ accessKeyId, secretAccessKey }: Credentials): Credentials {
  return { accessKeyId, secretAccessKey };
}
