import { randomUUID } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REPOSITORY_ROOT } from "../src/story/programs.ts";
import { normaliseTranscript, transcriptOf } from "./support/normalise-transcript.ts";
import { startDemo } from "./support/own-run.ts";
import type { OwnRun } from "./support/own-run.ts";

/** A proxy that refuses connections (port 9, discard), in all spellings, and Node told to use it. */
const deadProxy = Object.fromEntries([
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"].map((name) => [
    name,
    "http://127.0.0.1:9",
  ]),
  ...["NO_PROXY", "no_proxy"].map((name) => [name, "intranet"]),
  ["NODE_USE_ENV_PROXY", "1"],
]);

/**
 * The demo in the shell of somebody who works with a real account. Every way by which an SDK could find that account
 * leads to a trap instead: a profile whose credential process leaves a file behind, and endpoints that count calls. The
 * shell also has a proxy, which must not get what is meant for this machine.
 */
describe("the demo in a shell with a real account's settings", { timeout: 300_000 }, () => {
  const calls: string[] = [];
  const trap = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    response.writeHead(500).end();
  });
  let folder: string;
  let sprung: string;
  let realSettings: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "real-account-"));
    sprung = join(folder, "sprung");
    const program = join(folder, "credential-process");
    await writeFile(program, `#!/bin/sh\ntouch "${sprung}"\nexit 1\n`);
    await chmod(program, 0o755);
    await writeFile(
      join(folder, "config"),
      `[default]\nuse_fips_endpoint = true\ncredential_process = ${program}\n[profile real]\nuse_fips_endpoint = true\ncredential_process = ${program}\n`,
    );
    await writeFile(join(folder, "credentials"), `[roles-anywhere]\ncredential_process = ${program}\n`);
    await new Promise<void>((resolve) => trap.listen(0, "127.0.0.1", resolve));
    const address = trap.address();
    if (address === null || typeof address === "string") throw new Error("the trap has no port");
    const url = `http://127.0.0.1:${address.port}`;
    realSettings = {
      AWS_PROFILE: "real",
      AWS_DEFAULT_PROFILE: "real",
      AWS_ACCESS_KEY_ID: `AKIA${randomUUID().replaceAll("-", "").slice(0, 16).toUpperCase()}`,
      AWS_SECRET_ACCESS_KEY: randomUUID(),
      AWS_SESSION_TOKEN: randomUUID(),
      AWS_CONFIG_FILE: join(folder, "config"),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"),
      AWS_REGION: "eu-central-1",
      AWS_DEFAULT_REGION: "eu-central-1",
      AWS_ENDPOINT_URL: url,
      AWS_ENDPOINT_URL_S3: url,
      AWS_ENDPOINT_URL_STS: url,
      AWS_ENDPOINT_URL_IAM: url,
      AWS_ENDPOINT_URL_CLOUDFORMATION: url,
      AWS_ENDPOINT_URL_ROLESANYWHERE: url,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
      AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/Real",
      AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, "token"),
      ...deadProxy,
    };
  });
  afterAll(async () => {
    trap.close();
    await rm(folder, { recursive: true, force: true });
  });

  let demo: OwnRun;
  afterAll(() => demo?.[Symbol.asyncDispose]());
  it("runs to its end", async () => {
    demo = await startDemo(["--report", join(folder, "report.html")], realSettings);
    const { code } = await demo.exited;
    // The output tells why, should it fail.
    expect({ code, output: demo.output() }).toMatchObject({ code: 0 });
  });

  it("touches no endpoint and no profile of that account", async () => {
    expect(calls).toEqual([]);
    expect(await readdir(folder)).not.toContain("sprung");
  });

  it("works in the test account, and prints none of the settings", () => {
    expect(demo.output()).toContain("arn:aws:rolesanywhere:us-east-1:000000000000:trust-anchor/");
    expect(demo.output()).toMatch(/arn:aws:sts::000000000000:assumed-role\//);
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]) {
      expect(demo.output()).not.toContain(realSettings[name]);
    }
  });

  it("writes a report of what happened, without the settings and without a presigned query", async () => {
    const page = await readFile(join(folder, "report.html"), "utf8");
    for (const text of ["ra-pki init", "cdk deploy", "CreateSession: 201 granted", "GET /api/files: 200"]) {
      expect(page).toContain(text);
    }
    expect(page).not.toContain("X-Amz-");
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]) {
      expect(page).not.toContain(realSettings[name]);
    }
  });

  it("prints the transcript of docs/demo.md, and the README's excerpt of it", async ({ skip }) => {
    // The paths inside a container are others.
    if (!demo.output().includes("process back end")) skip("the transcript is of the process back end");
    const printed = normaliseTranscript(demo.output());
    const page = await readFile(join(REPOSITORY_ROOT, "docs", "demo.md"), "utf8");
    expect(printed).toBe(normaliseTranscript(transcriptOf(page)));
    const readme = await readFile(join(REPOSITORY_ROOT, "README.md"), "utf8");
    let rest = printed;
    for (const part of normaliseTranscript(transcriptOf(readme, "excerpt")).split(/^…$/m)) {
      expect(rest).toContain(part.trim());
      rest = rest.slice(rest.indexOf(part.trim()) + part.trim().length);
    }
  });
});
