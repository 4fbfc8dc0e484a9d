import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { text as readText } from "node:stream/consumers";
import type { NestExpressApplication } from "@nestjs/platform-express";
import request from "supertest";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "./app.ts";
import { createLog } from "./log.ts";
import { readSettings } from "./settings.ts";
import { FakeAws } from "../test/support/fake-aws.ts";
import { FakeCredentialProcess } from "../test/support/fake-credential-process.ts";

// Everything is real but AWS: the profile is read from a file, the credential process runs, the SDK talks HTTP.
let aws: FakeAws;
let profile: FakeCredentialProcess;
let app: NestExpressApplication;
/** What the log holds, line by line. */
let log: Record<string, unknown>[];

const http = () => request(app.getHttpServer());

async function start(extra: Record<string, string> = {}): Promise<void> {
  const endpoint = { AWS_ENDPOINT_URL: aws.url, AWS_CONFIG_FILE: profile.configFile, ...extra };
  for (const [name, value] of Object.entries(endpoint)) vi.stubEnv(name, value);
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", `${profile.folder}/none`);
  const settings = readSettings({
    REGION: "eu-central-1",
    PROFILE: "roles-anywhere",
    BUCKET: "docs",
    ...endpoint,
  });
  log = [];
  app = await createApp(settings, createLog("info", { write: (line) => log.push(JSON.parse(line)) }));
}

/** The response to a request that no client would normalise, as it arrives. */
async function raw(
  method: string,
  target: string,
  headers: Record<string, string>,
  body = "",
): Promise<string> {
  const server = app.getHttpServer();
  if (!server.listening) await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const lines = Object.entries({ Host: `127.0.0.1:${address.port}`, Connection: "close", ...headers });
  const socket = createConnection(address.port, "127.0.0.1");
  socket.write(
    `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`,
  );
  return readText(socket);
}

beforeEach(async () => {
  aws = await FakeAws.start();
  profile = new FakeCredentialProcess();
});
afterEach(async () => {
  await app.close();
  await aws[Symbol.asyncDispose]();
  profile[Symbol.dispose]();
});

describe("GET /api/files", () => {
  const TWO = [
    { key: "photo.jpg", size: 99, lastModified: "2026-02-01T10:20:30.000Z" },
    { key: "report.pdf", size: 1234, lastModified: "2026-01-01T00:00:00.000Z" },
  ];

  it("answers name, size, date and link of each object", async () => {
    aws.objects = TWO;
    const expiration = new Date(Date.now() + 900_000);
    profile.succeed(expiration);
    await start();
    const { body } = await http().get("/api/files").expect(200).expect("Cache-Control", "no-store");
    const viewUrlExpiresAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(body).toEqual({
      files: [
        {
          fileName: "photo.jpg",
          size: 99,
          lastModified: "2026-02-01T10:20:30.000Z",
          viewUrl: expect.stringContaining(`${aws.url}/docs/photo.jpg?`),
          viewUrlExpiresAt,
        },
        {
          fileName: "report.pdf",
          size: 1234,
          lastModified: "2026-01-01T00:00:00.000Z",
          viewUrl: expect.stringContaining(`${aws.url}/docs/report.pdf?`),
          viewUrlExpiresAt,
        },
      ],
      nextCursor: null,
    });
    const shown = Date.parse(body.files[0].viewUrlExpiresAt);
    expect(shown).toBeLessThanOrEqual(expiration.getTime());
    const query = new URL(body.files[0].viewUrl).searchParams;
    const [, ...parts] =
      /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get("X-Amz-Date") ?? "") ?? [];
    const [year = 0, month = 0, ...rest] = parts.map(Number);
    const signedAt = Date.UTC(year, month - 1, ...rest);
    const endsAt = signedAt + Number(query.get("X-Amz-Expires")) * 1000;
    // The URL has whole seconds.
    expect(Math.trunc(shown / 1000) * 1000).toBe(endsAt);
  });

  it("signs links for S3_PUBLIC_ENDPOINT", async () => {
    aws.objects = TWO;
    await start({ S3_PUBLIC_ENDPOINT: "https://files.example" });
    const { body } = await http().get("/api/files").expect(200);
    expect(body.files[0].viewUrl).toMatch(/^https:\/\/files\.example\/docs\/photo\.jpg\?/);
  });

  it("lists a page of the names with a prefix, and the rest with the cursor", async () => {
    aws.objects = ["a1", "a2", "a3", "b1"].map((key) => ({
      key,
      size: 1,
      lastModified: "2026-01-01T00:00:00.000Z",
    }));
    await start();
    const names = (body: { files: { fileName: string }[] }) => body.files.map(({ fileName }) => fileName);
    const first = await http().get("/api/files?prefix=a&limit=2").expect(200);
    expect(names(first.body)).toEqual(["a1", "a2"]);
    const { nextCursor: cursor } = first.body;
    const second = await http().get("/api/files").query({ prefix: "a", limit: 2, cursor }).expect(200);
    expect(names(second.body)).toEqual(["a3"]);
    expect(second.body.nextCursor).toBeNull();
  });

  const LIMIT = "limit: must be a whole number from 1 to 100; ";
  const PREFIX = "prefix: must be given once, with at most 1024 characters; ";
  const CURSOR = "cursor: must be `nextCursor` of the previous page, or left out for the first one; ";

  it.each([
    ["limit=0", LIMIT],
    ["limit=101", LIMIT],
    ["limit=1.5", LIMIT],
    ["limit=many", LIMIT],
    ["limit=", LIMIT],
    ["limit=1&limit=2", LIMIT],
    ["prefix=a&prefix=b", PREFIX],
    [`prefix=${"a".repeat(1025)}`, PREFIX],
    ["cursor=", CURSOR],
    ["cursor=a&cursor=b", CURSOR],
    [`cursor=${"a".repeat(2049)}`, CURSOR],
  ])("refuses %s before AWS is asked, and says what it takes", async (query, rule) => {
    await start();
    const { body } = await http().get(`/api/files?${query}`).expect(400);
    expect(body).toMatchObject({
      code: "PARAMETER_INVALID",
      detail: `${rule}/docs says what each one takes`,
    });
    expect(aws.requests).toEqual([]);
  });

  it("says what to do when S3 refuses the cursor", async () => {
    await start();
    aws.refusal = {
      status: 400,
      code: "InvalidArgument",
      message: "The continuation token provided is incorrect",
    };
    const { body } = await http().get("/api/files?cursor=made-up").expect(400);
    expect(body).toMatchObject({
      code: "CURSOR_INVALID",
      detail: expect.stringContaining("begin without a cursor"),
    });
  });

  it("answers an empty list for an empty bucket", async () => {
    await start();
    const { body } = await http().get("/api/files").expect(200);
    expect(body).toEqual({ files: [], nextCursor: null });
  });
});

describe("GET /api/identity", () => {
  it("answers who the server is and until when, and nothing secret", async () => {
    const expiration = new Date(Date.now() + 900_000);
    profile.succeed(expiration);
    const notAfter = new Date(Math.floor(Date.now() / 1000) * 1000 + 10.5 * 86_400_000);
    profile.writeCertificate(notAfter);
    await start();
    const before = Date.now();
    const { body } = await http().get("/api/identity").expect(200);
    expect(body).toEqual({
      account: "123456789012",
      arn: "arn:aws:sts::123456789012:assumed-role/Reader/5f3a",
      userId: "AROAEXAMPLE:5f3a",
      credentialSource: "profile",
      credentialsObtainedAt: expect.any(String),
      credentialsExpireAt: expiration.toISOString(),
      certificate: {
        subject: "CN=server, O=Example",
        serialNumber: "5f3a",
        notAfter: notAfter.toISOString(),
        daysLeft: 10,
      },
    });
    expect(Date.parse(body.credentialsObtainedAt)).toBeGreaterThanOrEqual(before);
    const again = await http().get("/api/identity").expect(200);
    expect(again.body.credentialsObtainedAt).toBe(body.credentialsObtainedAt);
  });

  it("answers without a certificate where the profile names none", async () => {
    await start();
    writeFileSync(
      profile.configFile,
      readFileSync(profile.configFile, "utf8").replace("--certificate", "--other"),
    );
    const { body } = await http().get("/api/identity").expect(200);
    expect(body.certificate).toBeNull();
  });
});

describe("the credential process", () => {
  it("runs once for all clients and all requests", async () => {
    await start();
    await Promise.all(
      ["/api/files", "/api/identity", "/health/ready", "/api/files"].map((path) =>
        http().get(path).expect(200),
      ),
    );
    await http().get("/api/identity").expect(200);
    expect(profile.runs).toBe(1);
  });

  it("does not run before it is needed", async () => {
    await start();
    await http().get("/health").expect(200);
    await http().get("/").expect(200);
    expect(profile.runs).toBe(0);
  });

  it.each(["/api/files", "/api/identity"])(
    "its failure is a 503 at %s, its reason is in the log, and it runs once per request",
    async (path) => {
      profile.fail(
        "\u001B[31mexpired\u0007 Authorization: Basic aHVudGVyMg== https://u:hunter2@proxy\n200 GET /forged\n",
      );
      await start();
      const { body, text, headers } = await http()
        .get(path)
        .expect(503)
        .expect("Retry-After", "5")
        .expect("Content-Type", "application/problem+json; charset=utf-8");
      const id = headers["x-request-id"];
      const detail =
        'profile "roles-anywhere" gave no credentials; the log of this server says why, and ra-signer doctor --profile "roles-anywhere" says what to do when this server\'s user runs it';
      expect(body).toEqual({
        type: "urn:roles-anywhere-kit:problem:credentials-unavailable",
        title: "No AWS credentials",
        status: 503,
        code: "CREDENTIALS_UNAVAILABLE",
        detail,
        instance: `urn:uuid:${id}`,
      });
      expect(text).not.toMatch(/hunter2|aHVudGVyMg|expired/);
      const [failure, answer] = log;
      expect(failure).toMatchObject({
        level: "error",
        code: "CREDENTIALS_UNAVAILABLE",
        req: { id, method: "GET", path },
        reason:
          "\\u{1b}[31mexpired\\u{7} Authorization: Basic aHVudGVyMg== https://u:hunter2@proxy\\n200 GET /forged",
        msg: detail,
      });
      expect(JSON.stringify(log)).not.toContain("--pkcs8-password");
      expect(answer).toMatchObject({ level: "warn", req: { id }, res: { statusCode: 503 }, msg: "answered" });
      expect(profile.runs).toBe(1);
    },
  );

  it("is tried again by the next request", async () => {
    profile.fail("not yet");
    await start();
    await http().get("/api/files").expect(503);
    profile.succeed(new Date(Date.now() + 3_600_000));
    await http().get("/api/files").expect(200);
    expect(profile.runs).toBe(2);
  });

  it("runs again after AWS rejected what it gave", async () => {
    await start();
    aws.refusal = { status: 400, code: "ExpiredToken", message: "The provided token has expired." };
    const { body } = await http().get("/api/files").expect(503);
    expect(body).toMatchObject({ code: "CREDENTIALS_REJECTED" });
    aws.refusal = undefined;
    await http().get("/api/files").expect(200);
    expect(profile.runs).toBe(2);
  });

  it("is not blamed for a profile that does not exist", async () => {
    await start();
    vi.stubEnv("AWS_CONFIG_FILE", `${profile.folder}/none`);
    const { body } = await http().get("/api/files").expect(503);
    expect(body).toMatchObject({ code: "CREDENTIALS_UNAVAILABLE" });
    expect(log[0]).toMatchObject({
      reason: expect.stringContaining("Could not resolve credentials using profile"),
    });
  });
});

describe("errors", () => {
  it.each([
    ["/api/files", 403, "AccessDenied", 502, "ACCESS_DENIED"],
    ["/api/files", 404, "NoSuchBucket", 502, "BUCKET_NOT_FOUND"],
    ["/api/identity", 403, "AccessDenied", 502, "ACCESS_DENIED"],
    ["/api/identity", 403, "InvalidClientTokenId", 503, "CREDENTIALS_REJECTED"],
  ])("%s: AWS's %i %s → %i %s", async (path, status, code, expected, problem) => {
    await start();
    aws.refusal = { status, code, message: "as AWS says" };
    const { body } = await http().get(path).expect(expected);
    expect(body).toMatchObject({ status: expected, code: problem });
    expect(aws.requests).toHaveLength(1);
  });

  it("AWS that does not answer the door → 503, with the time to try again", async () => {
    await start({ AWS_ENDPOINT_URL: "http://127.0.0.1:1" });
    const { body } = await http().get("/api/files").expect(503).expect("Retry-After", "5");
    expect(body).toMatchObject({ code: "AWS_UNREACHABLE" });
  });

  it("an unknown path → 404 as a problem", async () => {
    await start();
    const { body } = await http().get("/nope").expect(404);
    expect(body).toMatchObject({ status: 404, code: "HTTP_ERROR" });
  });
});

describe("GET /health", () => {
  it("is fine while AWS is not", async () => {
    aws.refusal = { status: 503, code: "ServiceUnavailable", message: "down" };
    profile.fail("down");
    await start();
    const { body } = await http().get("/health").expect(200);
    expect(body).toEqual({ status: "ok", info: {}, error: {}, details: {} });
    expect(aws.requests).toEqual([]);
  });
});

describe("the log", () => {
  it("has a line for each request, with its id, and neither query nor headers", async () => {
    aws.objects = [{ key: "a", size: 1, lastModified: "2026-01-01T00:00:00.000Z" }];
    await start();
    const { headers } = await http()
      .get("/api/files?prefix=a&x=secret-in-query")
      .set("Authorization", "Bearer secret-in-header")
      .set("X-Request-Id", "chosen-by-the-client")
      .expect(200);
    await http().get("/health").expect(200);
    expect(log).toEqual([
      {
        level: "info",
        time: expect.any(String),
        req: { id: headers["x-request-id"], method: "GET", path: "/api/files" },
        res: { statusCode: 200 },
        responseTime: expect.any(Number),
        msg: "answered",
      },
    ]);
    expect(headers["x-request-id"]).toMatch(/^[\da-f]{8}-[\da-f-]{27}$/);
  });
});

describe("the rate limit", () => {
  it("refuses what is too much of one address, and lets health checks through", async () => {
    await start({ RATE_LIMIT: "2" });
    await http().get("/api/files").expect(200);
    await http().get("/api/files").expect(200);
    const { body } = await http().get("/api/files").expect(429).expect("Retry-After", /^\d+$/);
    expect(body).toMatchObject({ status: 429, code: "RATE_LIMITED" });
    await http().get("/health").expect(200);
    await http().get("/health/ready").expect(200);
  });
});

describe("GET /docs", () => {
  it("describes every route, parameter and answer", async () => {
    await start();
    const { body } = await http().get("/docs/openapi.json").expect(200);
    expect(Object.keys(body.paths)).toEqual(["/api/files", "/api/identity", "/health", "/health/ready"]);
    const { get } = body.paths["/api/files"];
    expect(get.parameters.map(({ name }: { name: string }) => name)).toEqual(["prefix", "limit", "cursor"]);
    expect(get.responses[200].content["application/json"].schema.properties.files.items.required).toEqual([
      "fileName",
      "size",
      "lastModified",
      "viewUrl",
      "viewUrlExpiresAt",
    ]);
    expect(get.responses.default.content["application/problem+json"].schema.properties).toHaveProperty(
      "code",
    );
  });

  it("has a policy of its own, which allows no foreign script", async () => {
    await start();
    const { headers } = await http().get("/docs").expect(200);
    expect(headers["content-security-policy"]).toMatch(/^default-src 'none';script-src 'self';/);
  });
});

describe("GET /", () => {
  it("answers a page that loads only its own files, and images of the bucket", async () => {
    await start();
    const { text, headers } = await http()
      .get("/")
      .expect(200)
      .expect("Content-Type", "text/html; charset=utf-8");
    expect(headers["content-security-policy"]).toBe(
      `default-src 'none';script-src 'self';style-src 'self';img-src 'self' ${aws.url};connect-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'`,
    );
    const references = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, reference]) => reference);
    expect(new Set(references)).toEqual(
      new Set(["icon.svg", "page.css", "files.js", "session.js", "api/files", "api/identity", "docs"]),
    );
    expect(text).not.toMatch(/<style|style=|<script>|\son[a-z]+=/);
  });

  it.each([
    ["/page.css", "text/css; charset=utf-8"],
    ["/files.js", "text/javascript; charset=utf-8"],
    ["/session.js", "text/javascript; charset=utf-8"],
    ["/common.js", "text/javascript; charset=utf-8"],
    ["/icon.svg", "image/svg+xml"],
  ])("serves %s as %s", async (path, type) => {
    await start();
    const { headers } = await http().get(path).expect(200);
    expect(headers["content-type"]).toContain(type);
  });

  it.each<[string, string, Record<string, string>]>([
    ["GET", "/", {}],
    ["GET", "/api/files", {}],
    ["GET", "/health", {}],
    ["GET", "/nope", {}],
    ["GET", "/a/b/c", {}],
    ["GET", "/docs", {}],
    ["GET", "/docs/openapi.json", {}],
    ["GET", "/..%2f..%2fpackage.json", {}],
    // Answered before any route is looked for.
    ["GET", "/%zz", {}],
    ["GET", "/?__proto__[x]=1&a[", {}],
    ["POST", "/api/files", {}],
    ["POST", "/api/files", { "Content-Type": "application/json", "Content-Length": "1" }],
    ["OPTIONS", "/api/files", { "Access-Control-Request-Method": "GET" }],
    ["TRACE", "/", {}],
    ["GET", "/", { Host: "evil.example" }],
    ["GET", "/api/files", { Origin: "https://evil.example" }],
  ])("hardens %s %s %j", async (method, path, headers) => {
    await start();
    const response = await raw(method, path, headers, headers["Content-Length"] === undefined ? "" : "{");
    expect(response).toMatch(/^content-security-policy: default-src 'none';script-src 'self';/im);
    expect(response).toMatch(/^referrer-policy: no-referrer\r$/im);
    expect(response).toMatch(/^x-content-type-options: nosniff\r$/im);
    expect(response).toMatch(/^x-request-id: [\da-f-]{36}\r$/im);
    expect(response).not.toMatch(/^x-powered-by:/im);
    expect(response).not.toMatch(/^access-control-/im);
  });
});

describe("a web page of somebody else", () => {
  const port = (): number => {
    const address = app.getHttpServer().address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return address.port;
  };

  it.each([
    ["localhost:PORT", 200],
    ["LOCALHOST", 200],
    ["files.localhost:PORT", 200],
    ["127.0.0.1:PORT", 200],
    ["[::1]:PORT", 200],
    ["192.168.1.7", 200],
    ["app:3000", 200],
    ["files.example.com", 200],
    ["Files.Example.com:8443", 200],
    ["files.example.com.", 200],
    ["evil.example", 403],
    ["evil.example:PORT", 403],
    ["127.0.0.1.evil.example", 403],
    ["localhost.evil.example", 403],
    ["evil-localhost.example", 403],
    ["sub.files.example.com", 403],
    ["files.example.com.evil.example", 403],
    ["[::1].evil.example", 403],
    ["127.0.0.1:80:80", 403],
    ["user@127.0.0.1", 403],
    ["evil.example\\@localhost", 403],
    ["1.2.3.4.5", 403],
  ])("under the host name %s: %i", async (host, status) => {
    await start({ ALLOWED_HOSTS: "files.example.com" });
    await once(app.getHttpServer().listen(0, "127.0.0.1"), "listening");
    const response = await raw("GET", "/api/files", { Host: host.replace("PORT", String(port())) });
    expect(response).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(response.includes('"code":"HOST_REFUSED"')).toBe(status === 403);
  });

  it("is not to be feared by a client without a Host header (HTTP/1.0)", async () => {
    await start();
    await once(app.getHttpServer().listen(0, "127.0.0.1"), "listening");
    const socket = createConnection(port(), "127.0.0.1");
    socket.write("GET /health HTTP/1.0\r\n\r\n");
    expect(await readText(socket)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each<[string, Record<string, string>, number]>([
    ["this server's page", { "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors" }, 200],
    ["this server's page, with an Origin", { Origin: "http://HOST" }, 200],
    ["the address bar", { "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate" }, 200],
    [
      "a link on another site",
      { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" },
      200,
    ],
    [
      "a frame on another site",
      { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe" },
      403,
    ],
    ["fetch of another site", { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" }, 403],
    ["another port of this machine", { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors" }, 403],
    ["another site, by its Origin", { Origin: "https://evil.example" }, 403],
    ["another port, by its Origin", { Origin: "http://127.0.0.1:1" }, 403],
    ["a sandboxed frame", { Origin: "null" }, 403],
  ])("%s: %j → %i", async (_who, headers, status) => {
    await start();
    await once(app.getHttpServer().listen(0, "127.0.0.1"), "listening");
    const own = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace("HOST", `127.0.0.1:${port()}`)]),
    );
    const response = await raw("GET", "/api/files", own);
    expect(response).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(response).not.toMatch(/^access-control-/im);
  });
});
