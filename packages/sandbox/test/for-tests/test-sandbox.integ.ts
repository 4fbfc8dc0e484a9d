import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { mockClient } from "@roles-anywhere/mock/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createTestCa, startTestSandbox } from "@roles-anywhere/sandbox/testing";
import type { TestSandbox } from "@roles-anywhere/sandbox/testing";

const DAY_SECONDS = 86_400;
const POLICY = {
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::reports/*" },
};

describe("a sandbox for tests", () => {
  let sandbox: TestSandbox;

  beforeAll(async () => {
    const cacheDirectory =
      process.env["RA_CACHE_DIR"] ?? fileURLToPath(new URL("../../../../.cache", import.meta.url));
    sandbox = await startTestSandbox({ backend: "process", cacheDirectory });
  });
  afterEach(() => sandbox.clock.reset());
  afterAll(() => sandbox?.stop());

  it("registers a server whose certificate gets a session of its role", async () => {
    const server = await sandbox.registerServer({
      commonName: "server-a",
      policy: POLICY,
      durationSeconds: 900,
    });
    const { accountId, expiration } = await server.credentials();
    expect(accountId).toBe(sandbox.accountId);
    const lifeSeconds = (expiration.getTime() - Date.now()) / 1000;
    expect(lifeSeconds).toBeGreaterThan(0);
    expect(lifeSeconds).toBeLessThanOrEqual(900);
    const [call] = await sandbox.audit(1);
    expect(call).toMatchObject({
      requestParameters: {
        trustAnchorArn: server.trustAnchorArn,
        profileArn: server.profileArn,
        roleArn: server.roleArn,
      },
      _mock: { verdict: "granted", certificate: { subject: "CN=server-a" } },
    });
    expect(statSync(server.privateKeyPath).mode & 0o777).toBe(0o600);
  });

  it("gives clients of the AWS SDK the server's session", async () => {
    const { GetCallerIdentityCommand, STSClient } = await import("@aws-sdk/client-sts");
    const { clientConfig, roleArn } = await sandbox.registerServer({ commonName: "server-b" });
    const { Arn } = await new STSClient(clientConfig).send(new GetCallerIdentityCommand({}));
    expect(Arn).toContain(`:assumed-role/${roleArn.split("/").at(-1)}/`);
  });

  it("puts the policies where they belong", async () => {
    const { GetRolePolicyCommand, IAMClient } = await import("@aws-sdk/client-iam");
    const sessionPolicy = { ...POLICY, Id: "session" };
    const server = await sandbox.registerServer({ commonName: "server-c", policy: POLICY, sessionPolicy });
    const { endpointUrl: endpoint, region, accountId } = sandbox;
    const iam = new IAMClient({
      endpoint,
      region,
      credentials: { accessKeyId: accountId, secretAccessKey: "test" },
    });
    const RoleName = server.roleArn.split("/").at(-1);
    const { PolicyDocument = "" } = await iam.send(
      new GetRolePolicyCommand({ RoleName, PolicyName: "server" }),
    );
    expect(JSON.parse(decodeURIComponent(PolicyDocument))).toEqual(POLICY);
  });

  it("refuses a server with the certificate of another one, of another CA, and one that has expired", async () => {
    const reasonFor = async (
      options: Parameters<TestSandbox["registerServer"]>[0],
    ): Promise<string | undefined> => {
      const server = await sandbox.registerServer(options);
      await expect(server.credentials()).rejects.toThrow("AccessDeniedException");
      return (await sandbox.audit(1))[0]?._mock.reason;
    };
    const [commonName, other] = ["server-d", await createTestCa("Other")];
    const certificate = await sandbox.ca.issue({ commonName: "server-e" });
    expect(await reasonFor({ commonName, certificate })).toBe("TRUST_POLICY_DENIED");
    expect(await reasonFor({ commonName, certificate: await other.issue({ commonName }) })).toBe(
      "CHAIN_UNTRUSTED",
    );
    const granted = await sandbox.registerServer({ commonName, ca: other });
    await granted.credentials();
    expect((await sandbox.audit(1))[0]?._mock.verdict).toBe("granted");
  });

  it("advances the clock of the mock and of its servers", async () => {
    const server = await sandbox.registerServer({ commonName: "server-f" });
    const first = await server.credentials();
    await sandbox.clock.advance(DAY_SECONDS);
    const next = await server.credentials();
    expect(next.expiration.getTime() - first.expiration.getTime()).toBeGreaterThanOrEqual(DAY_SECONDS * 1000);
    await sandbox.clock.advance(400 * DAY_SECONDS);
    await expect(server.credentials()).rejects.toThrow("expired");
    await sandbox.clock.set(new Date("2040-01-02T03:04:05Z"));
    expect(sandbox.clock.now().toISOString()).toMatch(/^2040-01-02T03:04/u);
  });
});

describe("a client of a mock that is not there", () => {
  it("says so, with the address", async () => {
    const mock = mockClient({ url: "http://127.0.0.1:9", region: "us-east-1" });
    await expect(mock.audit()).rejects.toMatchObject({
      code: "ERR_MOCK_NOT_RUNNING",
      message: "GET /_mock/audit at http://127.0.0.1:9 has no answer; start the mock",
    });
  });
});
