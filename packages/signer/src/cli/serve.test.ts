import { spawn } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";

import { fromContainerMetadata, fromHttp, fromInstanceMetadata } from "@aws-sdk/credential-providers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { CREDENTIALS, refused, startFakeService, success } from "../testing/fake-service.ts";
import type { Answer } from "../testing/fake-service.ts";
import { makeIdentity, temporaryFolder } from "../testing/openssl.ts";
import { MAIN, runCli } from "../testing/run-cli.ts";
import { readVector } from "../testing/vectors.ts";
import { serve } from "./commands/serve.ts";

const vector = readVector("ecdsa");
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
beforeAll(() => {
  writeFileSync(folder.join("client.pem"), vector.certificatePem);
  writeFileSync(folder.join("client.key"), vector.privateKeyPem, { mode: 0o600 });
});

function words(endpoint: string, ...more: readonly string[]): readonly string[] {
  return [
    ...["--certificate", folder.join("client.pem"), "--private-key", folder.join("client.key")],
    ...["--trust-anchor-arn", "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1"],
    ...["--profile-arn", "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2"],
    ...["--role-arn", "arn:aws:iam::123456789012:role/some/path/Example"],
    ...["--endpoint", endpoint, "--port", "0", ...more],
  ];
}

const SDK_CREDENTIALS = {
  accessKeyId: CREDENTIALS.accessKeyId,
  secretAccessKey: CREDENTIALS.secretAccessKey,
  sessionToken: CREDENTIALS.sessionToken,
  expiration: new Date(CREDENTIALS.expiration),
};

interface Served extends AsyncDisposable {
  readonly url: string;
  readonly notes: readonly string[];
  /** Lets the loop's next pause pass. */
  readonly clock: { now: number; wake: () => void };
  readonly asked: () => number;
}

/** Runs the command in this process, with a clock that the test moves. */
async function start(answers: readonly Answer[], ...more: readonly string[]): Promise<Served> {
  const service = await startFakeService(...answers);
  const notes: string[] = [];
  const controller = new AbortController();
  const clock = { now: Date.now(), wake: (): void => {} };
  let run: Promise<number> = Promise.resolve(0);
  const url = await new Promise<string>((resolve, reject) => {
    run = serve.run(words(service.url, ...more), {
      environment: { AWS_MAX_ATTEMPTS: "1" },
      out: () => {},
      note(line) {
        notes.push(line);
        const found = /ENDPOINT=(.*)/.exec(line)?.[1];
        if (found !== undefined) resolve(found);
      },
      time: {
        now: () => new Date(clock.now),
        sleep: (_milliseconds, signal) =>
          new Promise((wake) => {
            clock.wake = wake;
            signal?.addEventListener("abort", () => wake(), { once: true });
          }),
        signal: controller.signal,
      },
    });
    run.catch(reject);
  });
  return {
    url,
    notes,
    clock,
    asked: () => service.requests.length,
    async [Symbol.asyncDispose]() {
      controller.abort();
      expect(await run).toBe(0);
      await service[Symbol.asyncDispose]();
    },
  };
}

interface Reply {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function ask(url: string, method = "GET", headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers, agent: false }, (response) => {
      void response
        .setEncoding("utf8")
        .toArray()
        .then((parts) =>
          resolve({ status: response.statusCode, headers: response.headers, text: parts.join("") }),
        );
    })
      .on("error", reject)
      .end();
  });
}

const TOKEN = "/latest/api/token";
const ROLES = "/latest/meta-data/iam/security-credentials";
const TTL = "x-aws-ec2-metadata-token-ttl-seconds";
const HEADER = "x-aws-ec2-metadata-token";

async function tokenOf({ url }: Served, ttlSeconds = 60): Promise<Readonly<Record<string, string>>> {
  const { text } = await ask(`${url}${TOKEN}`, "PUT", { [TTL]: String(ttlSeconds) });
  return { [HEADER]: text };
}

describe("ra-signer serve", () => {
  it.each([
    ["", { [TTL]: "1" }, "1"],
    ["/", { [TTL]: "21600" }, "21600"],
    ["", {}, "21600"],
  ])("gives a token at /latest/api/token%s for %j", async (slash, headers, ttl) => {
    await using served = await start([success()]);
    const reply = await ask(`${served.url}${TOKEN}${slash}`, "PUT", headers);
    expect(reply).toMatchObject({ status: 200, text: expect.stringMatching(/^[\w-]{100}$/) });
    expect(reply.headers[TTL]).toBe(ttl);
  });

  it.each<readonly [string, string, Readonly<Record<string, string>>, number, string]>([
    ["a TTL of 0", "PUT", { [TTL]: "0" }, 400, "invalid token TTL"],
    ["a TTL above six hours", "PUT", { [TTL]: "21601" }, 400, "invalid token TTL"],
    ["a TTL that is no number", "PUT", { [TTL]: "1e3" }, 400, "invalid token TTL"],
    [
      "a request that came through a proxy",
      "PUT",
      { "X-Forwarded-For": "192.0.2.1" },
      400,
      "unable to process requests with X-Forwarded-For header",
    ],
    ["GET", "GET", {}, 405, ""],
    ["POST", "POST", {}, 405, ""],
    [
      "another host's name",
      "PUT",
      { Host: "evil.example" },
      400,
      "unable to process requests with this Host header",
    ],
  ])("gives no token for %s", async (_title, method, headers, status, text) => {
    await using served = await start([success()]);
    expect(await ask(`${served.url}${TOKEN}`, method, headers)).toMatchObject({ status, text });
  });

  it.each([ROLES, `${ROLES}/`, `${ROLES}/unknown`])("names the role at %s", async (path) => {
    await using served = await start([success()]);
    const reply = await ask(`${served.url}${path}`, "GET", await tokenOf(served));
    expect(reply).toMatchObject({ status: 200, text: "Example" });
    // The fake clock stands still.
    expect(reply.headers[TTL]).toBe("60");
  });

  it.each(["", "/"])("gives the helper's JSON below the role's name%s", async (slash) => {
    await using served = await start([success({ expiration: "2035-01-01T00:00:00.5Z" })]);
    const reply = await ask(`${served.url}${ROLES}/Example${slash}`, "GET", await tokenOf(served));
    expect(reply.status).toBe(200);
    expect(reply.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(reply.headers[TTL]).toBeUndefined();
    expect(reply.text.endsWith("}\n")).toBe(true);
    const body: unknown = JSON.parse(reply.text);
    expect(body).toEqual({
      AccessKeyId: CREDENTIALS.accessKeyId,
      SecretAccessKey: CREDENTIALS.secretAccessKey,
      Token: CREDENTIALS.sessionToken,
      Code: "Success",
      Type: "AWS-HMAC",
      Expiration: "2035-01-01T00:00:00Z",
      LastUpdated: new Date(served.clock.now).toISOString(),
    });
  });

  it.each([ROLES, `${ROLES}/Example`])("asks for a token at %s", async (path) => {
    await using served = await start([success()]);
    const token = await tokenOf(served, 1);
    expect(await ask(`${served.url}${path}`)).toMatchObject({ status: 401, text: "no token provided" });
    const wrong = await ask(`${served.url}${path}`, "GET", { [HEADER]: "x" });
    expect(wrong).toMatchObject({ status: 401, text: "invalid token provided" });
    served.clock.now += 1000;
    const ended = await ask(`${served.url}${path}`, "GET", token);
    expect(ended).toMatchObject({ status: 401, text: "invalid token provided" });
  });

  it.each([ROLES, `${ROLES}/Example`])("takes no POST at %s", async (path) => {
    await using served = await start([success()]);
    const reply = await ask(`${served.url}${path}`, "POST", await tokenOf(served));
    expect(reply).toMatchObject({ status: 405, text: "" });
  });

  it.each(["/", "/latest/meta-data/", "/latest/api/token/x", "/container/credentials"])(
    "knows nothing at %s",
    async (path) => {
      await using served = await start([success()]);
      const reply = await ask(`${served.url}${path}`, "GET", await tokenOf(served));
      expect(reply).toMatchObject({ status: 404, text: "404 page not found\n" });
    },
  );

  it("answers 503, never an empty success, while there is no session", async () => {
    await using served = await start([refused(403, "AccessDeniedException", "revoked")]);
    const reply = await ask(`${served.url}${ROLES}/Example`, "GET", await tokenOf(served));
    expect(reply.status).toBe(503);
    const body: unknown = JSON.parse(reply.text);
    expect(body).toMatchObject({ Code: "Failed", Message: expect.stringContaining("revoked") });
    expect(reply.text).not.toContain("AccessKeyId");
    expect(served.notes.at(-1)).toContain("there is no session to serve");
  });

  it("fetches the next session a quarter of an hour before the end, without being asked", async () => {
    const end = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
    await using served = await start([
      success({ accessKeyId: "FIRST", expiration: end(1) }),
      success({ accessKeyId: "SECOND", expiration: end(2) }),
    ]);
    const token = await tokenOf(served, 21_600);
    const key = async (): Promise<string> =>
      (await ask(`${served.url}${ROLES}/Example`, "GET", token)).text.slice(0, 30);
    expect(await key()).toContain("FIRST");
    served.clock.now += 2600 * 1000;
    served.clock.wake();
    expect(await key()).toContain("FIRST");
    expect(served.asked()).toBe(1);
    served.clock.now += 101 * 1000;
    served.clock.wake();
    await vi.waitUntil(() => served.asked() === 2);
    await vi.waitUntil(async () => (await key()).includes("SECOND"));
  });

  it("serves the last session while the service is down, to its very end", async () => {
    const expiration = new Date(Date.now() + 3_600_000).toISOString();
    await using served = await start([
      success({ expiration }),
      refused(503, "ServiceUnavailableException", "busy"),
    ]);
    const token = await tokenOf(served, 21_600);
    await ask(`${served.url}${ROLES}/Example`, "GET", token);
    served.clock.now = Date.parse(expiration) - 1;
    served.clock.wake();
    await vi.waitUntil(() => served.notes.some((line) => line.includes("is served until")));
    expect(await ask(`${served.url}${ROLES}/Example`, "GET", token)).toMatchObject({ status: 200 });
    served.clock.now += 1;
    expect(await ask(`${served.url}${ROLES}/Example`, "GET", token)).toMatchObject({ status: 503 });
  });

  it("picks up renewed files", async () => {
    const renewed = makeIdentity("P-256");
    const certificate = folder.join("rotated.pem");
    writeFileSync(certificate, vector.certificatePem + vector.privateKeyPem, { mode: 0o600 });
    const expiration = new Date(Date.now() + 1000).toISOString();
    await using served = await start(
      [success({ expiration })],
      "--certificate",
      certificate,
      "--private-key",
      "",
    );
    const token = await tokenOf(served);
    await ask(`${served.url}${ROLES}/Example`, "GET", token);
    writeFileSync(certificate, "rotated badly");
    served.clock.now += 2000;
    const broken = await ask(`${served.url}${ROLES}/Example`, "GET", token);
    expect(broken).toMatchObject({ status: 503, text: expect.stringContaining("could not parse PEM data") });
    writeFileSync(certificate, renewed.certificatePem + renewed.privateKeyPem);
    served.clock.now += 5000;
    await ask(`${served.url}${ROLES}/Example`, "GET", token);
    expect(served.asked()).toBe(2);
  });

  it("gives the JavaScript SDK credentials as the instance metadata service", async () => {
    await using served = await start([success()]);
    vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", served.url);
    await expect(fromInstanceMetadata()()).resolves.toMatchObject(SDK_CREDENTIALS);
  });

  it("is an error for the JavaScript SDK while there is no session", async () => {
    await using served = await start([refused(403, "AccessDeniedException", "revoked")]);
    vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", served.url);
    await expect(fromInstanceMetadata()()).rejects.toMatchObject({ statusCode: 503 });
  });

  it("gives the JavaScript SDK credentials as a container endpoint", async () => {
    const tokenFile = folder.join("token");
    await using served = await start([success()], "--container-token-file", tokenFile);
    expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
    const uri = `${served.url}/container/credentials`;
    expect(served.notes).toContain(`export AWS_CONTAINER_CREDENTIALS_FULL_URI=${uri}`);
    expect(served.notes).toContain(`export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE='${tokenFile}'`);
    expect(served.notes.join()).not.toContain(readFileSync(tokenFile, "utf8"));
    const fromFile = fromHttp({
      awsContainerCredentialsFullUri: uri,
      awsContainerAuthorizationTokenFile: tokenFile,
    });
    await expect(fromFile()).resolves.toMatchObject(SDK_CREDENTIALS);
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri);
    vi.stubEnv("AWS_CONTAINER_AUTHORIZATION_TOKEN", readFileSync(tokenFile, "utf8"));
    await expect(fromContainerMetadata()()).resolves.toMatchObject(SDK_CREDENTIALS);
    vi.stubEnv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "wrong");
    await expect(fromContainerMetadata({ maxRetries: 0 })()).rejects.toMatchObject({ statusCode: 401 });
    expect(await ask(uri)).toMatchObject({ status: 401 });
  });

  it("answers container clients with 503 while there is no session", async () => {
    const tokenFile = folder.join("mine");
    writeFileSync(tokenFile, "my own token\n");
    await using served = await start(
      [refused(403, "AccessDeniedException", "no")],
      "--container-token-file",
      tokenFile,
    );
    const reply = await ask(`${served.url}/container/credentials`, "GET", { Authorization: "my own token" });
    expect(reply).toMatchObject({ status: 503, text: expect.stringContaining("ERR_SIGNER_SERVICE_REFUSED") });
  });

  it("listens on the loopback address only", async () => {
    await using served = await start([success()]);
    const others = Object.values(networkInterfaces())
      .flat()
      .filter((face) => face !== undefined && !face.internal && face.family === "IPv4");
    for (const face of others) {
      const socket = connect(Number(new URL(served.url).port), face?.address);
      const error = await new Promise<Error>((resolve, reject) => {
        socket
          .once("error", resolve)
          .once("connect", () => reject(new Error(`reachable at ${face?.address}`)));
      });
      expect(error).toMatchObject({ code: "ECONNREFUSED" });
    }
  });

  it("says that it cannot set the hop limit", async () => {
    await using served = await start([success()], "--hop-limit", "1");
    expect(served.notes[0]).toMatch(/warning: --hop-limit 1 has no effect/);
  });

  it.each([
    [["--role-arn", "x"], /failed to parse role arn/],
    [["--port", "70000"], /--port 70000 is not between 0 and 65535/],
    [["--hop-limit", "0"], /--hop-limit 0 is not between 1 and 255/],
    [["--trust-anchor-arn", ""], /--trust-anchor-arn is missing/],
    [["--container-token-file", "/nonexistent/x"], /cannot make the token/],
  ])("exits with 1 for %j", async (more, message) => {
    const result = await runCli(["serve", ...words("http://127.0.0.1:9", ...more)]);
    expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
  });

  it("exits with 1 when the port is taken", async () => {
    await using served = await start([success()]);
    const result = await runCli([
      ...["serve", ...words("http://127.0.0.1:9")],
      ...["--port", new URL(served.url).port],
    ]);
    expect(result).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cannot listen .* choose another --port/),
    });
  });

  it.each(["SIGTERM", "SIGINT"] as const)("answers what it was asked and ends with 0 on %s", async (name) => {
    let answer = (): void => {};
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await using service = await startFakeService((response, received) => {
      answer();
      success()(response, received);
    });
    const child = spawn(process.execPath, [MAIN, "serve", ...words(service.url)], {
      env: { PATH: process.env["PATH"] ?? "" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    const url = await new Promise<string>((resolve) => {
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        const found = /ENDPOINT=(\S+)/.exec(text)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
    await asked;
    const { text } = await ask(`${url}${TOKEN}`, "PUT");
    expect(await ask(`${url}${ROLES}/Example`, "GET", { [HEADER]: text })).toMatchObject({ status: 200 });
    child.kill(name);
    expect(await ended).toBe(0);
  });
});
