import { readFileSync, rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readSettings } from "./settings.ts";
import { ClientCertificate } from "../test/support/client-certificate.ts";
import { FakeAws } from "../test/support/fake-aws.ts";
import { createCredentials } from "./roles-anywhere.ts";

const MINUTE = 60_000;

// The provider, its cryptography and HTTP are real; the service is not, and the clock is the test's.
let aws: FakeAws;
let client: ClientCertificate;
let time: number;

beforeEach(async () => {
  aws = await FakeAws.start();
  client = new ClientCertificate();
  time = Date.now();
  aws.now = () => time;
  vi.stubEnv("AWS_ENDPOINT_URL", aws.url);
});
afterEach(async () => {
  await aws[Symbol.asyncDispose]();
  client[Symbol.dispose]();
});

function setUp(variables: Record<string, string> = {}) {
  const { credentials } = readSettings({
    REGION: "eu-central-1",
    BUCKET: "docs",
    ...client.variables,
    ...variables,
  });
  const onRenewalFailure = vi.fn<(cause: unknown) => void>();
  const shared = createCredentials(credentials, { now: () => time, onRenewalFailure });
  return { shared, onRenewalFailure };
}

describe("the credentials of Roles Anywhere, in process", () => {
  it("asks for the role and the duration of the settings, once for any number of callers", async () => {
    const { shared } = setUp();
    const answers = await Promise.all(Array.from({ length: 20 }, () => shared()));
    expect(new Set(answers.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(["ASIASESSION1"]));
    expect(aws.requests).toHaveLength(1);
    expect(decodeURIComponent(aws.requests[0] ?? "")).toContain(
      "roleArn=arn:aws:iam::123456789012:role/Reader",
    );
  });

  it("asks nothing before it is needed", async () => {
    setUp();
    expect(aws.requests).toEqual([]);
  });

  it("always has live credentials round the clock, though the service is down for most of a session", async () => {
    const { shared, onRenewalFailure } = setUp();
    const start = time;
    const remaining = async (): Promise<number> => ((await shared()).expiration?.getTime() ?? 0) - time;
    for (; time < start + 24 * 60 * MINUTE; time += 5 * MINUTE) {
      // The fourth session begins after 165 minutes.
      const isDown = time > start + 165 * MINUTE && time < start + 220 * MINUTE;
      aws.sessionRefusal = isDown ? "down" : undefined;
      const life = await remaining();
      expect(life).toBeGreaterThan(0);
      // Renewal goes on in the background: let it end before the clock moves.
      if (life <= 5 * MINUTE) await vi.waitUntil(async () => (await remaining()) > 5 * MINUTE, 10_000);
    }
    expect(aws.sessions).toBe(Math.ceil((24 * 60) / 55));
    expect(onRenewalFailure).not.toHaveBeenCalled();
  });

  it("says why a renewal failed, and goes on with the current session", async () => {
    const { shared, onRenewalFailure } = setUp();
    await shared();
    time += 59.5 * MINUTE;
    aws.sessionRefusal = "the trust anchor is disabled";
    expect((await shared()).accessKeyId).toBe("ASIASESSION1");
    expect(onRenewalFailure).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ message: expect.stringContaining("the trust anchor is disabled") }),
    );
  });

  it("fails in one line when there is no session, and tries again with the next call", async () => {
    const { shared } = setUp();
    aws.sessionRefusal = "Untrusted Signing Certificate";
    await expect(shared()).rejects.toMatchObject({
      code: "ERR_CREDENTIALS_UNAVAILABLE",
      message: expect.stringMatching(/^CreateSession failed, StatusCode: 403.*Untrusted Signing Certificate/),
    });
    aws.sessionRefusal = undefined;
    await expect(shared()).resolves.toMatchObject({ accessKeyId: "ASIASESSION2" });
  });

  it.each<[string, (pem: string) => string]>([
    ["as PEM", (pem) => pem],
    ["with \\n for line ends, as docker --env-file passes it", (pem) => pem.replaceAll("\n", "\\n")],
    ["with spaces for line ends", (pem) => pem.replaceAll("\n", " ")],
    ["as base64 of PEM", (pem) => Buffer.from(pem).toString("base64")],
  ])("takes certificate and key as text %s, without any file", async (_form, change) => {
    const text = {
      CERTIFICATE: change(readFileSync(client.certificate, "utf8")),
      PRIVATE_KEY: change(readFileSync(client.privateKey, "utf8")),
    };
    rmSync(client.folder, { recursive: true });
    const { shared } = setUp(text);
    await expect(shared()).resolves.toMatchObject({ accessKeyId: "ASIASESSION1" });
  });

  it("names a file that is missing", async () => {
    const { shared } = setUp();
    rmSync(client.certificate);
    await expect(shared()).rejects.toThrow(client.certificate);
    expect(aws.requests).toEqual([]);
  });

  it("fetches new ones after forget, until it has them", async () => {
    const { shared } = setUp();
    await shared();
    shared.forget();
    aws.sessionRefusal = "down";
    await expect(shared()).rejects.toMatchObject({ code: "ERR_CREDENTIALS_UNAVAILABLE" });
    aws.sessionRefusal = undefined;
    expect((await shared()).accessKeyId).toBe("ASIASESSION3");
    expect((await shared()).accessKeyId).toBe("ASIASESSION3");
  });
});
