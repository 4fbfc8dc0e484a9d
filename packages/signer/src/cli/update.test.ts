import { spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";

import { fromIni } from "@aws-sdk/credential-providers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { CREDENTIALS, refused, startFakeService, success } from "../../test/support/fake-service.ts";
import type { Answer, FakeService } from "../../test/support/fake-service.ts";
import { readVector, temporaryFolder } from "@roles-anywhere/testing";
import { MAIN, runCli } from "../../test/support/run-cli.ts";
import type { CliResult } from "../../test/support/run-cli.ts";
import { update } from "./commands/update.ts";

const vector = readVector("ecdsa");

let folder: ReturnType<typeof temporaryFolder>;
let file: string;
beforeEach(() => {
  folder = temporaryFolder();
  file = folder.join("aws", "credentials");
  writeFileSync(folder.join("client.pem"), vector.certificatePem);
  writeFileSync(folder.join("client.key"), vector.privateKeyPem, { mode: 0o600 });
});
afterEach(() => folder[Symbol.dispose]());

function words(service: FakeService, ...more: readonly string[]): readonly string[] {
  return [
    ...["--certificate", folder.join("client.pem"), "--private-key", folder.join("client.key")],
    ...["--trust-anchor-arn", "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1"],
    ...["--profile-arn", "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2"],
    ...["--role-arn", "arn:aws:iam::123456789012:role/Example", "--endpoint", service.url],
    ...more,
  ];
}

/** Runs `update --once` on a file with these contents; undefined for no file. */
async function once(before?: string, ...more: readonly string[]): Promise<CliResult> {
  await using service = await startFakeService(success());
  if (before !== undefined) put(before);
  return await runCli(["update", "--once", ...words(service, ...more)], {
    AWS_SHARED_CREDENTIALS_FILE: file,
  });
}

function put(text: string): void {
  mkdirSync(folder.join("aws"), { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
}

const read = (): string => readFileSync(file, "utf8");

const KEYS = [
  `aws_access_key_id = ${CREDENTIALS.accessKeyId}`,
  `aws_secret_access_key = ${CREDENTIALS.secretAccessKey}`,
  `aws_session_token = ${CREDENTIALS.sessionToken}`,
].join("\n");

describe("ra-signer update --once", () => {
  it("makes a private file in a private folder", async () => {
    expect(await once()).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(read()).toBe(`[default]\n${KEYS}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(folder.join("aws")).mode & 0o777).toBe(0o700);
  });

  it.each<readonly [string, readonly string[], string]>([
    ["without --profile", [], "default"],
    ["with an empty --profile", ["--profile", ""], "default"],
    ["with --profile web", ["--profile", "web"], "web"],
  ])("writes ~/.aws/credentials when no variable names a file, %s", async (_title, more, section) => {
    await using service = await startFakeService(success());
    const result = await runCli(["update", "--once", ...words(service, ...more)], { HOME: folder.path });
    expect(result).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(readFileSync(folder.join(".aws", "credentials"), "utf8")).toBe(`[${section}]\n${KEYS}\n`);
  });

  it("replaces the file, so that who reads it has the old one or the new one", async () => {
    put("[default]\nx=1\n");
    const reader = openSync(file, "r");
    await once();
    expect(readFileSync(reader, "utf8")).toBe("[default]\nx=1\n");
    closeSync(reader);
    expect(read()).toContain(CREDENTIALS.accessKeyId);
  });

  it("writes what an SDK reads", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
    await once("# mine\n[other]\nregion = x\n", "--profile", "web");
    const provider = fromIni({
      profile: "web",
      filepath: file,
      configFilepath: folder.join("none"),
      ignoreCache: true,
    });
    const { accessKeyId, secretAccessKey, sessionToken } = CREDENTIALS;
    await expect(provider()).resolves.toMatchObject({ accessKeyId, secretAccessKey, sessionToken });
  });

  const old = "aws_access_key_id=a\naws_secret_access_key=b\naws_session_token=c";
  it.each<readonly [title: string, before: string, after: string]>([
    ["replaces the three keys", `[default]\n${old}\n`, `[default]\n${KEYS}\n`],
    [
      "keeps other keys, comments and sections",
      `# top\n[a]\nx=1\n\n[default]\nregion = eu-west-1\n${old}\n; end\n\n[b]\ny=ü\n`,
      `# top\n[a]\nx=1\n\n[default]\nregion = eu-west-1\n${KEYS}\n; end\n\n[b]\ny=ü\n`,
    ],
    ["keeps the last line of the file", `[default]\n${old}\nregion=x`, `[default]\n${KEYS}\nregion=x`],
    ["does not repeat a header on the last line", "[default]", `[default]\n${KEYS}`],
    [
      "adds what is missing below the header",
      "[default]\nregion=x\naws_secret_access_key=b\naws_session_token=c\n",
      `[default]\n${KEYS.split("\n")[0]}\nregion=x\n${KEYS.split("\n").slice(1).join("\n")}\n`,
    ],
    [
      "keeps keys whose names only begin like ours",
      `[default]\n${old}\naws_session_token_note = mine\n`,
      `[default]\n${KEYS}\naws_session_token_note = mine\n`,
    ],
    ["fills an empty file", "", `[default]\n${KEYS}\n`],
    ["appends a section", "[a]\nx=1\n", `[a]\nx=1\n\n[default]\n${KEYS}\n`],
    [
      "does not take [profile default] for it",
      "[profile default]\nx=1\n",
      `[profile default]\nx=1\n\n[default]\n${KEYS}\n`,
    ],
    [
      "keeps Windows line endings",
      `[default]\r\n${old.replaceAll("\n", "\r\n")}\r\n`,
      `[default]\r\n${KEYS.replaceAll("\n", "\r\n")}\r\n`,
    ],
  ])("%s", async (_title, before, after) => {
    expect(await once(before)).toMatchObject({ code: 0, stderr: "" });
    expect(read()).toBe(after);
    expect(readdirSync(folder.join("aws"))).toEqual(["credentials"]);
  });

  it("replaces the keys in every section of the name, since SDKs merge them, and says that boto3 does not", async () => {
    const before = `[default]\n${old}\n[a]\n${old}\n[default]\naws_session_token=d\n`;
    expect(await once(before)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /^ra-signer: warning: the AWS CLI and boto3 cannot read ".*" line 9: section \[default\] .*make the two one\n$/,
      ),
    });
    expect(read()).toBe(`[default]\n${KEYS}\n[a]\n${old}\n[default]\n${KEYS.split("\n")[2]}\n`);
  });

  // The old keys stood beside the new ones in each of these, or an SDK went on reading them.
  const longTerm = ["aws_access_key_id = AKIA", "aws_secret_access_key = only here"];
  it.each<readonly [string, string]>([
    ["indented", `[default]\n  ${longTerm.join("\n  ")}\n`],
    ["with colons", `[default]\n${longTerm.join("\n").replaceAll("=", ":")}\n`],
    ["in capitals", `[default]\n${longTerm.join("\n").toUpperCase()}\n`],
    ["below an indented region", `[default]\n  region = x\n  ${longTerm.join("\n  ")}\n`],
    ["behind a byte order mark", `\ufeff[default]\n${longTerm.join("\n")}\n`],
    [
      "between markers of a merge conflict",
      `[default]\n<<<<<<< a\n${longTerm.join("\n=======\n")}\n>>>>>>> b\n`,
    ],
  ])("finds long-term keys that are %s", async (_title, before) => {
    expect(await once(before)).toMatchObject({ code: 0 });
    expect(read()).not.toMatch(/AKIA|only here/i);
    expect(read().match(/aws_secret_access_key/g)).toHaveLength(1);
    expect(readFileSync(`${file}.backup`, "utf8")).toBe(before);
  });

  it.each<readonly [string, string, RegExp]>([
    ["a continuation for boto3", `[default]\nregion = x\n  ${longTerm.join("\n  ")}\n`, /line 3: /],
    ["a header of only some SDKs", `[ default ]\n${longTerm.join("\n")}\n`, /line 1: .*\[default\]/],
    ["a header with a tail", `[default]x\n${longTerm.join("\n")}\n`, /line 2: /],
  ])("refuses %s, naming the line", async (_title, before, message) => {
    const result = await once(before);
    expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
    expect(read()).toBe(before);
    expect(readdirSync(folder.join("aws"))).toEqual(["credentials"]);
  });

  it("keeps a copy of long-term keys that it replaces, and never writes over an older copy", async () => {
    const before = "[default]\naws_access_key_id = AKIA\naws_secret_access_key = only here\n";
    expect(await once(before)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`"${file}.backup"`),
    });
    const other = before.replace("AKIA", "AKIB");
    expect(await once(other)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`"${file}.backup2"`),
    });
    expect(readFileSync(`${file}.backup`, "utf8")).toBe(before);
    expect(readFileSync(`${file}.backup2`, "utf8")).toBe(other);
    expect(statSync(`${file}.backup`).mode & 0o777).toBe(0o600);
  });

  it.each([0o640, 0o666, 0o604])("makes a file of mode %o private, and says so", async (mode) => {
    put("[default]\n");
    chmodSync(file, mode);
    expect(await once()).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(`had mode 0${mode.toString(8)}; it holds credentials and is private now`),
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.runIf(process.getuid?.() === 0)("leaves the file to its owner when root writes it", async () => {
    put("[default]\n");
    chownSync(file, 4321, 4322);
    await once();
    expect(statSync(file)).toMatchObject({ uid: 4321, gid: 4322, mode: 0o100600 });
  });

  it.each<readonly [string, readonly Answer[], readonly string[], RegExp]>([
    ["a refusal", [refused(403, "AccessDeniedException", "no")], [], /AccessDeniedException/],
    ["a token of two lines", [success({ sessionToken: "a\n[b]" })], [], /sessionToken .* cannot hold/],
    ["a profile with a bracket", [success()], ["--profile", "a]b"], /profile name/],
    ["a missing flag", [success()], ["--role-arn", ""], /--role-arn is missing/],
  ])("leaves the file alone and exits with 1 after %s", async (_title, answers, more, message) => {
    await using service = await startFakeService(...answers);
    put("[default]\nx=1\n");
    const result = await runCli(["update", "--once", ...words(service, ...more)], {
      AWS_SHARED_CREDENTIALS_FILE: file,
    });
    expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
    expect(read()).toBe("[default]\nx=1\n");
  });
});

describe("ra-signer update", () => {
  /** Runs the loop in a world in which only sleeping takes time, until the answers are used up or it fails. */
  async function loop(...answers: readonly Answer[]): Promise<{
    readonly code: number;
    readonly error?: unknown;
    readonly notes: readonly string[];
    readonly files: readonly { readonly seconds: number; readonly text: string }[];
  }> {
    await using service = await startFakeService(...answers);
    const start = Date.now();
    let clock = start;
    const notes: string[] = [];
    const files: { readonly seconds: number; readonly text: string }[] = [];
    const controller = new AbortController();
    const run = update.run(words(service), {
      environment: { AWS_SHARED_CREDENTIALS_FILE: file, AWS_MAX_ATTEMPTS: "1" },
      out: () => {},
      note: (line) => notes.push(line),
      time: {
        now: () => new Date(clock),
        sleep: (milliseconds) => {
          const text = read();
          if (files.at(-1)?.text !== text) files.push({ seconds: (clock - start) / 1000, text });
          if (service.requests.length === answers.length) controller.abort();
          clock += milliseconds;
          return Promise.resolve();
        },
        signal: controller.signal,
      },
    });
    return await run.then(
      (code) => ({ code, notes, files }),
      (error: unknown) => ({ code: 1, error, notes, files }),
    );
  }

  const session = (name: string, hours: number): Answer =>
    success({ accessKeyId: name, expiration: new Date(Date.now() + hours * 3_600_000).toISOString() });

  it("writes the next session five minutes before the end of the last one", async () => {
    const { code, files } = await loop(session("FIRST", 1), session("SECOND", 2));
    expect(code).toBe(0);
    expect(files.map(({ text }) => /aws_access_key_id = (\w+)/.exec(text)?.[1])).toEqual(["FIRST", "SECOND"]);
    // The sessions were dated a moment before the loop began.
    expect(Math.abs((files[1]?.seconds ?? 0) - 3300)).toBeLessThan(5);
  });

  it("keeps the last session in the file while the service is down, and goes on afterwards", async () => {
    const busy = refused(503, "ServiceUnavailableException", "busy");
    const { code, files, notes } = await loop(session("FIRST", 1), busy, busy, session("SECOND", 2));
    expect(code).toBe(0);
    expect(files).toHaveLength(2);
    expect(notes).toHaveLength(2);
    expect(notes[0]).toMatch(
      /^ra-signer: warning: the credentials in .* stay until .*, next attempt at .*busy/,
    );
  });

  it("ends with the error when the last session has ended", async () => {
    const { code, error, notes } = await loop(
      session("FIRST", 1),
      ...Array.from({ length: 40 }, () => refused(403, "AccessDeniedException", "revoked")),
    );
    expect(code).toBe(1);
    expect(error).toMatchObject({ code: "ERR_SIGNER_SERVICE_REFUSED", serviceMessage: "revoked" });
    expect(notes.length).toBeGreaterThan(2);
    expect(read()).toContain("FIRST");
  });

  it("ends with the error when there never was a session", async () => {
    const { code, error } = await loop(refused(403, "AccessDeniedException", "no"));
    expect(code).toBe(1);
    expect(error).toMatchObject({ serviceMessage: "no" });
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "ends with 0 on %s, and leaves the session in the file",
    async (name) => {
      await using service = await startFakeService(success());
      const child = spawn(process.execPath, [MAIN, "update", ...words(service)], {
        env: { PATH: process.env["PATH"] ?? "", AWS_SHARED_CREDENTIALS_FILE: file },
        stdio: "ignore",
      });
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      await vi.waitUntil(() => existsSync(file), 20_000);
      child.kill(name);
      expect(await ended).toBe(0);
      expect(read()).toBe(`[default]\n${KEYS}\n`);
      expect(readdirSync(folder.join("aws"))).toEqual(["credentials"]);
    },
  );
});
