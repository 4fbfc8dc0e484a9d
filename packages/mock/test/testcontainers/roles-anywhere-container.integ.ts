import { execFileSync } from "node:child_process";
import { GenericContainer, Wait } from "testcontainers";
import { describe, expect, it } from "vitest";
import { makeAuthority, makeCertificate, send, signedRequest } from "@roles-anywhere/testing";
import type { WireAnswer } from "@roles-anywhere/testing";
import { RolesAnywhereContainer } from "../../src/testcontainers/index.ts";
import type { StartedRolesAnywhereContainer } from "../../src/testcontainers/index.ts";

const NODE_IMAGE = process.env["NODE_IMAGE"] ?? "node:24-slim";
const LOCALSTACK_IMAGE = process.env["LOCALSTACK_IMAGE"] ?? "localstack/localstack:4.14.0";

const validity = { notBefore: new Date("2020-01-01T00:00:00Z"), notAfter: new Date("2049-01-01T00:00:00Z") };

describe.skipIf(!hasImage(NODE_IMAGE))("RolesAnywhereContainer", { timeout: 180_000 }, () => {
  const root = makeAuthority(validity);
  const roleArn = "arn:aws:iam::000000000000:role/reader";

  function createSession(mock: StartedRolesAnywhereContainer): Promise<WireAnswer> {
    const trustAnchorArn = mock.getTrustAnchorArn();
    const body = JSON.stringify({ trustAnchorArn, profileArn: mock.getProfileArn(), roleArn });
    const certificate = makeCertificate(validity, root);
    return send(mock.getEndpoint(), signedRequest({ certificate, date: new Date(), body }));
  }

  it("starts with trust anchor and profile, and answers CreateSession", async () => {
    await using mock = await new RolesAnywhereContainer(NODE_IMAGE)
      .withStsEndpoint("http://127.0.0.1:1")
      .withTrustAnchor(root.certificatePem)
      .withProfile({ roleArns: [roleArn], durationSeconds: 900 })
      .withExplain()
      .start();
    expect(mock.getTrustAnchorArn()).toMatch(/^arn:aws:rolesanywhere:us-east-1:000000000000:trust-anchor\//);
    expect(mock.getProfileArn()).toMatch(/^arn:aws:rolesanywhere:us-east-1:000000000000:profile\//);
    const answer = await createSession(mock);
    // Trusted all the way to STS, which is not there.
    expect(answer.status).toBe(503);
    // Typed: the record's members need no cast.
    const [record] = await mock.getAudit(1);
    expect(record?._mock.reason).toBe("STS_UNAVAILABLE");
    expect(record?.eventName).toBe("CreateSession");
  });

  it("publishes its port on loopback only, unless told where", async () => {
    const published = (id: string): string =>
      execFileSync("docker", ["port", id, "9912/tcp"], { encoding: "utf8" }).trim();
    const container = (): RolesAnywhereContainer =>
      new RolesAnywhereContainer(NODE_IMAGE).withStsEndpoint("http://127.0.0.1:1");
    await using mock = await container().start();
    // Where tests run in a container themselves, testcontainers reaches Docker at the address of its bridge.
    const host = mock.getHost() === "localhost" ? "127.0.0.1" : mock.getHost();
    expect(published(mock.getId())).toBe(`${host}:${mock.getMappedPort(9912)}`);
    expect(mock.getEndpoint()).toBe(`http://${published(mock.getId())}`);
    await using open = await container().withPublishAddress("0.0.0.0").start();
    expect(published(open.getId())).toMatch(/^0\.0\.0\.0:\d+$/);
  });

  it("answers to the names that it was told, and to no other", async () => {
    await using mock = await new RolesAnywhereContainer(NODE_IMAGE)
      .withStsEndpoint("http://127.0.0.1:1")
      .withAllowedHost("mock.example")
      .start();
    const request = { method: "GET", target: "/_mock/audit", body: Buffer.of() };
    const statusAs = async (host: string): Promise<number> =>
      (await send(mock.getEndpoint(), { ...request, rawHeaders: ["Host", host] })).status;
    expect([await statusAs("mock.example"), await statusAs("other.example")]).toEqual([200, 403]);
  });

  it.skipIf(!hasImage(LOCALSTACK_IMAGE))("assumes a role at LocalStack, container to container", async () => {
    await using localStack = await new GenericContainer(LOCALSTACK_IMAGE)
      .withExposedPorts(4566)
      .withEnvironment({ SERVICES: "sts,iam", DISABLE_EVENTS: "1", SKIP_SSL_CERT_DOWNLOAD: "1" })
      .withWaitStrategy(Wait.forHttp("/_localstack/health", 4566))
      .withStartupTimeout(120_000)
      .start();
    await createRole(`http://${localStack.getHost()}:${localStack.getMappedPort(4566)}`);
    await using mock = await new RolesAnywhereContainer(NODE_IMAGE)
      .withLocalStack(localStack)
      .withTrustAnchor(root.certificatePem)
      .withProfile({ roleArns: [roleArn] })
      .start();
    const answer = await createSession(mock);
    expect(await mock.getAudit(1)).toMatchObject([{ _mock: { verdict: "granted" } }]);
    expect(answer.status).toBe(201);
  });

  it("does not start without a place to assume roles", async () => {
    await expect(new RolesAnywhereContainer(NODE_IMAGE).start()).rejects.toMatchObject({
      code: "ERR_MOCK_NO_STS_ENDPOINT",
    });
  });
});

async function createRole(endpoint: string): Promise<void> {
  const { CreateRoleCommand, IAMClient } = await import("@aws-sdk/client-iam");
  const client = new IAMClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "000000000000", secretAccessKey: "test" },
  });
  await client.send(
    new CreateRoleCommand({
      RoleName: "reader",
      AssumeRolePolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: {
          Effect: "Allow",
          Principal: { Service: "rolesanywhere.amazonaws.com" },
          Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        },
      }),
    }),
  );
}

/** Whether Docker answers and has the image: nothing is pulled for a test. */
function hasImage(image: string): boolean {
  try {
    execFileSync("docker", ["image", "inspect", image], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
