import { chmodSync, mkdirSync, writeFileSync } from "node:fs";

import { afterAll, beforeEach, describe, expect, it } from "vitest";

import { CREDENTIALS, refused, startFakeService, success } from "../testing/fake-service.ts";
import type { FakeService } from "../testing/fake-service.ts";
import { makeCertificate } from "../testing/chain.ts";
import { callerIdentity, withSts } from "../testing/fake-sts.ts";
import { makeIdentity, temporaryFolder } from "../testing/openssl.ts";
import { runCli } from "../testing/run-cli.ts";
import type { CliResult } from "../testing/run-cli.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const good = makeCertificate();
const other = makeCertificate();
const expired = makeIdentity("P-256", ["20200101000000Z", "20210101000000Z"]);
const certificate = folder.join("client.pem");
const key = folder.join("client.key");
const config = folder.join("config");
const credentials = folder.join("credentials");

beforeEach(() => {
  writeFileSync(certificate, good.certificatePem);
  writeFileSync(key, good.privateKeyPem);
  chmodSync(key, 0o600);
  writeFileSync(config, "");
  writeFileSync(credentials, "");
  mkdirSync(folder.join("home"), { recursive: true });
});

const ENVIRONMENT = { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: credentials };

/** AWS in one server. */
const startAws = (): Promise<FakeService> => startFakeService(withSts(callerIdentity(), success()));

function environment(service: FakeService): Readonly<Record<string, string>> {
  return { ...ENVIRONMENT, AWS_ENDPOINT_URL_STS: service.url };
}

function flags(service: FakeService): readonly string[] {
  return [
    ...["--certificate", certificate, "--private-key", key, "--endpoint", service.url],
    ...["--trust-anchor-arn", "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1"],
    ...["--profile-arn", "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2"],
    ...["--role-arn", "arn:aws:iam::123456789012:role/Example"],
  ];
}

/** Checks and statuses of all lines, in order. */
function lines({ stdout }: CliResult): readonly string[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((text) =>
      text.replace(
        /^(\w+) +(.{19}) {2}.*$/,
        (_all, status: string, check: string) => `${status} ${check.trim()}`,
      ),
    );
}

const ALL_CHECKS = [
  ...[
    "certificate file",
    "certificate mode",
    "certificate version",
    "basic constraints",
    "key usage",
    "extended key usage",
    "signature hash",
    "subject",
  ],
  ...["chain", "private key", "key file mode", "validity", "key pair"],
  ...["trust anchor ARN", "profile ARN", "role ARN", "partition", "account", "region", "session duration"],
  ...["attempts", "endpoint", "clock", "CreateSession", "caller identity"],
];

describe("ra-signer doctor", () => {
  it("finds nothing wrong where all is right", async () => {
    await using service = await startAws();
    const result = await runCli(["doctor", ...flags(service)], environment(service));
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(lines(result)).toEqual(ALL_CHECKS.map((check) => `ok ${check}`));
    expect(result.stdout).toContain("assumed-role/Example");
    expect(result.stdout).not.toContain(CREDENTIALS.secretAccessKey);
    expect(result.stdout).not.toContain(CREDENTIALS.sessionToken);
  });

  it("examines the profile that configure wrote", async () => {
    await using service = await startAws();
    await runCli(["configure", "--profile", "web", "--cache", ...flags(service)], ENVIRONMENT);
    const result = await runCli(["doctor", "--profile", "web"], environment(service));
    expect(lines(result)).toEqual(["profile", ...ALL_CHECKS].map((check) => `ok ${check}`));
    expect(result.code).toBe(0);
  });

  it("prints the same as JSON", async () => {
    await using service = await startFakeService(
      refused(403, "AccessDeniedException", "Untrusted Signing Certificate"),
    );
    const result = await runCli(["doctor", "--json", ...flags(service)], environment(service));
    expect(result).toMatchObject({ code: 1, stderr: "" });
    const report: unknown = JSON.parse(result.stdout);
    expect(report).toMatchObject({ ok: false });
    expect(report).toHaveProperty("findings.0", {
      check: "certificate file",
      status: "ok",
      message: expect.stringContaining(certificate),
    });
    expect(report).toHaveProperty("findings.23", {
      check: "CreateSession",
      status: "fail",
      message: expect.stringContaining("--intermediates"),
      remedy: expect.any(String),
    });
  });

  it("sends nothing with --offline", async () => {
    await using service = await startAws();
    const result = await runCli(["doctor", "--offline", ...flags(service)], environment(service));
    expect(lines(result)).toEqual(ALL_CHECKS.slice(0, -4).map((check) => `ok ${check}`));
    expect(service.requests).toEqual([]);
  });

  it("exits with 0 when there are only warnings", async () => {
    await using service = await startAws();
    chmodSync(key, 0o644);
    const result = await runCli(["doctor", ...flags(service)], environment(service));
    expect(lines(result).filter((text) => !text.startsWith("ok"))).toEqual(["warn key file mode"]);
    expect(result.stdout).toContain(`-> chmod 600 "${key}"`);
    expect(result.code).toBe(0);
  });

  it.each<readonly [string, () => readonly string[], readonly string[]]>([
    ["a missing certificate", () => ["--certificate", "/none.pem"], ["fail certificate file"]],
    ["a missing key", () => ["--private-key", "/none.key"], ["fail private key"]],
    [
      "a key of another certificate",
      () => {
        writeFileSync(key, other.privateKeyPem);
        return [];
      },
      ["fail key pair"],
    ],
    [
      "an expired certificate",
      () => {
        writeFileSync(certificate, expired.certificatePem);
        writeFileSync(key, expired.privateKeyPem);
        return [];
      },
      ["fail validity"],
    ],
    ["a key among the intermediates", () => ["--intermediates", key], ["fail intermediates"]],
    ["a missing role", () => ["--role-arn", ""], ["fail flags"]],
    ["another account", () => ["--role-arn", "arn:aws:iam::210987654321:role/x"], ["fail account"]],
    ["an endpoint where nobody listens", () => ["--endpoint", "http://127.0.0.1:1"], ["fail endpoint"]],
    ["an endpoint without a scheme", () => ["--endpoint", "localhost"], ["fail endpoint"]],
    ["a key in a token", () => ["--private-key", "pkcs11:object=a"], ["fail flags"]],
  ])("fails %s, and only that", async (_title, prepare, expected) => {
    await using service = await startAws();
    const more = prepare();
    const result = await runCli(["doctor", ...flags(service), ...more], environment(service));
    expect(lines(result).filter((text) => !text.startsWith("ok"))).toEqual(expected);
    expect(result).toMatchObject({ code: 1, stderr: "", stdout: expect.stringContaining(" -> ") });
  });

  it.each<readonly [string, string, RegExp]>([
    ["a profile that is not there", "", /there is no profile "web"/],
    ["a profile of another kind", "[profile web]\nregion = x\n", /has no credential_process/],
    ["another program", "[profile web]\ncredential_process = /bin/echo\n", /does not run ra-signer/],
    [
      "a program that is gone",
      "[profile web]\ncredential_process = /gone/node /gone/main.js credential-process\n",
      /names "\/gone\/node", which is not there/,
    ],
    [
      "a flag that does not exist",
      "[profile web]\ncredential_process = ra-signer credential-process --certifcate x\n",
      /unknown flag: --certifcate/,
    ],
  ])("fails %s", async (_title, text, message) => {
    writeFileSync(config, text);
    const result = await runCli(["doctor", "--profile", "web"], ENVIRONMENT);
    expect(result).toMatchObject({ code: 1, stdout: expect.stringMatching(message) });
  });

  it("fails a profile that SDKs do not get their credentials from", async () => {
    writeFileSync(
      config,
      "[profile web]\ncredential_process = ra-signer credential-process\nrole_arn = arn:aws:iam::1:role/x\n",
    );
    writeFileSync(credentials, "[web]\naws_access_key_id = AKIA\n");
    const { stdout } = await runCli(["doctor", "--offline", "--profile", "web"], ENVIRONMENT);
    expect(stdout).toMatch(/^fail {2}profile .*it has role_arn as well/m);
    expect(stdout).toMatch(/^fail {2}profile .*has aws_access_key_id, which SDKs prefer/m);
  });

  it("exits with 2 for wrong usage", async () => {
    const result = await runCli(["doctor", "--certifcate", "x"], ENVIRONMENT);
    expect(result).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("unknown flag") });
  });
});
