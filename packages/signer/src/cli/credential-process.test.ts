import { chmodSync, readFileSync, writeFileSync } from "node:fs";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { CREDENTIALS, json, refused, startFakeService, success } from "../../test/support/fake-service.ts";
import { makeIdentity } from "../../test/support/identities.ts";
import { openssl, readVector, temporaryFolder } from "@roles-anywhere/testing";
import { runCli } from "../../test/support/run-cli.ts";
import { VERSION } from "../version.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const vector = readVector("ecdsa");
const encryptedKey = openssl(["pkcs8", "-topk8", "-passout", "pass:p w"], vector.privateKeyPem).toString();
const files = {
  certificate: folder.join("client 1.pem"),
  key: folder.join("client 1.key"),
  together: folder.join("both.pem"),
  intermediates: folder.join("chain.pem"),
  otherKey: folder.join("other.key"),
  expired: folder.join("expired.pem"),
  expiredKey: folder.join("expired.key"),
  future: folder.join("future.pem"),
  futureKey: folder.join("future.key"),
};

beforeAll(() => {
  writeFileSync(files.certificate, vector.certificatePem);
  writeFileSync(files.key, vector.privateKeyPem, { mode: 0o600 });
  writeFileSync(files.together, vector.certificatePem + vector.privateKeyPem, { mode: 0o600 });
  writeFileSync(files.intermediates, vector.intermediatesPem);
  writeFileSync(files.otherKey, readVector("rsa").privateKeyPem);
  const expired = makeIdentity("P-256", ["20200101000000Z", "20210101000000Z"]);
  writeFileSync(files.expired, expired.certificatePem);
  writeFileSync(files.expiredKey, expired.privateKeyPem);
  const future = makeIdentity("P-256", ["20480101000000Z", "20490101000000Z"]);
  writeFileSync(files.future, future.certificatePem);
  writeFileSync(files.futureKey, future.privateKeyPem);
});

const FLAGS = {
  certificate: files.certificate,
  "private-key": files.key,
  "trust-anchor-arn": "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
  "profile-arn": "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
  "role-arn": "arn:aws:iam::123456789012:role/Example",
};

/** A command line from the good flags and some changes; null leaves a flag out. */
function commandLine(changes: Readonly<Record<string, string | null>> = {}): readonly string[] {
  const flags = Object.entries({ ...FLAGS, ...changes });
  return [
    "credential-process",
    ...flags.flatMap(([name, value]) => (value === null ? [] : [`--${name}`, value])),
  ];
}

describe("ra-signer credential-process", () => {
  it("prints the helper's JSON and nothing else", async () => {
    await using service = await startFakeService(success());
    const result = await runCli(commandLine({ endpoint: service.url }));
    expect(result).toEqual({
      code: 0,
      stderr: "",
      stdout:
        `{"Version":1,"AccessKeyId":"${CREDENTIALS.accessKeyId}","SecretAccessKey":"${CREDENTIALS.secretAccessKey}",` +
        `"SessionToken":"${CREDENTIALS.sessionToken}","Expiration":"${CREDENTIALS.expiration}","AccountId":"123456789012"}`,
    });
    expect(service.requests[0]?.body).toBe('{"durationSeconds":3600}');
  });

  it("passes every flag on", async () => {
    await using service = await startFakeService(success());
    const changes = {
      endpoint: service.url,
      intermediates: files.intermediates,
      region: "eu-west-1",
      "session-duration": "300",
      "role-session-name": "-name",
    };
    expect(await runCli(commandLine(changes))).toMatchObject({ code: 0 });
    const [request] = service.requests;
    expect(request?.body).toBe('{"durationSeconds":300,"roleSessionName":"-name"}');
    expect(request?.headers.authorization).toContain("/eu-west-1/rolesanywhere/");
    expect(request?.headers["x-amz-x509-chain"]).toBeTypeOf("string");
  });

  it("takes the endpoint from the flag, then AWS_ENDPOINT_URL_ROLESANYWHERE, then AWS_ENDPOINT_URL", async () => {
    await using byFlag = await startFakeService(success());
    await using special = await startFakeService(success());
    await using general = await startFakeService(success());
    const both = { AWS_ENDPOINT_URL_ROLESANYWHERE: special.url, AWS_ENDPOINT_URL: general.url };
    await runCli(commandLine({ endpoint: byFlag.url }), both);
    await runCli(commandLine(), both);
    await runCli(commandLine(), { AWS_ENDPOINT_URL: general.url });
    expect([byFlag, special, general].map(({ requests }) => requests.length)).toEqual([1, 1, 1]);
  });

  it("makes as many attempts as AWS_MAX_ATTEMPTS says", async () => {
    await using service = await startFakeService(refused(503, "ServiceUnavailableException", "busy"));
    const result = await runCli(commandLine({ endpoint: service.url }), { AWS_MAX_ATTEMPTS: "1" });
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(service.requests).toHaveLength(1);
  });

  it("describes the request on stderr with --debug, without secrets", async () => {
    await using service = await startFakeService(success());
    const { stdout, stderr } = await runCli([...commandLine({ endpoint: service.url }), "--debug"]);
    expect(JSON.parse(stdout)).toMatchObject({ Version: 1 });
    expect(stderr).toContain("AWS4-X509-ECDSA-SHA256");
    expect(stderr).not.toContain(CREDENTIALS.secretAccessKey);
    expect(stderr).not.toContain(CREDENTIALS.sessionToken);
  });

  it.each<readonly [string, Readonly<Record<string, string | null>>, Readonly<Record<string, string>>]>([
    ["in the certificate's file", { certificate: files.together, "private-key": null }, {}],
    ["in a variable", { "private-key": "env:KEY" }, { KEY: vector.privateKeyPem }],
    [
      "in a variable, encrypted, its password in another",
      { "private-key": "env:KEY", "pkcs8-password-env": "PASSWORD" },
      { KEY: encryptedKey, PASSWORD: "p w" },
    ],
    [
      "in a variable, encrypted, its password on the command line",
      { "private-key": "env:KEY", "pkcs8-password": "p w" },
      { KEY: encryptedKey },
    ],
  ])("takes the key %s", async (_title, changes, environment) => {
    await using service = await startFakeService(success());
    const result = await runCli(commandLine({ endpoint: service.url, ...changes }), environment);
    expect(result).toMatchObject({ code: 0, stderr: "" });
  });

  it("takes the key from standard input", async () => {
    await using service = await startFakeService(success());
    const args = commandLine({ endpoint: service.url, "private-key": "-" });
    expect(await runCli(args, {}, vector.privateKeyPem)).toMatchObject({ code: 0, stderr: "" });
  });

  it("warns of a key that others may read, and goes on", async () => {
    await using service = await startFakeService(success());
    chmodSync(files.key, 0o644);
    const result = await runCli(commandLine({ endpoint: service.url }));
    chmodSync(files.key, 0o600);
    expect(result).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^ra-signer: warning: .*mode 0644.*\n$/),
    });
  });

  it.each([
    [
      { "cert-selector": "Key=x509Subject,Value=CN=a", certificate: null, "private-key": null },
      /certificate stores/,
    ],
    [{ "system-store-name": "MY", certificate: null, "private-key": null }, /certificate stores/],
    [{ "pkcs11-lib": "/lib.so" }, /neither --certificate nor --private-key is a PKCS#11 URI/],
    [{ "tpm-key-password": "x" }, /TPM keys are not supported/],
    [{ certificate: "pkcs11:object=a", "pkcs11-lib": "/lib.so" }, /the PKCS#11 library "\/lib\.so"|pkcs11js/],
    [
      { "private-key": "pkcs11:object=a", "pkcs11-lib": "/lib.so" },
      /the PKCS#11 library "\/lib\.so"|pkcs11js/,
    ],
    [
      { "private-key": "pkcs11:object" },
      /the URI "pkcs11:object": a part of it is not of the form name=value/,
    ],
    [{ "private-key": "pkcs11:object=a", "pkcs8-password": "1234" }, /a PIN on the command line/],
    [{ "private-key": "handle:0x81000001" }, /--private-key: TPM/],
    [{ "cert-selector": "x" }, /--certificate and --cert-selector exclude each other/],
    [{ "system-store-name": "x" }, /--certificate and --system-store-name exclude/],
    [{ "tpm-key-password": "x", "pkcs8-password": "y" }, /--tpm-key-password and --pkcs8-password exclude/],
    [
      { "pkcs8-password": "x", "pkcs8-password-env": "y" },
      /--pkcs8-password and --pkcs8-password-env exclude/,
    ],
    [{ "private-key": "env:NOT_SET" }, /variable "NOT_SET", which is not set/],
  ])("refuses %j with a sentence", async (changes, message) => {
    const result = await runCli(commandLine(changes));
    expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
    expect(result.stderr).toMatch(/^ra-signer: [^\n]*\n$/);
  });

  it.each([
    [["--reuse-pin"], /PKCS#11/],
    [["--no-tpm-key-password"], /PKCS#11/],
    [["--use-latest-expiring-certificate"], /--private-key and --use-latest-expiring-certificate exclude/],
  ])("refuses %j with a sentence", async (switches, message) => {
    const result = await runCli([...commandLine(), ...switches]);
    expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
  });

  it.each([
    [
      "the service refuses",
      refused(403, "AccessDeniedException", "Untrusted Signing Certificate"),
      /Untrusted Signing/,
    ],
    ["the credential set is empty", json(201, { credentialSet: [] }), /credentialSet is empty/],
    ["a credential is empty", success({ secretAccessKey: "" }), /secretAccessKey is missing/],
  ])("exits with 1, one line and an empty stdout when %s", async (_title, answer, message) => {
    await using service = await startFakeService(answer);
    const result = await runCli(commandLine({ endpoint: service.url }));
    expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
    expect(result.stderr).toMatch(/^ra-signer: [^\n]*\n$/);
  });

  it.each<readonly [string, Readonly<Record<string, string | null>>, RegExp]>([
    ["certificate", { certificate: null }, /--certificate is missing/],
    ["private key", { "private-key": null }, /holds only CERTIFICATE/],
    ["trust anchor", { "trust-anchor-arn": null }, /--trust-anchor-arn is missing/],
    ["profile", { "profile-arn": null }, /--profile-arn is missing/],
    ["role", { "role-arn": null }, /--role-arn is missing/],
    [
      "trust anchor",
      { "trust-anchor-arn": "x:y" },
      /failed to parse trust anchor arn: 'arn: invalid prefix'/,
    ],
    ["profile", { "profile-arn": "arn:aws:x" }, /failed to parse profile arn: 'arn: not enough sections'/],
    [
      "regions",
      { "profile-arn": FLAGS["profile-arn"].replace("us-east-1", "us-east-2") },
      /trust anchor and profile regions don't match/,
    ],
    ["certificate", { certificate: "/nowhere.pem" }, /cannot read the certificate "\/nowhere.pem"/],
    ["certificate", { certificate: files.key }, /could not parse PEM data/],
    [
      "certificate",
      { certificate: files.expired, "private-key": files.expiredKey },
      /expired at 2021-01-01T00:00:00Z/,
    ],
    [
      "certificate",
      { certificate: files.future, "private-key": files.futureKey },
      /valid only from 2048-01-01/,
    ],
    ["private key", { "private-key": "/nowhere.key" }, /cannot read the private key/],
    ["private key", { "private-key": files.certificate }, /unable to parse private key/],
    ["private key", { "private-key": files.otherKey }, /does not belong to certificate/],
    ["intermediates", { intermediates: files.key }, /invalid certificate chain/],
    ["duration", { "session-duration": "1h" }, /invalid argument "1h" for "--session-duration"/],
    ["region", { region: "us east" }, /region "us east" is not one/],
    ["flag", { "no-such-flag": "x" }, /unknown flag: --no-such-flag/],
  ])("refuses a wrong %s before any request: %j", async (_what, changes, message) => {
    await using service = await startFakeService(success());
    const result = await runCli(commandLine({ endpoint: service.url, ...changes }));
    expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
    expect(result.stderr).toMatch(/^ra-signer: [^\n]*\n$/);
    expect(service.requests).toEqual([]);
  });
});

describe("ra-signer", () => {
  it.each([[[]], [["help"]], [["--help"]], [["-h"]]])("prints examples for %j", async (args) => {
    const result = await runCli(args);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toContain("ra-signer credential-process --certificate client.pem");
  });

  it.each([
    ["credential-process"],
    ["configure"],
    ["read-certificate-data"],
    ["sign-string"],
    ["update"],
    ["version"],
  ])("explains %s with --help, and after help", async (command) => {
    const result = await runCli([command, "--help"]);
    expect(await runCli(["help", command])).toEqual(result);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toContain(`ra-signer ${command}`);
  });

  it.each([["nonsense"], ["--version"]])("exits with 1 for %s", async (command) => {
    const result = await runCli([command]);
    expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("unknown command") });
  });

  it("prints the version of package.json", async () => {
    const manifest: unknown = JSON.parse(
      readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
    );
    expect(manifest).toMatchObject({ version: VERSION });
    expect(await runCli(["version"])).toEqual({ code: 0, stderr: "", stdout: `${VERSION}\n` });
  });
});
