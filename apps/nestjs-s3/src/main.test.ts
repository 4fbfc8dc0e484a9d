import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { PROBLEMS } from "./problems.ts";
import { ClientCertificate } from "../test/support/client-certificate.ts";
import { FakeAws } from "../test/support/fake-aws.ts";
import { FakeCredentialProcess } from "../test/support/fake-credential-process.ts";

const built = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const given = { REGION: "eu-central-1", PROFILE: "roles-anywhere", BUCKET: "docs", PORT: "0" };
const running: ChildProcess[] = [];

/** The built server with these variables and no others, save PATH. */
function boot(env: Record<string, string>) {
  const child = spawn(process.execPath, [built], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  return { child, stdout: text(child.stdout), stderr: text(child.stderr), closed: once(child, "close") };
}

/** Ends what is left of a child that was started with `detached`, and its children. */
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing is left.
  }
}

async function firstLine(child: { readonly stdout: Readable }): Promise<string> {
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) return line;
  throw new Error("the server ended without a line on stdout");
}

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const reference = readFileSync(new URL("../../../docs/app.md", import.meta.url), "utf8");
const block = (language: string, containing: string, page = readme): string => {
  const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
  const found = blocks.find(([, tag, body]) => tag === language && body?.includes(containing));
  if (found?.[2] === undefined) throw new Error(`the page has no ${language} block with ${containing}`);
  return found[2];
};

/** The answer that the README shows. */
const listing = z.object({ files: z.tuple([z.looseObject({ fileName: z.string() })]), nextCursor: z.null() });

/** The assignments of a command line. */
const variablesIn = (command: string): Record<string, string> =>
  Object.fromEntries(
    [...command.matchAll(/\b([A-Z_]+)=(\S+)/g)].map(([, name = "", value = ""]) => [name, value]),
  );

beforeAll(() => {
  if (!existsSync(built)) throw new Error("dist/main.js is missing; run: npm run build -w apps/nestjs-s3");
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

describe("the built server", () => {
  it("names all missing settings on stderr and exits with 1", async () => {
    const { closed, stdout, stderr } = boot({ REGION: "eu-central-1" });
    expect(await closed).toEqual([1, null]);
    expect(await stdout).toBe("");
    expect(await stderr).toMatch(
      /^cannot start: .*\n {2}PROFILE {2}is missing: .*\n {2}BUCKET {3}is missing: .*\nfor example: .*\n$/,
    );
  });

  it("says in one line that its port is taken", async () => {
    const other: Server = createServer();
    await once(other.listen(0, "127.0.0.1"), "listening");
    const address = other.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const { closed, stdout, stderr } = boot({ ...given, PORT: String(address.port) });
    expect(await closed).toEqual([1, null]);
    expect(await stdout).toBe("");
    expect(await stderr).toBe(
      `cannot listen on 127.0.0.1:${address.port}: the port is in use; choose another with PORT, or 0 for a free one\n`,
    );
    other.close();
  });

  it("says in one line that its address is not this machine's", async () => {
    const { closed, stderr } = boot({ ...given, HOST: "192.0.2.1" });
    expect(await closed).toEqual([1, null]);
    expect(await stderr).toMatch(
      /^cannot listen on 192\.0\.2\.1:0: .*; set HOST to an address of this machine\n$/,
    );
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "says where it listens, and on %s exits with 0 although a connection is kept alive",
    async (signal) => {
      const { child, closed, stderr } = boot(given);
      const line = await firstLine(child);
      expect(line).toMatch(/^listening on http:\/\/127\.0\.0\.1:[1-9]\d*$/);

      const agent = new Agent({ keepAlive: true });
      const health = get(`${line.slice("listening on ".length)}/health`, { agent });
      const [response] = (await once(health, "response")) as [IncomingMessage];
      expect(await text(response)).toBe('{"status":"ok","info":{},"error":{},"details":{}}');

      const asked = performance.now();
      child.kill(signal);
      expect(await closed).toEqual([0, null]);
      expect(performance.now() - asked).toBeLessThan(2500);
      expect(await stderr).toBe("");
      agent.destroy();
    },
  );

  // npm passes the signal to its shell, and a shell that waits for the server keeps it to itself.
  it("ends when npm start is told to", async () => {
    const npm = spawn("npm", ["start", "--silent"], {
      cwd: dirname(dirname(built)),
      env: { PATH: process.env["PATH"], ...given },
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    try {
      expect(await firstLine(npm)).toMatch(/^listening on /);
      const ended = once(npm.stdout, "close", { signal: AbortSignal.timeout(4000) });
      const exited = once(npm, "exit");
      npm.kill("SIGTERM");
      await ended;
      expect(await exited).toEqual([0, null]);
    } finally {
      endGroup(npm);
    }
  });

  it("answers /health at once while 40 clients list 100 objects each", async () => {
    await using aws = await FakeAws.start();
    using profile = new FakeCredentialProcess();
    aws.objects = Array.from({ length: 1000 }, (_, index) => ({
      key: `folder/file-${index}`,
      size: 1,
      lastModified: "2026-03-14T09:26:53.000Z",
    }));
    const { child } = boot({ ...given, AWS_CONFIG_FILE: profile.configFile, AWS_ENDPOINT_URL: aws.url });
    const url = (await firstLine(child)).slice("listening on ".length);
    const listed = new AbortController();
    const listings = Promise.all(
      Array.from({ length: 40 }, async () => {
        const response = await fetch(`${url}/api/files?limit=100`);
        expect(await response.json()).toMatchObject({ files: { length: 100 } });
      }),
    ).finally(() => listed.abort());
    const waits: number[] = [];
    while (!listed.signal.aborted) {
      const asked = performance.now();
      await (await fetch(`${url}/health`)).text();
      waits.push(performance.now() - asked);
    }
    await listings;
    expect(Math.max(...waits)).toBeLessThan(1000);
  });

  it("logs failures to stderr, as JSON and without the command line", async () => {
    using profile = new FakeCredentialProcess();
    profile.fail("key.pem does not match client.pem");
    const { child, closed, stderr } = boot({ ...given, AWS_CONFIG_FILE: profile.configFile });
    const url = (await firstLine(child)).slice("listening on ".length);
    expect((await fetch(`${url}/api/files?x=1`)).status).toBe(503);
    child.kill("SIGTERM");
    await closed;
    const log = await stderr;
    const lines = log
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    const req = { id: expect.any(String), method: "GET", path: "/api/files" };
    expect(lines).toMatchObject([
      { level: "error", code: "CREDENTIALS_UNAVAILABLE", reason: "key.pem does not match client.pem", req },
      { level: "warn", res: { statusCode: 503 }, req },
    ]);
    expect(log).not.toContain("hunter2");
  });
});

describe("the built server with CREDENTIALS=in-process", () => {
  it("lists files with the settings of the README, without a profile or another process", async () => {
    await using aws = await FakeAws.start();
    using client = new ClientCertificate();
    aws.objects = [{ key: "report.pdf", size: 1, lastModified: "2026-03-14T09:26:53.000Z" }];
    const { child } = boot({
      ...variablesIn(block("sh", "CREDENTIALS=in-process")),
      ...{
        CERTIFICATE: client.certificate,
        PRIVATE_KEY: client.privateKey,
        PORT: "0",
        AWS_CONFIG_FILE: "/nonexistent",
        AWS_ENDPOINT_URL: aws.url,
      },
      // Nothing can be run by name.
      PATH: "",
    });
    const url = (await firstLine(child)).slice("listening on ".length);
    const files: unknown = await (await fetch(`${url}/api/files`)).json();
    expect(files).toMatchObject({ files: [{ fileName: "report.pdf" }] });
    const identity: unknown = await (await fetch(`${url}/api/identity`)).json();
    expect(identity).toMatchObject({
      credentialSource: "in-process",
      credentialsExpireAt: expect.any(String),
    });
    const ready: unknown = await (await fetch(`${url}/health/ready`)).json();
    expect(ready).toMatchObject({ status: "ok", info: { credentials: { source: "in-process" } } });
    expect(aws.sessions).toBe(1);
  });

  it("answers 503 and logs the reason, when there is no session", async () => {
    await using aws = await FakeAws.start();
    using client = new ClientCertificate();
    aws.sessionRefusal = "Untrusted Signing Certificate";
    const { child, closed, stderr } = boot({
      ...client.variables,
      ...{ REGION: "eu-central-1", BUCKET: "docs", PORT: "0", AWS_ENDPOINT_URL: aws.url },
    });
    const url = (await firstLine(child)).slice("listening on ".length);
    const answer = await fetch(`${url}/api/files`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      code: "CREDENTIALS_UNAVAILABLE",
      detail: expect.stringMatching(/^Roles Anywhere gave this server no session; .*ra-signer doctor/),
    });
    child.kill("SIGTERM");
    await closed;
    expect(await stderr).toMatch(/"CREDENTIALS_UNAVAILABLE","reason":".*Untrusted Signing Certificate/);
  });

  it("names all that is missing or contradicts it, and exits with 1", async () => {
    const { closed, stderr } = boot({ ...given, CREDENTIALS: "in-process" });
    expect(await closed).toEqual([1, null]);
    expect((await stderr).match(/^ {2}[A-Z_]+/gm)?.map((name) => name.trim())).toEqual([
      "PROFILE",
      "CERTIFICATE",
      "TRUST_ANCHOR_ARN",
      "PROFILE_ARN",
      "ROLE_ARN",
    ]);
  });
});

describe("the pages", () => {
  it("show a profile and a command that work, and the answer they give", async () => {
    await using aws = await FakeAws.start();
    using folder = new FakeCredentialProcess();
    const settings = variablesIn(block("sh", "PROFILE=roles-anywhere"));
    const shown = listing.parse(JSON.parse(block("json", "viewUrl")));
    const [file] = shown.files;
    aws.objects = [{ key: file.fileName, size: 48213, lastModified: "2026-03-14T09:26:53.000Z" }];
    // Stands for the real command: notes its arguments, then prints credentials.
    const signer = join(folder.folder, "ra-signer");
    const credentials = JSON.stringify({ Version: 1, AccessKeyId: "ASIAEXAMPLE", SecretAccessKey: "secret" });
    writeFileSync(
      signer,
      `#!/bin/sh\nprintf '%s\\n' "$@" > '${folder.folder}/arguments'\necho '${credentials}'\n`,
    );
    chmodSync(signer, 0o755);
    writeFileSync(folder.configFile, block("ini", "credential_process"));

    const { child } = boot({
      ...settings,
      PORT: "0",
      PATH: [folder.folder, dirname(process.execPath), process.env["PATH"]].join(delimiter),
      AWS_CONFIG_FILE: folder.configFile,
      AWS_ENDPOINT_URL: aws.url,
    });
    const url = (await firstLine(child)).slice("listening on ".length);
    const files: unknown = await (await fetch(`${url}/api/files`)).json();
    const viewUrl: unknown = expect.stringContaining(aws.url);
    expect(files).toEqual({ ...shown, files: [{ ...file, viewUrl, viewUrlExpiresAt: expect.any(String) }] });
    expect(readFileSync(join(folder.folder, "arguments"), "utf8").split("\n").slice(0, 2)).toEqual([
      "credential-process",
      "--certificate",
    ]);
  });

  it("quote the refusal to start as it is", async () => {
    const { stderr } = boot({ REGION: "us-east-1" });
    expect(block("text", "cannot start", reference)).toBe(await stderr);
  });

  it("quote the one line that obtains credentials", () => {
    const source = readFileSync(new URL("roles-anywhere.ts", import.meta.url), "utf8");
    expect(source).toContain(block("ts", "fromIni").trim());
  });

  it("list every route and every problem", () => {
    for (const [code, [status]] of Object.entries(PROBLEMS)) {
      expect(reference).toMatch(
        new RegExp(`\\| \`${code}\` +\\| ${code === "HTTP_ERROR" ? "4xx" : status} `),
      );
    }
    for (const route of ["/", "/api/files", "/api/identity", "/health", "/health/ready", "/docs"]) {
      expect(reference).toContain(`| \`GET ${route}\` `);
    }
  });
});
