import "reflect-metadata";
import type { Server } from "node:http";
import type { INestApplication } from "@nestjs/common";
import { Test } from "@nestjs/testing";
import request from "supertest";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AppModule } from "./app.module.ts";
import { readSettings } from "./config/settings.ts";
import { FakeAws } from "./testing/fake-aws.ts";
import { FakeCredentialProcess } from "./testing/fake-credential-process.ts";

// Everything is real but AWS: the profile is read from a file, the credential process runs, the SDK talks HTTP.
let aws: FakeAws;
let profile: FakeCredentialProcess;
let app: INestApplication<Server>;

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
  const module = await Test.createTestingModule({ imports: [AppModule.register(settings)] }).compile();
  app = module.createNestApplication<INestApplication<Server>>({ logger: false });
  await app.init();
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
    "its failure is a 503 with its reason at %s, and it runs once per request",
    async (path) => {
      profile.fail('certificate "client.pem" expired at 2026-01-02T00:00:00Z\n    at stack (/src/x.js)\n');
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
          'profile "roles-anywhere" gave no credentials: certificate "client.pem" expired at 2026-01-02T00:00:00Z; run its credential_process (ra-signer credential-process …) by hand, as this server\'s user, to see more',
      });
      expect(text).not.toMatch(/hunter2|x\.js/);
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
    expect(body).toMatchObject({
      detail: expect.stringContaining("Could not resolve credentials using profile"),
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

  it.each(["/", "/api/files", "/health", "/nope", "/a/b/c"])("hardens %s", async (path) => {
    await start();
    const { headers } = await http().get(path);
    expect(headers).toMatchObject({
      "content-security-policy": expect.stringContaining("default-src 'none'"),
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    });
    expect(headers).not.toHaveProperty("x-powered-by");
  });
});
