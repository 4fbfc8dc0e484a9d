import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";

import { fromInstanceMetadata } from "@aws-sdk/credential-providers";
import { afterAll, describe, expect, it, vi } from "vitest";

import { CREDENTIALS, refused, startFakeService, success } from "../../test/support/fake-service.ts";
import type { Answer } from "../../test/support/fake-service.ts";
import { makeIdentity } from "../../test/support/identities.ts";
import { MAIN, runCli } from "../../test/support/run-cli.ts";
import {
  ask,
  folderWithIdentity,
  ROLES_PATH as ROLES,
  SDK_CREDENTIALS,
  serveWords,
  startServe,
  TOKEN_HEADER as HEADER,
  TOKEN_PATH as TOKEN,
  tokenOf,
  TTL_HEADER as TTL,
} from "../../test/support/served.ts";
import type { Served } from "../../test/support/served.ts";
import { readVector } from "@roles-anywhere/testing";

const vector = readVector("ecdsa");
const folder = folderWithIdentity();
afterAll(() => folder[Symbol.dispose]());

const words = (endpoint: string, ...more: readonly string[]): readonly string[] =>
  serveWords(folder, endpoint, ...more);

const start = (answers: readonly Answer[], ...more: readonly string[]): Promise<Served> =>
  startServe(folder, answers, more);

describe("ra-signer serve", () => {
  it.each([
    ["", { [TTL]: "1" }, "1"],
    ["/", { [TTL]: "21600" }, "21600"],
    ["", {}, "21600"],
  ])("gives a token at /latest/api/token%s for %j", async (slash, headers, ttl) => {
    await using served = await start([success()]);
    const reply = await ask(`${served.url}${TOKEN}${slash}`, "PUT", headers);
    expect(reply).toMatchObject({ status: 200, text: expect.stringMatching(/^[\w-]{100}$/) });
    expect(reply.headers).toMatchObject({ [TTL]: ttl, "content-type": "text/plain; charset=utf-8" });
  });

  it.each<readonly [string, string, Readonly<Record<string, string>>, number, string]>([
    ["a TTL of 0", "PUT", { [TTL]: "0" }, 400, "invalid token TTL"],
    ["a negative TTL", "PUT", { [TTL]: "-5" }, 400, "invalid token TTL"],
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
    ["HEAD", "HEAD", {}, 405, ""],
    ["DELETE", "DELETE", {}, 405, ""],
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

  it("keeps 256 tokens, and gives up the one that ends first", async () => {
    await using served = await start([success()]);
    const first = await tokenOf(served, 30);
    const others: Readonly<Record<string, string>>[] = [];
    for (let count = 0; count < 256; count += 1) others.push(await tokenOf(served, 60));
    const statuses = await Promise.all(
      [first, ...others].map(async (token) => (await ask(`${served.url}${ROLES}`, "GET", token)).status),
    );
    expect(statuses).toEqual([401, ...others.map(() => 200)]);
  });

  it.each([ROLES, `${ROLES}/`, `${ROLES}/unknown`, `${ROLES}/unknown/`, `${ROLES}/a/b`])(
    "names the role at %s",
    async (path) => {
      await using served = await start([success()]);
      const token = await tokenOf(served, 60);
      served.clock.now += 15_000;
      const reply = await ask(`${served.url}${path}`, "GET", token);
      expect(reply).toMatchObject({ status: 200, text: "Example" });
      expect(reply.headers).toMatchObject({ [TTL]: "45", "content-type": "text/plain; charset=utf-8" });
    },
  );

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

  it.each([ROLES, `${ROLES}/Example`])("answers nothing but GET at %s", async (path) => {
    await using served = await start([success()]);
    const token = await tokenOf(served);
    for (const method of ["POST", "PUT", "DELETE"]) {
      expect(await ask(`${served.url}${path}`, method, token)).toMatchObject({ status: 405, text: "" });
    }
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
    expect(served.requests.length).toBe(1);
    served.clock.now += 101 * 1000;
    served.clock.wake();
    await vi.waitUntil(() => served.requests.length === 2, 10_000);
    await vi.waitUntil(async () => (await key()).includes("SECOND"), 10_000);
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
    await vi.waitUntil(() => served.notes.some((line) => line.includes("is served until")), 10_000);
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
    expect(served.requests.length).toBe(2);
  });

  it("says how to use it on stderr, without a trailing slash", async () => {
    await using served = await start([success()]);
    expect(served.notes.slice(0, 3)).toEqual([
      `Local server started on port: ${new URL(served.url).port}`,
      "Make it available to the sdk by running:",
      `export AWS_EC2_METADATA_SERVICE_ENDPOINT=${served.url}`,
    ]);
    expect(served.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
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
    [["--also-role-arn", "arn:aws:iam::1:role/B"], /--also-role-arn needs --container-token-file/],
    [
      ["--container-token-file", "t", "--also-role-arn", "arn:aws:iam::1:role/Example"],
      /would be served at one path/,
    ],
    [
      [
        ...["--container-token-file", "t", "--also-role-arn"],
        "arn:aws:iam::1:role/B,arn:aws:rolesanywhere:eu-west-1:1:profile/1",
      ],
      /trust anchor and profile regions don't match/,
    ],
  ])("exits with 1 for %j", async (more, message) => {
    const result = await runCli(["serve", ...words("http://127.0.0.1:9", ...more)]);
    expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
    expect(existsSync("t")).toBe(false);
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
