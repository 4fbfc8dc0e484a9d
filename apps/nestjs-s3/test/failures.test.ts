import { readFileSync, rmSync, writeFileSync } from "node:fs";
import type { NestExpressApplication } from "@nestjs/platform-express";
import request from "supertest";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../src/app.ts";
import { createLog } from "../src/log.ts";
import { readSettings } from "../src/settings.ts";
import { FakeAws } from "./support/fake-aws.ts";
import { FakeCredentialProcess } from "./support/fake-credential-process.ts";

// Each story: something breaks under a running server, the answer, readiness and the log say what, somebody mends it, and
// the same server works again.
let aws: FakeAws;
let profile: FakeCredentialProcess;
let app: NestExpressApplication;
let log: string[];

beforeEach(async () => {
  aws = await FakeAws.start();
  aws.objects = [{ key: "report.pdf", size: 1, lastModified: "2026-01-01T00:00:00.000Z" }];
  profile = new FakeCredentialProcess();
});
afterEach(async () => {
  await app.close();
  await aws[Symbol.asyncDispose]();
  profile[Symbol.dispose]();
});

async function start(): Promise<void> {
  vi.stubEnv("AWS_ENDPOINT_URL", aws.url);
  vi.stubEnv("AWS_CONFIG_FILE", profile.configFile);
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", `${profile.folder}/none`);
  const given = {
    REGION: "eu-central-1",
    PROFILE: "roles-anywhere",
    BUCKET: "docs",
    AWS_ENDPOINT_URL: aws.url,
  };
  log = [];
  app = await createApp(readSettings(given), createLog("info", { write: (line) => log.push(line) }));
}

const http = (): ReturnType<typeof request> => request(app.getHttpServer());

interface Story {
  readonly title: string;
  readonly breakIt: () => void | Promise<void>;
  readonly mendIt: () => void | Promise<void>;
  readonly status: number;
  readonly code: string;
  /** What the answer of `/api/files` and readiness say. */
  readonly says: string;
  /** Names of the checks that are down. */
  readonly down: readonly string[];
  /** What only the log says. */
  readonly logged: string;
}

const NO_CREDENTIALS = { status: 503, code: "CREDENTIALS_UNAVAILABLE", down: ["credentials", "bucket"] };

const STORIES: readonly Story[] = [
  {
    title: "the bucket does not exist",
    breakIt: () => void (aws.refusal = { status: 404, code: "NoSuchBucket", message: "no bucket there" }),
    mendIt: () => void (aws.refusal = undefined),
    status: 502,
    code: "BUCKET_NOT_FOUND",
    says: 'bucket "docs" does not exist as seen from eu-central-1; check BUCKET and REGION',
    down: ["bucket"],
    logged: "no bucket there",
  },
  {
    title: "the role may not list the bucket",
    breakIt: () =>
      void (aws.refusal = { status: 403, code: "AccessDenied", message: "no identity-based policy" }),
    mendIt: () => void (aws.refusal = undefined),
    status: 502,
    code: "ACCESS_DENIED",
    says: 'must allow s3:ListBucket on bucket "docs"',
    down: ["bucket"],
    logged: "no identity-based policy",
  },
  {
    title: "the profile is missing",
    breakIt: () => writeFileSync(profile.configFile, "[profile other]\nregion = eu-central-1\n"),
    mendIt: () => profile.writeProfile(),
    ...NO_CREDENTIALS,
    says: 'profile "roles-anywhere" gave no credentials',
    logged: "Could not resolve credentials using profile",
  },
  {
    title: "the certificate has expired",
    breakIt: () => {
      profile.writeCertificate(new Date("2026-01-02T00:00:00Z"));
      profile.fail('certificate "client.pem" expired at 2026-01-02T00:00:00Z');
    },
    mendIt: () => {
      profile.writeCertificate(new Date(Date.now() + 90 * 86_400_000));
      profile.succeed(new Date(Date.now() + 3_600_000));
    },
    ...NO_CREDENTIALS,
    says: 'profile "roles-anywhere" gave no credentials',
    logged: "expired at 2026-01-02T00:00:00Z",
  },
  {
    title: "the signer is not installed",
    breakIt: () => {
      const config = readFileSync(profile.configFile, "utf8");
      writeFileSync(profile.configFile, config.replace(process.execPath, "/nowhere/ra-signer"));
    },
    mendIt: () => profile.writeProfile(),
    ...NO_CREDENTIALS,
    says: 'ra-signer doctor --profile "roles-anywhere"',
    logged: "/nowhere/ra-signer",
  },
];

describe.each(STORIES)("$title", ({ breakIt, mendIt, status, code, says, down, logged }) => {
  it("the answer, readiness and the log say so, and it works again when it is mended", async () => {
    await start();
    await breakIt();

    const files = await http().get("/api/files").expect(status);
    expect(files.body).toMatchObject({ status, code, detail: expect.stringContaining(says) });
    expect(files.text).not.toContain(logged);

    const ready = await http().get("/health/ready").expect(503).expect("Retry-After", "5");
    expect(ready.headers["content-type"]).toMatch("application/problem+json");
    expect(ready.body).toMatchObject({ code: "NOT_READY", detail: expect.stringContaining(says) });
    const checks = Object.entries<{ status: string }>(ready.body.checks);
    expect(checks.filter(([, check]) => check.status === "down").map(([name]) => name)).toEqual(down);
    await http().get("/health").expect(200);

    const errors = log.filter((line) => line.includes('"level":"error"'));
    expect(errors).toHaveLength(2);
    for (const line of errors) {
      expect(JSON.parse(line)).toMatchObject({ code, reason: expect.stringContaining(logged) });
    }

    await mendIt();
    const mended = await http().get("/api/files").expect(200);
    expect(mended.body.files).toHaveLength(1);
    const readyAgain = await http().get("/health/ready").expect(200);
    expect(readyAgain.body).toMatchObject({ status: "ok", error: {} });
  });
});

describe("S3 is stopped", () => {
  it.each([
    ["refuses connections", "AWS_UNREACHABLE"],
    ["accepts connections and never answers", "AWS_TIMEOUT"],
  ])(
    "and %s: 503 with the time to try again, and it works when S3 is back",
    { timeout: 60_000 },
    async (_how, code) => {
      await start();
      await http().get("/api/files").expect(200);
      if (code === "AWS_TIMEOUT") aws.silent = true;
      else await aws.stop();
      const [files, ready] = await Promise.all([http().get("/api/files"), http().get("/health/ready")]);
      expect([files.status, ready.status]).toEqual([503, 503]);
      expect([files.headers["retry-after"], ready.headers["retry-after"]]).toEqual(["5", "5"]);
      expect(files.body).toMatchObject({ code });
      expect(ready.body).toMatchObject({
        code: "NOT_READY",
        detail: expect.stringMatching(/^bucket: no (answer|connection) .*; check .*the network/),
        checks: { credentials: { status: "up" }, bucket: { status: "down" } },
      });
      expect(log.join("")).toContain(`"code":"${code}"`);
      aws.silent = false;
      await aws.restart();
      await http().get("/api/files").expect(200);
      await http().get("/health/ready").expect(200);
    },
  );
});

describe("readiness", () => {
  it.each([
    ["has few days left", 5.5, /^it expires in 5 days; replace it$/],
    ["has expired", -0.5, /^it has expired: there will be no session after the current one/],
  ])("stays 200, but degraded, while a session lives whose certificate %s", async (_what, days, message) => {
    profile.writeCertificate(new Date(Date.now() + days * 86_400_000));
    await start();
    const { body } = await http().get("/health/ready").expect(200);
    expect(body).toMatchObject({
      status: "degraded",
      details: {
        credentials: { status: "up" },
        certificate: { status: "degraded", message: expect.stringMatching(message) },
        bucket: { status: "up" },
      },
    });
  });

  it("is degraded when the certificate cannot be read", async () => {
    await start();
    rmSync(profile.certificate);
    const { body } = await http().get("/health/ready").expect(200);
    expect(body).toMatchObject({ status: "degraded", details: { certificate: { status: "degraded" } } });
  });
});
