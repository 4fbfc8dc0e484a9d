import { X509Certificate } from "node:crypto";
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { fromRolesAnywhere } from "../provider/from-roles-anywhere.ts";
import { CA_EXTENSIONS, makeCertificate } from "../../test/support/chain.ts";
import { startFakeService, success } from "../../test/support/fake-service.ts";
import type { FakeService } from "../../test/support/fake-service.ts";
import { temporaryFolder } from "@roles-anywhere/testing";
import type { TestIdentity } from "@roles-anywhere/testing";
import { exportPkcs12 } from "../../test/support/pkcs12.ts";
import { MAIN, runCli } from "../../test/support/run-cli.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const root = makeCertificate({ subject: "/CN=root", extensions: CA_EXTENSIONS });
const middle = makeCertificate({ subject: "/CN=middle", extensions: CA_EXTENSIONS, issuer: root });
const leaf = makeCertificate({ subject: "/CN=leaf", issuer: middle, algorithm: "RSA-2048" });
const renewed = makeCertificate({ subject: "/CN=leaf", issuer: middle });

const p12 = folder.join("client.p12");
const locked = folder.join("locked.p12");
const pem = folder.join("client.pem");
const key = folder.join("client.key");
const legacy = folder.join("legacy.pfx");
const base64Of = ({ certificatePem }: TestIdentity): string =>
  new X509Certificate(certificatePem).raw.toString("base64");

beforeAll(() => {
  writeFileSync(p12, exportPkcs12(leaf), { mode: 0o600 });
  const others = [root.certificatePem, middle.certificatePem];
  writeFileSync(locked, exportPkcs12({ ...leaf, others }, "p w"), { mode: 0o600 });
  writeFileSync(legacy, exportPkcs12(leaf, "", ["-legacy"]), { mode: 0o600 });
  writeFileSync(pem, leaf.certificatePem);
  writeFileSync(key, leaf.privateKeyPem, { mode: 0o600 });
});

const ARNS = {
  trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
  profileArn: "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
  roleArn: "arn:aws:iam::123456789012:role/Example",
};

function credentialProcess(service: FakeService, ...more: readonly string[]): readonly string[] {
  return [
    ...["credential-process", "--endpoint", service.url, "--trust-anchor-arn", ARNS.trustAnchorArn],
    ...["--profile-arn", ARNS.profileArn, "--role-arn", ARNS.roleArn, ...more],
  ];
}

describe("ra-signer credential-process with a PKCS#12 file", () => {
  it.each([
    ["--pkcs8-password", ["--pkcs8-password", "p w"], {}],
    ["--pkcs8-password-env", ["--pkcs8-password-env", "PASSWORD"], { PASSWORD: "p w" }],
  ])("sends its certificate and its chain, its password from %s", async (_title, more, environment) => {
    await using service = await startFakeService(success());
    const words = credentialProcess(service, "--certificate", locked, ...more);
    expect(await runCli(words, environment)).toMatchObject({ code: 0, stderr: "" });
    expect(service.requests[0]?.headers).toMatchObject({
      "x-amz-x509": base64Of(leaf),
      "x-amz-x509-chain": `${base64Of(middle)},${base64Of(root)}`,
      authorization: expect.stringMatching(/^AWS4-X509-RSA-SHA256 /),
    });
  });

  it.each([
    ["a modern one", p12],
    ["a legacy one", legacy],
  ])("needs no password for %s without one", async (_title, path) => {
    await using service = await startFakeService(success());
    const result = await runCli(credentialProcess(service, "--certificate", path));
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(service.requests[0]?.headers["x-amz-x509-chain"]).toBeUndefined();
  });

  it("warns when others may read it, for a key is in it", async () => {
    await using service = await startFakeService(success());
    const open = folder.join("open.p12");
    copyFileSync(p12, open);
    spawnSync("chmod", ["644", open]);
    const { code, stderr } = await runCli(credentialProcess(service, "--certificate", open));
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `ra-signer: warning: private key "${open}" has mode 0644; make it private: chmod 600\n`,
    });
  });

  it("keeps one session for each file with --cache, and fetches another when the file is replaced", async () => {
    await using service = await startFakeService(success());
    const path = folder.join("rotated.p12");
    const environment = { RA_SIGNER_CACHE_DIR: folder.join("cache"), PASSWORD: "p w" };
    const words = credentialProcess(
      service,
      "--cache",
      "--certificate",
      path,
      "--pkcs8-password-env",
      "PASSWORD",
    );
    writeFileSync(path, exportPkcs12(leaf, "p w"), { mode: 0o600 });
    const first = await runCli(words, environment);
    expect(await runCli(words, environment)).toEqual(first);
    expect(service.requests).toHaveLength(1);
    writeFileSync(path, exportPkcs12(renewed, "p w"), { mode: 0o600 });
    expect(await runCli(words, environment)).toMatchObject({ code: 0, stderr: "" });
    expect(service.requests.map(({ headers }) => headers["x-amz-x509"])).toEqual([
      base64Of(leaf),
      base64Of(renewed),
    ]);
  });

  it.each([
    ["--private-key", () => ["--private-key", key], /PKCS#12 file, which brings its own private key/],
    ["--intermediates", () => ["--intermediates", pem], /PKCS#12 file, which brings its own intermediates/],
    ["a wrong password", () => ["--pkcs8-password", "hunter2"], /^(?!.*hunter2).*incorrect PKCS#12 password/],
  ])("refuses %s before it sends anything", async (_title, more, message) => {
    await using service = await startFakeService(success());
    const result = await runCli(credentialProcess(service, "--certificate", p12, ...more()));
    expect(result).toEqual({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
    expect(service.requests).toEqual([]);
  });

  it("needs node-forge for it, and for nothing else", async () => {
    // The command alone, with no package in reach.
    const lone = folder.join("lone");
    cpSync(dirname(MAIN), lone, { recursive: true });
    const run = (...words: readonly string[]): ReturnType<typeof spawnSync> =>
      spawnSync(process.execPath, [join(lone, "main.cjs"), "sign-string", ...words], {
        encoding: "utf8",
      });
    expect(run("--certificate", pem, "--private-key", key)).toMatchObject({ status: 0, stderr: "" });
    expect(run("--certificate", p12)).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(
        /needs the package node-forge.*npm install node-forge, or convert it: openssl/,
      ),
    });
  });
});

describe("ra-signer sign-string and read-certificate-data with a PKCS#12 file", () => {
  it.each([
    ["a modern one", () => ["--certificate", p12]],
    ["a legacy one", () => ["--certificate", legacy]],
    ["one with a password", () => ["--certificate", locked, "--pkcs8-password", "p w"]],
  ])("print what they print for PEM: %s", async (_title, words) => {
    const signed = await runCli(["sign-string", "--certificate", pem, "--private-key", key]);
    expect(signed.code).toBe(0);
    expect(await runCli(["sign-string", ...words()])).toEqual(signed);
    const described = await runCli(["read-certificate-data", "--certificate", pem]);
    expect(described.code).toBe(0);
    expect(await runCli(["read-certificate-data", ...words()])).toEqual(described);
  });
});

describe("ra-signer doctor with a PKCS#12 file", () => {
  it("judges certificate, chain, key and mode as it does with PEM", async () => {
    await using service = await startFakeService(success());
    const [, ...words] = credentialProcess(service, "--certificate", locked, "--pkcs8-password", "p w");
    const { stdout, code } = await runCli(["doctor", "--offline", ...words]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok +certificate file +".*locked\.p12", serial number \d+$/m);
    expect(stdout).toMatch(/^ok +private key +RSA, ".*locked\.p12"$/m);
    expect(stdout).toMatch(/^ok +key file mode +0600$/m);
    expect(stdout).toMatch(/^ok +key pair/m);
    // The root is in the file, and the service has it already.
    expect(stdout).toMatch(/^\w+ +chain .*root/m);
  });

  it.each([
    ["its password is missing", [], /^fail +certificate file +.*has a password.*--pkcs8-password-env$/m],
    [
      "its password is wrong",
      ["--pkcs8-password", "x"],
      /^fail +certificate file +.*incorrect PKCS#12 password.*--pkcs8-password-env$/m,
    ],
  ])("says that %s", async (_title, more, line) => {
    await using service = await startFakeService(success());
    const [, ...words] = credentialProcess(service, "--certificate", locked, ...more);
    const { stdout, code } = await runCli(["doctor", "--offline", ...words]);
    expect(code).toBe(1);
    expect(stdout).toMatch(line);
  });
});

describe("ra-signer configure with a PKCS#12 file", () => {
  it("writes a profile that works", async () => {
    await using service = await startFakeService(success());
    const config = folder.join("config");
    const environment = { AWS_CONFIG_FILE: config, PASSWORD: "p w" };
    const [, ...words] = credentialProcess(
      service,
      "--certificate",
      locked,
      "--pkcs8-password-env",
      "PASSWORD",
    );
    expect(await runCli(["configure", "--profile", "p12", ...words], environment)).toMatchObject({ code: 0 });
    expect(await runCli(["doctor", "--offline", "--profile", "p12"], environment)).toMatchObject({ code: 0 });
    expect(
      await runCli(["configure", "--profile", "other", ...words], { AWS_CONFIG_FILE: config }),
    ).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("which is not set"),
    });
  });
});

describe("fromRolesAnywhere with a PKCS#12 file", () => {
  it("reads it anew for each session", async () => {
    await using service = await startFakeService(success());
    const path = folder.join("provider.p12");
    writeFileSync(path, exportPkcs12(leaf, "x"));
    const provider = fromRolesAnywhere({
      ...ARNS,
      ...{ certificate: path, passphrase: "x", endpoint: service.url, environment: {} },
    });
    await provider();
    writeFileSync(path, exportPkcs12({ ...renewed, others: [middle.certificatePem] }, "x"));
    await provider({ forceRefresh: true });
    expect(
      service.requests.map(({ headers }) => [headers["x-amz-x509"], headers["x-amz-x509-chain"]]),
    ).toEqual([
      [base64Of(leaf), undefined],
      [base64Of(renewed), base64Of(middle)],
    ]);
  });
});
