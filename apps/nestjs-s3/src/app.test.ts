import { once } from "node:events";
import { createConnection } from "node:net";
import { text as readText } from "node:stream/consumers";
import type { LoggerService } from "@nestjs/common";
import type { NestExpressApplication } from "@nestjs/platform-express";
import request from "supertest";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "./app.ts";
import { readSettings } from "./settings.ts";
import { FakeAws } from "../test/support/fake-aws.ts";
import { FakeCredentialProcess } from "../test/support/fake-credential-process.ts";

// Everything is real but AWS: the profile is read from a file, the credential process runs, the SDK talks HTTP.
let aws: FakeAws;
let profile: FakeCredentialProcess;
let app: NestExpressApplication;
let log: string[];

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
  const write = (message: unknown): void => void log.push(String(message));
  const logger: LoggerService = { log: () => {}, warn: write, error: write };
  app = await createApp(settings, { logger });
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
  it("answers an array of name, size, date and link", async () => {
    aws.objects = [
      { key: "report.pdf", size: 1234, lastModified: "2026-01-01T00:00:00.000Z" },
      { key: "photo.jpg", size: 99, lastModified: "2026-02-01T10:20:30.000Z" },
    ];
    await start();
    const { body, headers } = await http().get("/api/files").expect(200).expect("Cache-Control", "no-store");
    expect(body).toEqual([
      {
        fileName: "report.pdf",
        size: 1234,
        lastModified: "2026-01-01T00:00:00.000Z",
        viewUrl: expect.stringContaining(`${aws.url}/docs/report.pdf?`),
      },
      {
        fileName: "photo.jpg",
        size: 99,
        lastModified: "2026-02-01T10:20:30.000Z",
        viewUrl: expect.stringContaining(`${aws.url}/docs/photo.jpg?`),
      },
    ]);
    expect(headers).not.toHaveProperty("x-truncated");
  });

  it("signs links for S3_PUBLIC_ENDPOINT", async () => {
    aws.objects = [{ key: "a", size: 1, lastModified: "2026-01-01T00:00:00.000Z" }];
    await start({ S3_PUBLIC_ENDPOINT: "https://files.example" });
    const { body } = await http().get("/api/files").expect(200);
    expect(body).toMatchObject([{ viewUrl: expect.stringMatching(/^https:\/\/files\.example\/docs\/a\?/) }]);
  });

  it("lists at most 1000 objects and says that there are more", async () => {
    aws.objects = Array.from({ length: 1001 }, (_, index) => ({
      key: `file-${index}`,
      size: 1,
      lastModified: "2026-01-01T00:00:00.000Z",
    }));
    await start();
    const { body } = await http().get("/api/files").expect(200).expect("X-Truncated", "true");
    expect(body).toHaveLength(1000);
  });

  it("answers an empty array for an empty bucket", async () => {
    await start();
    const { body } = await http().get("/api/files").expect(200);
    expect(body).toEqual([]);
  });
});

describe("GET /api/identity", () => {
  it("answers who the server is and until when, and nothing secret", async () => {
    const expiration = new Date(Date.now() + 900_000);
    profile.succeed(expiration);
    await start();
    const { body } = await http().get("/api/identity").expect(200);
    expect(body).toEqual({
      account: "123456789012",
      arn: "arn:aws:sts::123456789012:assumed-role/Reader/5f3a",
      userId: "AROAEXAMPLE:5f3a",
      credentialSource: "profile",
      credentialsExpireAt: expiration.toISOString(),
    });
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

  it.each(["/api/files", "/api/identity", "/health/ready"])(
    "its failure is a 503 at %s, its reason is in the log, and it runs once per request",
    async (path) => {
      profile.fail(
        "\u001B[31mexpired\u0007 Authorization: Basic aHVudGVyMg== https://u:hunter2@proxy\n200 GET /forged\n",
      );
      await start();
      const { body, text } = await http()
        .get(path)
        .expect(503)
        .expect("Content-Type", "application/problem+json; charset=utf-8");
      expect(body).toEqual({
        title: "No AWS credentials",
        status: 503,
        code: "CREDENTIALS_UNAVAILABLE",
        detail:
          'profile "roles-anywhere" gave no credentials; the log of this server says why, and so does its credential_process (ra-signer credential-process …) when this server\'s user runs it by hand',
      });
      expect(text).not.toMatch(/hunter2|aHVudGVyMg|expired/);
      expect(log).toEqual([
        expect.stringContaining(
          `GET ${path} answered 503 CREDENTIALS_UNAVAILABLE: \\u{1b}[31mexpired\\u{7} Authorization: Basic aHVudGVyMg== https://u:hunter2@proxy\\n200 GET /forged; profile`,
        ),
      ]);
      expect(log[0]).not.toContain("--pkcs8-password");
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
    expect(log).toEqual([expect.stringContaining("Could not resolve credentials using profile")]);
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

  it("AWS that does not answer the door → 502", async () => {
    await start({ AWS_ENDPOINT_URL: "http://127.0.0.1:1" });
    const { body } = await http().get("/api/files").expect(502);
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
    await http().get("/health").expect(200, { status: "ok", credentialSource: "profile" });
    expect(aws.requests).toEqual([]);
  });
});

describe("GET /", () => {
  it("answers a page that loads only its own files", async () => {
    await start();
    const { text } = await http()
      .get("/")
      .expect(200)
      .expect("Content-Type", "text/html; charset=utf-8")
      .expect("Content-Security-Policy", /^default-src 'none'; script-src 'self'; style-src 'self';/);
    const references = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, reference]) => reference);
    expect(references).toEqual(["icon.svg", "page.css", "page.js", "api/files", "api/identity"]);
    expect(text).not.toMatch(/<style|style=|<script>|\son[a-z]+=/);
  });

  it.each([
    ["/page.css", "text/css; charset=utf-8"],
    ["/page.js", "text/javascript; charset=utf-8"],
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
    expect(response).toMatch(/^content-security-policy: default-src 'none'; script-src 'self';/im);
    expect(response).toMatch(/^referrer-policy: no-referrer\r$/im);
    expect(response).toMatch(/^x-content-type-options: nosniff\r$/im);
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
