import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { relative } from "node:path";

import { afterAll, beforeEach, describe, expect, it } from "vitest";

import { CREDENTIALS, refused, startFakeService, success } from "../../test/support/fake-service.ts";
import type { FakeService } from "../../test/support/fake-service.ts";
import { makeCertificate } from "../../test/support/chain.ts";
import { callerIdentity, withSts } from "../../test/support/fake-sts.ts";
import { makeIdentity } from "../../test/support/identities.ts";
import { temporaryFolder } from "@roles-anywhere/testing";
import { MAIN as BUILT, runCli } from "../../test/support/run-cli.ts";
import type { CliResult } from "../../test/support/run-cli.ts";

const folder = temporaryFolder();
/** A program of one file. */
const MAIN = folder.join("ra-signer");
writeFileSync(MAIN, `#!/bin/sh\nexec "${process.execPath}" "${BUILT}" "$@"\n`, { mode: 0o755 });
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
    ["a TPM key", () => ["--private-key", "handle:0x81000001"], ["fail flags"]],
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
      `[profile web]\ncredential_process = '${MAIN}' credential-process --certifcate x\n`,
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
      `[profile web]\ncredential_process = '${MAIN}' credential-process\nrole_arn = arn:aws:iam::1:role/x\n`,
    );
    writeFileSync(credentials, "[web]\naws_access_key_id = AKIA\n");
    const { stdout } = await runCli(["doctor", "--offline", "--profile", "web"], ENVIRONMENT);
    expect(stdout).toMatch(/^fail {2}profile .*it has role_arn as well/m);
    expect(stdout).toMatch(/^fail {2}profile .*has aws_access_key_id, which SDKs prefer/m);
  });

  const good = "[profile web]\ncredential_process = PROGRAM credential-process\n";

  it.each<readonly [string, string | Buffer, number, RegExp]>([
    ["a byte order mark", `\ufeff${good}`, 1, /save it as UTF-8/],
    ["UTF-16", Buffer.from(`\ufeff${good}`, "utf16le"), 1, /save it as UTF-8/],
    ["a byte that is not UTF-8", Buffer.from(`${good}x = \u00fc\n`, "latin1"), 3, /save the file as UTF-8/],
    ["a merge conflict", `${good}<<<<<<< HEAD\n`, 3, /keep one of the two/],
    ["a junk line", `${good}junk\n`, 3, /key = value/],
    ["a setting before the first section", `x = 1\n${good}`, 1, /put a header/],
    ["a section twice", `${good}[profile web]\n`, 3, /make the two one/],
    ["a section twice elsewhere", `[a]\n[a]\n${good}`, 2, /make the two one/],
    ["a key twice", `${good}region = x\nregion = y\n`, 4, /keep one/],
  ])("fails a file with %s, which the AWS CLI and boto3 refuse", async (_title, text, line, remedy) => {
    const bytes = Buffer.from(Buffer.from(text).toString("latin1").replace("PROGRAM", MAIN), "latin1");
    for (const [name, path] of Object.entries({ config, credentials })) {
      writeFileSync(config, good.replace("PROGRAM", MAIN));
      writeFileSync(path, bytes);
      const { stdout, code } = await runCli(["doctor", "--profile", "web", "--offline"], ENVIRONMENT);
      expect(code).toBe(1);
      const finding = stdout
        .split("\n")
        .find((row) => row.startsWith("fail") && row.includes(`${name} file`));
      expect(finding).toContain(`the AWS CLI and boto3 cannot read "${path}" line ${line}: `);
      expect(finding).toMatch(remedy);
    }
  });

  it.each<readonly [string, string]>([
    ["indented settings", "[profile web]\n  credential_process = PROGRAM credential-process --x\n"],
    ["a colon", "[profile web]\ncredential_process: PROGRAM credential-process --x\n"],
    ["capitals", "[profile web]\nCredential_Process = PROGRAM credential-process --x\n"],
  ])("reads a profile with %s", async (_title, text) => {
    writeFileSync(config, text.replace("PROGRAM", MAIN));
    const { stdout } = await runCli(["doctor", "--profile", "web"], ENVIRONMENT);
    expect(stdout).toMatch(/unknown flag: --x/);
  });

  it.each<readonly [string, string, RegExp]>([
    [
      "a colon",
      "credential_process: PROGRAM credential-process\n",
      /line 2: credential_process is a setting for the AWS CLI/,
    ],
    [
      "a continuation",
      "credential_process = PROGRAM credential-process\n  role_arn = x\n",
      /line 3: role_arn is a setting for the AWS SDK/,
    ],
  ])("warns of %s, which only some SDKs read", async (_title, settings, message) => {
    writeFileSync(config, `[profile web]\n${settings}`.replace("PROGRAM", MAIN));
    const { stdout } = await runCli(["doctor", "--profile", "web", "--offline"], ENVIRONMENT);
    expect(stdout).toMatch(message);
  });

  it("finds the credential_process of the credentials file, which comes first", async () => {
    const line = `credential_process = ${MAIN} credential-process --first\n`;
    writeFileSync(credentials, `[web]\n${line}`);
    const alone = await runCli(["doctor", "--profile", "web"], ENVIRONMENT);
    expect(alone.stdout).toMatch(/unknown flag: --first/);
    writeFileSync(config, `[profile web]\n${line.replace("first", "second")}`);
    const both = await runCli(["doctor", "--profile", "web"], ENVIRONMENT);
    expect(both.stdout).toMatch(/unknown flag: --first/);
    expect(both.stdout).toMatch(/^warn {2}profile .*config" has credential_process as well -> remove one/m);
  });

  it("takes AWS_PROFILE where no other flag is given, and suggests --profile otherwise", async () => {
    writeFileSync(config, `[profile web]\ncredential_process = ${MAIN} credential-process --x\n`);
    const ofVariable = await runCli(["doctor"], { ...ENVIRONMENT, AWS_PROFILE: "web" });
    expect(ofVariable.stdout).toMatch(/unknown flag: --x/);
    const none = await runCli(["doctor"], ENVIRONMENT);
    expect(none.stdout).toMatch(/fail {2}flags .*-> give a profile with --profile/);
    const flag = await runCli(["doctor", "--region", "x"], { ...ENVIRONMENT, AWS_PROFILE: "web" });
    expect(flag.stdout).toMatch(/--trust-anchor-arn is missing/);
  });

  describe("tries the program", () => {
    const script = (name: string, text: string, mode: number): string => {
      writeFileSync(folder.join(name), text);
      chmodSync(folder.join(name), mode);
      return folder.join(name);
    };

    it.each<readonly [string, () => string, RegExp, "fail" | "warn"]>([
      [
        "a name that is not on the PATH",
        () => "no-ra-signer",
        /"no-ra-signer", which is not on the PATH/,
        "fail",
      ],
      ["a relative path that is not there", () => "./x", /"\.\/x", which is not there/, "fail"],
      [
        "a file without the right to run",
        () => script("plain", "#!/bin/sh\n", 0o644),
        /may not be executed -> chmod \+x/,
        "fail",
      ],
      ["a folder", () => folder.path, /which is a folder/, "fail"],
      ["a missing interpreter", () => script("odd", "#!/no/such\n", 0o755), /needs an interpreter/, "fail"],
      ["env with a missing program", () => "env no-ra-signer", /ends with 127.*no-ra-signer/, "fail"],
      ["another program", () => "/bin/echo", /is not ra-signer/, "fail"],
      [
        "one that fails",
        () => script("bad", "#!/bin/sh\nprintf '\\033bad' >&2; exit 3\n", 0o755),
        /ends with 3 .*: \?bad/,
        "fail",
      ],
      [
        "a relative path",
        () => relative(process.cwd(), MAIN),
        /found only by SDKs that run in this folder/,
        "warn",
      ],
    ])("%s", async (_title, program, message, status) => {
      writeFileSync(config, `[profile web]\ncredential_process = ${program()} credential-process\n`);
      const { stdout } = await runCli(["doctor", "--profile", "web", "--offline"], ENVIRONMENT);
      const finding = stdout.split("\n").find((row) => message.test(row));
      expect(finding ?? stdout).toMatch(new RegExp(`^${status} +profile`));
    });

    it.each([
      ["with env", () => `env ${MAIN}`],
      ["by its name", () => "ra-signer"],
    ])("that is there %s", async (_title, program) => {
      writeFileSync(config, `[profile web]\ncredential_process = ${program()} credential-process\n`);
      const PATH = `${folder.path}:${process.env["PATH"]}`;
      const { stdout } = await runCli(["doctor", "--profile", "web", "--offline"], { ...ENVIRONMENT, PATH });
      expect(stdout).toMatch(/^ok {4}profile/);
    });
  });

  it("exits with 2 for wrong usage", async () => {
    const result = await runCli(["doctor", "--certifcate", "x"], ENVIRONMENT);
    expect(result).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("unknown flag") });
  });
});
