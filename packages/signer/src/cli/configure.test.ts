import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { fromIni } from "@aws-sdk/credential-providers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { splitWords } from "../aws-config/credential-process-line.ts";
import { CREDENTIALS, startFakeService, success } from "../../test/support/fake-service.ts";
import { readVector, temporaryFolder } from "@roles-anywhere/testing";
import { MAIN, runCli } from "../../test/support/run-cli.ts";
import type { CliResult } from "../../test/support/run-cli.ts";

const vector = readVector("ecdsa");
const ARNS = {
  TrustAnchorArn: "arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/1",
  ProfileArn: "arn:aws:rolesanywhere:eu-central-1:123456789012:profile/2",
  RoleArn: "arn:aws:iam::123456789012:role/Example",
};

let folder: ReturnType<typeof temporaryFolder>;
let config: string;
beforeEach(() => {
  folder = temporaryFolder();
  config = folder.join("aws", "config");
  writeFileSync(folder.join("outputs.json"), JSON.stringify({ RolesAnywhereStack: ARNS }));
  writeFileSync(folder.join("client.pem"), vector.certificatePem);
  writeFileSync(folder.join("client.key"), vector.privateKeyPem);
  mkdirSync(folder.join("home", ".aws"), { recursive: true });
});
afterEach(() => folder[Symbol.dispose]());

/** Runs configure with good flags and some changes; null leaves a flag out, true gives it no value. */
function configure(changes: Readonly<Record<string, string | true | null>> = {}): Promise<CliResult> {
  const flags: Readonly<Record<string, string | true | null>> = {
    profile: "web",
    "from-outputs": folder.join("outputs.json"),
    certificate: folder.join("client.pem"),
    "private-key": folder.join("client.key"),
    ...changes,
  };
  const words = Object.entries(flags).flatMap(([name, value]) => {
    if (value === null) return [];
    return value === true ? [`--${name}`] : [`--${name}`, value];
  });
  return runCli(["configure", ...words], { HOME: folder.join("home"), AWS_CONFIG_FILE: config });
}

const read = (): string => readFileSync(config, "utf8");

describe("ra-signer configure", () => {
  it("writes one absolute, quoted line and the region into a new file", async () => {
    expect(await configure()).toMatchObject({
      code: 0,
      stdout: "",
      stderr: expect.stringContaining("is ready"),
    });
    expect(read()).toBe(
      [
        "[profile web]",
        `credential_process = "${process.execPath}" "${MAIN}" credential-process` +
          ` --certificate "${folder.join("client.pem")}" --private-key "${folder.join("client.key")}"` +
          ` --trust-anchor-arn "${ARNS.TrustAnchorArn}" --profile-arn "${ARNS.ProfileArn}" --role-arn "${ARNS.RoleArn}"`,
        "region = eu-central-1",
        "",
      ].join("\n"),
    );
    expect(statSync(config).mode & 0o777).toBe(0o600);
    expect(statSync(folder.join("aws")).mode & 0o777).toBe(0o700);
  });

  it("names the built file however the command was called", async () => {
    const bin = fileURLToPath(new URL("../../bin/ra-signer.cjs", import.meta.url));
    const link = folder.join("ra-signer");
    symlinkSync(bin, link);
    const files = ["--certificate", folder.join("client.pem"), "--private-key", folder.join("client.key")];
    const words = [
      "configure",
      "--profile",
      "web",
      "--from-outputs",
      folder.join("outputs.json"),
      ...files,
      "--cache",
    ];
    const { status } = spawnSync(process.execPath, [link, ...words], {
      env: { HOME: folder.join("home"), AWS_CONFIG_FILE: config },
    });
    expect(status).toBe(0);
    const launcher = MAIN.replace("main.cjs", "cached.sh");
    expect(read()).toContain(
      `credential_process = "/bin/sh" "${launcher}" "${process.execPath}" "${MAIN}" cred`,
    );
  });

  it("writes what was asked for, and from ARNs instead of outputs", async () => {
    writeFileSync(folder.join("chain.pem"), vector.intermediatesPem);
    const result = await configure({
      profile: "default",
      "from-outputs": null,
      "trust-anchor-arn": ARNS.TrustAnchorArn,
      "profile-arn": ARNS.ProfileArn,
      "role-arn": ARNS.RoleArn,
      intermediates: folder.join("chain.pem"),
      region: "eu-west-1",
      "session-duration": "900",
      "role-session-name": "my name",
      endpoint: "http://127.0.0.1:9912",
      "with-proxy": true,
    });
    expect(result).toMatchObject({ code: 0 });
    const [header, line = "", region] = read().split("\n");
    expect([header, region]).toEqual(["[default]", "region = eu-west-1"]);
    expect(splitWords(line)?.slice(-10)).toEqual([
      ARNS.RoleArn,
      ...["--region", "eu-west-1", "--endpoint", "http://127.0.0.1:9912"],
      ...["--session-duration", "900", "--role-session-name", "my name", "--with-proxy"],
    ]);
    expect(line).toContain(`--intermediates "${folder.join("chain.pem")}"`);
  });

  it("writes ~/.aws/config when AWS_CONFIG_FILE is not set, or the file that is named", async () => {
    const words = ["--profile", "p", "--from-outputs", folder.join("outputs.json"), "--no-check-files"];
    const keys = ["--certificate", "/c.pem", "--private-key", "/c.key"];
    await runCli(["configure", ...words, ...keys], { HOME: folder.join("home") });
    expect(readFileSync(folder.join("home", ".aws", "config"), "utf8")).toContain("[profile p]");
    await configure({ "config-file": folder.join("named") });
    expect(readFileSync(folder.join("named"), "utf8")).toContain("[profile web]");
  });

  it("keeps everything else and changes nothing when run again", async () => {
    mkdirSync(folder.join("aws"));
    const before =
      "# mine\r\n[profile web]\r\nregion = us-west-2\r\ns3 =\r\n  a = 1\r\n[profile b]\r\nrole_arn=\u00e9";
    writeFileSync(config, before, { mode: 0o640 });
    await configure();
    const after = read();
    expect(after.replace(/credential_process = .*\r\n/, "")).toBe(before);
    expect(statSync(config).mode & 0o777).toBe(0o640);
    await configure();
    expect(read()).toBe(after);
    await configure({ "session-duration": "1800", region: "us-east-1" });
    expect(read()).toContain("--session-duration 1800\r\nregion = us-east-1\r\ns3 =\r\n  a = 1\r\n");
  });

  it.each([
    [
      "static keys",
      "aws_access_key_id = AKIA\naws_secret_access_key = S",
      /aws_access_key_id, aws_secret_access_key/,
    ],
    ["single sign-on", "sso_session = corp", /sso_session/],
    ["a role", "role_arn = arn:x\nsource_profile = y", /role_arn, source_profile/],
    ["another process", "credential_process = /opt/other", /credential_process/],
  ])(
    "refuses a profile that has %s, and replaces it with --force keeping a copy",
    async (_title, settings, named) => {
      mkdirSync(folder.join("aws"));
      const before = `[profile web]\n${settings}\noutput = json\n`;
      writeFileSync(config, before);
      const refused = await configure();
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(named) });
      expect(refused.stderr).toMatch(/--force\n$/);
      expect(read()).toBe(before);
      const forced = await configure({ force: true });
      expect(forced).toMatchObject({ code: 0, stderr: expect.stringContaining(`${config}.backup`) });
      expect(read()).toMatch(
        /^\[profile web\]\n(region = .*\n)?credential_process = .*credential-process.*\n(region = .*\n)?output = json\n$/,
      );
      expect(readFileSync(`${config}.backup`, "utf8")).toBe(before);
    },
  );

  it("warns when the credentials file gets in the way, or breaks boto3", async () => {
    const credentials = folder.join("home", ".aws", "credentials");
    writeFileSync(credentials, "[web]\naws_access_key_id = A\njunk\n");
    const { code, stderr } = await configure();
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: \[web\] in ".*credentials" has aws_access_key_id/);
    expect(stderr).toMatch(/warning: the AWS CLI and boto3 cannot read ".*credentials" line 3: .*; /);
  });

  // boto3 and the AWS CLI refuse each of these files as a whole, or read another profile than the other SDKs.
  it.each<readonly [string, string | Buffer, RegExp]>([
    [
      "a second section",
      "[profile web]\nregion=a\n[profile web]\noutput=b\n",
      /line 3: section \[profile web\]/,
    ],
    ["a section twice elsewhere", "[profile a]\n[profile a]\n", /line 2: /],
    ["a key twice elsewhere", "[profile a]\nregion = x\nregion = y\n", /line 3: region is there already/],
    ["a byte order mark", "\ufeff[default]\n", /line 1: .*byte order mark.*save it as UTF-8/],
    ["a merge conflict", "[default]\n<<<<<<< HEAD\nregion = x\n=======\n", /line 2: .*keep one of the two/],
    ["a junk line", "[default]\nregion\n", /line 2: /],
    ["a setting before the first section", "region = x\n[default]\n", /line 1: /],
    [
      "a byte that is not UTF-8",
      Buffer.from("[default]\nregion = \u00fc\n", "latin1"),
      /line 2: .*not UTF-8/,
    ],
    ["UTF-16", Buffer.from("\ufeff[default]\n", "utf16le"), /line 1: .*UTF-16/],
    ["a header of only some SDKs", "[ profile web ]\nregion = x\n", /line 1: .*\[profile web\]/],
    ["keys of [DEFAULT]", "[DEFAULT]\naws_access_key_id = A\n", /line 2: .*of \[DEFAULT\] for every profile/],
  ])("refuses to add to a file with %s, and says the line", async (_title, before, message) => {
    mkdirSync(folder.join("aws"));
    writeFileSync(config, before);
    const bytes = readFileSync(config);
    const result = await configure({ force: true });
    expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
    expect(readFileSync(config)).toEqual(bytes);
  });

  it("sees settings that are indented below their header", async () => {
    mkdirSync(folder.join("aws"));
    writeFileSync(config, "[profile web]\n  region = us-west-2\n");
    await configure();
    expect(read()).toMatch(/^\[profile web\]\n {2}region = us-west-2\ncredential_process = .*\n$/);
    writeFileSync(config, "[profile web]\n  aws_access_key_id = A\n");
    expect(await configure()).toMatchObject({ code: 1, stderr: expect.stringMatching(/aws_access_key_id/) });
  });

  it("keeps every copy that --force makes", async () => {
    mkdirSync(folder.join("aws"));
    for (const key of ["A", "B", "A"]) {
      writeFileSync(config, `[profile web]\naws_access_key_id = ${key}\n`);
      expect(await configure({ force: true })).toMatchObject({ code: 0 });
    }
    expect(readFileSync(`${config}.backup`, "utf8")).toContain("= A");
    expect(readFileSync(`${config}.backup2`, "utf8")).toContain("= B");
    expect(readdirSync(folder.join("aws"))).toEqual(["config", "config.backup", "config.backup2"]);
  });

  it("takes flags before outputs, and outputs of other names, for two servers and two roles", async () => {
    const { TrustAnchorArn, ProfileArn, RoleArn } = ARNS;
    const reader = "arn:aws:iam::123456789012:role/Reader";
    const outputs = { FirstAnchor: TrustAnchorArn, SecondProfile: ProfileArn, SecondRole: RoleArn };
    writeFileSync(folder.join("outputs.json"), JSON.stringify({ Mine: outputs }));
    const names = { "trust-anchor-output": "FirstAnchor", "profile-output": "SecondProfile" };
    expect(await configure({ ...names, "role-output": "SecondRole" })).toMatchObject({ code: 0 });
    expect(read()).toContain(`--role-arn "${RoleArn}"`);
    expect(await configure({ ...names, "role-arn": reader })).toMatchObject({ code: 0 });
    expect(read()).toContain(`--profile-arn "${ProfileArn}" --role-arn "${reader}"`);
    expect(await configure(names)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /no output RoleArn .*only FirstAnchor, SecondProfile, SecondRole; name it with --role-output/,
      ),
    });
  });

  it("takes the outputs of one server of several, in whatever stack they are", async () => {
    const other = "arn:aws:iam::123456789012:role/Other";
    const { TrustAnchorArn, ProfileArn, RoleArn } = ARNS;
    const outputs = {
      ...{ ATrustAnchorArn: TrustAnchorArn, AProfileArn: ProfileArn, ARoleArn: RoleArn },
      ...{ BTrustAnchorArn: TrustAnchorArn, BProfileArn: ProfileArn, BRoleArn: other },
    };
    writeFileSync(folder.join("outputs.json"), JSON.stringify({ Network: {}, Servers: outputs }));
    expect(await configure({ server: "A" })).toMatchObject({ code: 0 });
    expect(read()).toContain(`--profile-arn "${ProfileArn}" --role-arn "${RoleArn}"`);
    expect(await configure({ server: "B" })).toMatchObject({ code: 0 });
    expect(read()).toContain(`--role-arn "${other}"`);
    expect(await configure({ server: "C", stack: "Servers" })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/stack "Servers" has no output CTrustAnchorArn .*only ATrustAnchorArn, /),
    });
  });

  it("writes a line for a machine with other paths", async () => {
    const result = await configure({
      certificate: "/run/secrets/client.pem",
      "private-key": "/run/secrets/client key",
      "no-check-files": true,
      command: "ra-signer",
    });
    expect(result).toMatchObject({ code: 0 });
    expect(read()).toContain(
      'credential_process = "ra-signer" credential-process --certificate "/run/secrets/client.pem" --private-key "/run/secrets/client key" ',
    );
  });

  it.each<readonly [string, Readonly<Record<string, string | true | null>>, number, RegExp]>([
    ["no profile", { profile: null }, 2, /--profile is missing/],
    ["no ARNs", { "from-outputs": null }, 2, /--trust-anchor-arn is missing/],
    ["a server without outputs", { "from-outputs": null, server: "A" }, 2, /give --from-outputs as well/],
    ["no certificate", { certificate: null }, 2, /--certificate is missing/],
    ["no key", { "private-key": null }, 1, /holds only CERTIFICATE/],
    ["a password", { "pkcs8-password": "x" }, 2, /--pkcs8-password-env/],
    ["a key from standard input", { "private-key": "-" }, 2, /env:NAME/],
    ["a token", { "pkcs11-lib": "/lib.so" }, 1, /PKCS#11/],
    ["an unknown flag", { nope: "x" }, 2, /unknown flag: --nope/],
    ["a profile name with a bracket", { profile: "a]b" }, 1, /not readable by every SDK/],
    ["a profile name with a space", { profile: "my profile" }, 1, /not readable by every SDK/],
    ["a profile name with a line break", { profile: "a\n[default]" }, 1, /not readable by every SDK/],
    ["a certificate that is not there", { certificate: "/nowhere.pem" }, 1, /cannot read the certificate/],
    ["outputs that are not there", { "from-outputs": "/nowhere.json" }, 1, /cdk deploy --outputs-file/],
    ["a stack that is not there", { stack: "Other" }, 1, /no stack "Other"/],
    [
      "another region's profile",
      { "profile-arn": ARNS.ProfileArn.replace("eu-", "us-") },
      1,
      /regions don't match/,
    ],
    [
      "a relative path for elsewhere",
      { certificate: "client.pem", "no-check-files": true },
      1,
      /"client.pem" is not absolute/,
    ],
    [
      "a profile's ARN for the trust anchor's",
      { "trust-anchor-arn": ARNS.ProfileArn },
      1,
      /not the ARN of a trust/,
    ],
    [
      "a trust anchor's ARN for the profile's",
      { "profile-arn": ARNS.TrustAnchorArn },
      1,
      /not the ARN of a profile/,
    ],
    ["a profile's ARN for the role's", { "role-arn": ARNS.ProfileArn }, 1, /not the ARN of a role.*:role\/…/],
    ["a role that is no ARN", { "role-arn": "hello" }, 1, /role arn.*"hello"/],
    ["a profile that the JavaScript SDK dies of", { profile: "__proto__" }, 1, /not readable by every SDK/],
    ["a session name with a line break", { "role-session-name": "a\nb" }, 1, /control character/],
    ["a session name with a comment", { "role-session-name": "a #b" }, 1, /comment/],
  ])("refuses %s and writes nothing", async (_title, changes, code, message) => {
    const result = await configure(changes);
    expect(result).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
    expect(() => read()).toThrow("ENOENT");
  });

  it.each([
    "plain",
    "with space",
    "dollar $HOME `id`",
    "it's",
    'double " quote',
    String.raw`back \ slash`,
    "ü#;",
  ])("gives the JavaScript SDK credentials from a folder named %j", async (name) => {
    await using service = await startFakeService(success());
    mkdirSync(folder.join(name));
    writeFileSync(folder.join(name, "c.pem"), vector.certificatePem);
    writeFileSync(folder.join(name, "c.key"), vector.privateKeyPem);
    const paths = { certificate: folder.join(name, "c.pem"), "private-key": folder.join(name, "c.key") };
    expect(await configure({ ...paths, endpoint: service.url })).toMatchObject({ code: 0 });
    vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
    const provider = fromIni({
      profile: "web",
      configFilepath: config,
      filepath: folder.join("no-credentials"),
      ignoreCache: true,
    });
    await expect(provider()).resolves.toMatchObject({
      accessKeyId: CREDENTIALS.accessKeyId,
      secretAccessKey: CREDENTIALS.secretAccessKey,
      sessionToken: CREDENTIALS.sessionToken,
      expiration: new Date(CREDENTIALS.expiration),
    });
    expect(service.requests).toHaveLength(1);
  });
});
