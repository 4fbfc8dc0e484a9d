// What a command line of aws_signing_helper may rely on: its flags, their defaults and forms, the pairs that exclude each
// other, environment variables, exit codes, messages and output bytes.
import { verify, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { SignerError } from "../errors.ts";
import { EXCLUSIVE_FLAGS } from "../../test/support/exclusive-flags.ts";
import { CREDENTIALS, json, refused, startFakeService, success } from "../../test/support/fake-service.ts";
import { openssl, readVector, temporaryFolder } from "@roles-anywhere/testing";
import { runCli } from "../../test/support/run-cli.ts";
import type { Command } from "./command.ts";
import { credentialProcess } from "./commands/credential-process.ts";
import { readCertificateData } from "./commands/read-certificate-data.ts";
import { serve } from "./commands/serve.ts";
import { signString } from "./commands/sign-string.ts";
import { update } from "./commands/update.ts";
import { version } from "./commands/version.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const vector = readVector("ecdsa");
const mlDsa = readVector("mldsa44");
const hasMlDsa =
  String(new X509Certificate(mlDsa.certificatePem).publicKey.asymmetricKeyType) === "ml-dsa-44";
const certificate = folder.join("client.pem");
const key = folder.join("client.key");

beforeAll(() => {
  writeFileSync(certificate, vector.certificatePem);
  writeFileSync(key, vector.privateKeyPem, { mode: 0o600 });
  writeFileSync(folder.join("mldsa.pem"), mlDsa.certificatePem);
  writeFileSync(folder.join("mldsa.key"), mlDsa.privateKeyPem, { mode: 0o600 });
  writeFileSync(folder.join("plain.txt"), "nothing");
  writeFileSync(folder.join("broken.pem"), vector.certificatePem.replace(/\n[^\n]+\n/, "\nAAAA\n"));
  writeFileSync(folder.join("selector.json"), '[{"Key":"x509Subject","Value":"CN=a"}]');
});

const SESSION = [
  ...["--certificate", certificate, "--private-key", key],
  ...["--trust-anchor-arn", "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1"],
  ...["--profile-arn", "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2"],
  ...["--role-arn", "arn:aws:iam::123456789012:role/Example"],
] as const;

const SESSION_DEFAULTS = {
  certificate: "",
  "private-key": "",
  intermediates: "",
  "trust-anchor-arn": "",
  "profile-arn": "",
  "role-arn": "",
  "session-duration": "3600",
  region: "",
  endpoint: "",
  "role-session-name": "",
  "no-verify-ssl": "false",
  "with-proxy": "false",
  debug: "false",
  "cert-selector": "",
  "system-store-name": "",
  "use-latest-expiring-certificate": "",
  "pkcs11-lib": "",
  "reuse-pin": "",
  "tpm-key-password": "",
  "no-tpm-key-password": "",
  "pkcs8-password": "",
};

/** Flags of each command with those defaults that are values. */
const HELPER: readonly (readonly [string, Command, Readonly<Record<string, string>>])[] = [
  ["credential-process", credentialProcess, SESSION_DEFAULTS],
  ["serve", serve, { ...SESSION_DEFAULTS, port: "9911", "hop-limit": "64" }],
  ["update", update, { ...SESSION_DEFAULTS, profile: "default", once: "false" }],
  [
    "sign-string",
    signString,
    {
      ...{ certificate: "", "private-key": "", debug: "false", "cert-selector": "", "system-store-name": "" },
      ...{ "use-latest-expiring-certificate": "", "pkcs11-lib": "", "reuse-pin": "" },
      ...{ "tpm-key-password": "", "no-tpm-key-password": "", "pkcs8-password": "" },
      ...{ format: "json", digest: "SHA256" },
    },
  ],
  [
    "read-certificate-data",
    readCertificateData,
    { certificate: "", "cert-selector": "", "system-store-name": "", "pkcs11-lib": "", debug: "false" },
  ],
  ["version", version, {}],
];

/** Runs a command in this process; the error's message if there is one. */
async function run(
  command: Command,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly out: string; readonly notes: string; readonly code: number; readonly error?: string }> {
  const out: (string | Uint8Array)[] = [];
  const notes: string[] = [];
  const context = {
    environment,
    out: (data: string | Uint8Array) => void out.push(data),
    note: (line: string) => void notes.push(line),
  };
  const result = (): { readonly out: string; readonly notes: string } => ({
    out: out.map(String).join(""),
    notes: notes.join("\n"),
  });
  try {
    const code = await command.run(words, context);
    return { ...result(), code };
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    const code = error.code === "ERR_SIGNER_USAGE" ? command.usageExitCode : 1;
    return { ...result(), code, error: error.message };
  }
}

describe("flags of the helper", () => {
  it.each(HELPER)("%s has them all, with the same defaults", (_name, command, flags) => {
    const found = Object.fromEntries(
      [...command.help().matchAll(/^ {2}--([\w-]+)[^\n]*?(?:\(default: ([^\n]*)\))?$/gm)].map(
        ([, name = "", value = ""]) => [name, value],
      ),
    );
    const values = Object.entries(flags).map(([name, value]) => [name, value || found[name]]);
    expect(found).toMatchObject(Object.fromEntries(values));
    expect(Object.keys(found)).toEqual(expect.arrayContaining(Object.keys(flags)));
  });

  it.each(HELPER)("%s exits with 1 for a flag that it does not have", async (_name, command) => {
    expect(await run(command, ["--no-such-flag"])).toEqual({
      out: "",
      notes: "",
      code: 1,
      error: "unknown flag: --no-such-flag",
    });
  });

  it.each([["--pkcs11-pin"], ["--reuse-latest-expiring-certificate"]])(
    "%s, which AWS's guide names, does not exist, as in the helper",
    async (flag) => {
      expect(await run(credentialProcess, [...SESSION, flag])).toMatchObject({
        code: 1,
        error: `unknown flag: ${flag}`,
      });
    },
  );

  it.each<readonly [readonly string[], Readonly<Record<string, unknown>>]>([
    [[], { durationSeconds: 3600 }],
    [["--session-duration", "900"], { durationSeconds: 900 }],
    [["--session-duration=900"], { durationSeconds: 900 }],
    [["--session-duration", "900", "--session-duration", "1000"], { durationSeconds: 1000 }],
    [["--session-duration", "1"], { durationSeconds: 1 }],
    [["--session-duration", "-5"], { durationSeconds: -5 }],
    [["--session-duration", "99999999"], { durationSeconds: 99_999_999 }],
    [["--role-session-name="], { durationSeconds: 3600 }],
    [["--role-session-name", "--debug"], { durationSeconds: 3600, roleSessionName: "--debug" }],
    [["--region="], { durationSeconds: 3600 }],
    [["--intermediates="], { durationSeconds: 3600 }],
    [["--debug=false", "--with-proxy=F", "--no-verify-ssl=0"], { durationSeconds: 3600 }],
    [["--pkcs11-lib=", "--pkcs8-password="], { durationSeconds: 3600 }],
    [["--reuse-pin=false", "--no-tpm-key-password=false"], { durationSeconds: 3600 }],
  ])("%j is asked for as %j", async (words, body) => {
    await using service = await startFakeService(success());
    const result = await run(credentialProcess, [...SESSION, "--endpoint", service.url, ...words]);
    expect(result).toMatchObject({ code: 0, notes: "" });
    expect(JSON.parse(service.requests[0]?.body ?? "")).toEqual(body);
  });

  it.each([
    [
      ["--session-duration", "1h"],
      /^invalid argument "1h" for "--session-duration": expected a whole number$/,
    ],
    [["--session-duration", ""], /^invalid argument "" for "--session-duration": expected a whole number$/],
    [["--session-duration", "3600.0"], /^invalid argument "3600\.0"/],
    [["--session-duration", "99999999999999999999"], /^invalid argument/],
    [["--session-duration"], /^flag needs an argument: --session-duration$/],
    [["--debug=maybe"], /^invalid argument "maybe" for "--debug": expected true or false$/],
    [["--debug="], /^invalid argument "" for "--debug": expected true or false$/],
    [["-debug"], /^unexpected argument "-debug"$/],
    [["--debug", "false"], /^unexpected argument "false"; write --debug=false$/],
    [["word"], /^unexpected argument "word"$/],
    [["--=x"], /^unexpected argument "--=x"$/],
  ])("%j exits with 1", async (words, message) => {
    await using service = await startFakeService(success());
    const result = await run(credentialProcess, [...SESSION, "--endpoint", service.url, ...words]);
    expect(result).toMatchObject({
      code: 1,
      out: "",
      error: expect.stringMatching(message),
    });
    expect(service.requests).toEqual([]);
  });

  it("takes the word true after a switch, which the helper passes over", async () => {
    await using service = await startFakeService(success());
    const words = ["--with-proxy", "true", "--debug", "true", "--endpoint", service.url];
    const result = await run(credentialProcess, [...SESSION, ...words]);
    expect(result).toMatchObject({ code: 0, notes: expect.stringContaining("string to sign") });
  });
});

describe("flags that exclude each other", () => {
  const values: Readonly<Record<string, readonly string[]>> = {
    "reuse-pin": ["--reuse-pin"],
    "no-tpm-key-password": ["--no-tpm-key-password"],
    "use-latest-expiring-certificate": ["--use-latest-expiring-certificate"],
  };
  const given = (name: string): readonly string[] => values[name] ?? [`--${name}`, "x"];

  for (const [name, command, flags] of HELPER) {
    const own = EXCLUSIVE_FLAGS.filter((pair) => pair.every((flag) => Object.hasOwn(flags, flag)));
    if (own.length === 0) continue;
    it.each(own)(`${name}: --%s and --%s`, async (one, other) => {
      for (const words of [
        [...given(one), ...given(other)],
        [...given(other), ...given(one)],
      ]) {
        expect(await run(command, words)).toEqual({
          out: "",
          notes: "",
          code: 1,
          error: `--${one} and --${other} exclude each other`,
        });
      }
    });
  }

  it.each([
    [["--certificate", certificate, "--cert-selector", ""]],
    [["--private-key", key, "--use-latest-expiring-certificate=false"]],
  ])("count as given whatever their value: %j", async (words) => {
    expect(await run(credentialProcess, words)).toMatchObject({
      code: 1,
      error: expect.stringMatching(/ exclude each other$/),
    });
  });

  it("sign-string refuses --no-tpm-key-password with --reuse-pin", async () => {
    expect(await run(signString, ["--no-tpm-key-password", "--reuse-pin"])).toMatchObject({
      code: 1,
      out: "",
    });
  });
});

describe("what is not supported", () => {
  const stores = "certificate stores of the operating system are not supported";
  const noToken = "neither --certificate nor --private-key is a PKCS#11 URI (pkcs11:…)";
  const tpm = "TPM keys are not supported outside of PKCS#11 tokens (tpm2-pkcs11)";
  it.each([
    ["Key=x509Subject,Value=CN=a,OU=b Key=x509Serial,Value=0a"],
    ["Key=x509Issuer,Value=CN=a b"],
    ["Key=x509Subject,Value=a Key=x509Subject,Value=b"],
    ["Key=x509Other,Value=a"],
    ["Value=a"],
    ["garbage"],
    ["file:///nowhere.json"],
    ["file://plain.txt"],
    ["file://selector.json"],
  ])(
    "--cert-selector %j, well-formed or not, is refused with the sentence that says what is",
    async (text) => {
      const selector = text.startsWith("file://") ? text.replace("file://", `file://${folder.path}/`) : text;
      for (const command of [credentialProcess, serve, update, signString, readCertificateData]) {
        expect(await run(command, ["--cert-selector", selector])).toEqual({
          out: "",
          notes: "",
          code: 1,
          error: `--cert-selector: ${stores}; give --certificate and --private-key as PEM files, or pass a sign function to the library`,
        });
      }
    },
  );

  it.each([
    [["--system-store-name", "MY"], `--system-store-name: ${stores}`],
    [["--system-store-name", "root"], `--system-store-name: ${stores}`],
    [["--use-latest-expiring-certificate"], `--use-latest-expiring-certificate: ${stores}`],
    [["--pkcs11-lib", "/lib.so"], `--pkcs11-lib: ${noToken}`],
    [["--reuse-pin"], `--reuse-pin: ${noToken}`],
    [["--no-tpm-key-password"], `--no-tpm-key-password: ${noToken}`],
    [["--tpm-key-password", "x"], `--tpm-key-password: ${tpm}`],
    [["--private-key", "handle:0x81000001"], `--private-key: ${tpm}`],
    [["--certificate", "pkcs11:object=a", "--tpm-key-password", "x"], `--tpm-key-password: ${tpm}`],
  ])("%j is refused with a sentence", async (words, start) => {
    for (const command of [credentialProcess, serve, update, signString]) {
      const { code, error, out } = await run(command, words);
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(error).toBe(
        `${start}; give --certificate and --private-key as PEM files, or pass a sign function to the library`,
      );
    }
  });
});

describe("a key on the command line", () => {
  it.each(["certificate", "private-key", "intermediates"])(
    "as --%s is refused and not shown",
    async (flag) => {
      const words = [...SESSION, `--${flag}`, vector.privateKeyPem];
      for (const command of [credentialProcess, serve, update]) {
        const { code, error = "", out } = await run(command, words);
        expect({ code, out }).toEqual({ code: 1, out: "" });
        expect(error).toMatch(/holds a key itself.*env:NAME/);
        expect(error).not.toContain("-----BEGIN");
      }
    },
  );
});

describe("environment of the helper", () => {
  /** A proxy that refuses every tunnel and remembers where it should have led. */
  async function startProxy(): Promise<AsyncDisposable & { readonly url: string; readonly seen: string[] }> {
    const seen: string[] = [];
    const server: Server = createServer((request, response) => {
      seen.push(request.url ?? "");
      response.writeHead(403).end();
    });
    server.on("connect", (request, socket) => {
      seen.push(request.url ?? "");
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return {
      url: `http://127.0.0.1:${port}`,
      seen,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  it.each<readonly [Readonly<Record<string, string>>, readonly string[], readonly string[]]>([
    [{}, [], ["rolesanywhere.us-east-1.amazonaws.com:443"]],
    [{}, ["--region", "eu-west-3"], ["rolesanywhere.eu-west-3.amazonaws.com:443"]],
    [{ AWS_USE_FIPS_ENDPOINT: "true" }, [], ["rolesanywhere-fips.us-east-1.amazonaws.com:443"]],
    [{ AWS_USE_DUALSTACK_ENDPOINT: "TRUE" }, [], ["rolesanywhere.us-east-1.api.aws:443"]],
    [
      { AWS_USE_FIPS_ENDPOINT: "true", AWS_USE_DUALSTACK_ENDPOINT: "true" },
      [],
      ["rolesanywhere-fips.us-east-1.api.aws:443"],
    ],
    [{ AWS_USE_FIPS_ENDPOINT: "false" }, [], ["rolesanywhere.us-east-1.amazonaws.com:443"]],
    [
      { AWS_REGION: "eu-west-3", AWS_DEFAULT_REGION: "eu-west-3" },
      [],
      ["rolesanywhere.us-east-1.amazonaws.com:443"],
    ],
    [{ AWS_ENDPOINT_URL: "https://a.invalid:8443/x" }, [], ["a.invalid:8443"]],
    [{ AWS_ENDPOINT_URL: "http://a.invalid" }, [], ["http://a.invalid/sessions"]],
    [
      { AWS_ENDPOINT_URL: "http://a.invalid", AWS_ENDPOINT_URL_ROLESANYWHERE: "http://b.invalid" },
      [],
      ["http://b.invalid/sessions"],
    ],
    [
      { AWS_ENDPOINT_URL_ROLESANYWHERE: "http://b.invalid", AWS_USE_FIPS_ENDPOINT: "true" },
      ["--endpoint", "http://c.invalid"],
      ["http://c.invalid/sessions"],
    ],
    [{ NO_PROXY: "b.invalid" }, ["--endpoint", "http://b.invalid"], []],
    [{}, ["--endpoint", "http://b.invalid", "--with-proxy=false"], []],
  ])("with %j and %j it calls %j", async (environment, words, expected) => {
    await using proxy = await startProxy();
    const proxies = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, AWS_MAX_ATTEMPTS: "1" };
    const result = await run(credentialProcess, [...SESSION, "--with-proxy", ...words], {
      ...proxies,
      ...environment,
    });
    expect(result).toMatchObject({ code: 1, out: "" });
    expect(proxy.seen.map((target) => target.split("?")[0])).toEqual(expected);
  });

  it.each([
    ["1", 1],
    ["2", 2],
    ["0", 3],
    ["many", 3],
    ["", 3],
  ])("with AWS_MAX_ATTEMPTS=%s it makes %d attempts", async (value, attempts) => {
    await using service = await startFakeService(json(503, {}, { "Retry-After": "0.001" }));
    const words = [...SESSION, "--endpoint", service.url];
    const result = await run(credentialProcess, words, { AWS_MAX_ATTEMPTS: value });
    expect(result.code).toBe(1);
    expect(service.requests).toHaveLength(attempts);
    expect(result.error).toMatch(
      attempts === 1 ? /^CreateSession failed/ : new RegExp(`^gave up after ${attempts} attempts: `),
    );
  });

  it("does not care for AWS_PROFILE and broken profile files, at which the helper stops", async () => {
    await using service = await startFakeService(success());
    writeFileSync(folder.join("broken"), "[default\nrole_arn = \n[profile x]\nsource_profile = x\n");
    const result = await runCli(["credential-process", ...SESSION, "--endpoint", service.url], {
      AWS_PROFILE: "nobody",
      AWS_CONFIG_FILE: folder.join("broken"),
      AWS_SHARED_CREDENTIALS_FILE: folder.join("broken"),
      TPM_DEVICE: "/nowhere",
    });
    expect(result).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("TLS", () => {
  async function startTls(versions: object): Promise<AsyncDisposable & { readonly url: string }> {
    const settings = { cert: serverIdentity.certificatePem, key: serverIdentity.privateKeyPem, ...versions };
    const server = createTlsServer(settings, (_request, response) => {
      success()(response, { method: "", target: "", headers: {}, body: "" });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return {
      url: `https://127.0.0.1:${port}`,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }
  const serverIdentity = (() => {
    const privateKeyPem = openssl(["genpkey", "-algorithm", "RSA"]).toString();
    writeFileSync(folder.join("server.key"), privateKeyPem);
    const words = ["req", "-x509", "-new", "-key", folder.join("server.key"), "-subj", "/CN=server"];
    return { certificatePem: openssl(words).toString(), privateKeyPem };
  })();

  it("verifies the server, unless --no-verify-ssl says otherwise", async () => {
    await using server = await startTls({});
    const words = [...SESSION, "--endpoint", server.url];
    expect(await run(credentialProcess, words, { AWS_MAX_ATTEMPTS: "1" })).toMatchObject({
      code: 1,
      error: expect.stringMatching(/self.signed certificate/i),
    });
    expect(await run(credentialProcess, [...words, "--no-verify-ssl"])).toMatchObject({ code: 0 });
  });

  it("speaks TLS 1.2 at least", async () => {
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" };
    await using server = await startTls(old);
    const words = [...SESSION, "--endpoint", server.url, "--no-verify-ssl"];
    expect(await run(credentialProcess, words, { AWS_MAX_ATTEMPTS: "1" })).toMatchObject({
      code: 1,
      error: expect.stringMatching(/protocol version|unsupported protocol/i),
    });
  });
});

describe("output of the helper", () => {
  it.each(["2035-01-01T00:00:00Z", "2035-01-01T00:00:00.123Z", "2035-01-01T00:00:00+01:00"])(
    "credential-process copies the expiration %s and writes no line feed",
    async (expiration) => {
      await using service = await startFakeService(success({ expiration }));
      const result = await run(credentialProcess, [...SESSION, "--endpoint", service.url]);
      expect(result).toEqual({
        code: 0,
        notes: "",
        out:
          `{"Version":1,"AccessKeyId":"${CREDENTIALS.accessKeyId}","SecretAccessKey":"${CREDENTIALS.secretAccessKey}",` +
          `"SessionToken":"${CREDENTIALS.sessionToken}","Expiration":"${expiration}","AccountId":"123456789012"}`,
      });
    },
  );

  it.runIf(hasMlDsa)("read-certificate-data names ML-DSA by its variant", async () => {
    const { out, code } = await run(readCertificateData, ["--certificate", folder.join("mldsa.pem")]);
    expect(code).toBe(0);
    expect(out).toBe(
      JSON.stringify({
        keyType: "ML-DSA-44",
        certificateData: new X509Certificate(mlDsa.certificatePem).raw.toString("base64"),
        serialNumber: mlDsa.signing.serialDecimal,
        supportedAlgorithms: ["ML-DSA-44"],
      }),
    );
  });

  it.runIf(hasMlDsa)("sign-string signs the bare string with ML-DSA, whatever the digest", async () => {
    const words = ["--certificate", folder.join("mldsa.pem"), "--private-key", folder.join("mldsa.key")];
    for (const digest of ["SHA256", "SHA512"]) {
      const { out } = await run(signString, [...words, "--format", "text", "--digest", digest]);
      const message = Buffer.from("AWS Roles Anywhere Credential Helper Signing Test1");
      const { publicKey } = new X509Certificate(mlDsa.certificatePem);
      expect(verify(null, message, publicKey, Buffer.from(out, "hex"))).toBe(true);
    }
  });

  it.each([
    [["--format", ""], 'invalid argument "" for "--format": expected json, text, bin'],
    [["--format", "JSON"], 'invalid argument "JSON" for "--format": expected json, text, bin'],
    [["--digest", ""], 'invalid argument "" for "--digest": expected SHA256, SHA384, SHA512'],
    [["--digest", "sha256"], 'invalid argument "sha256" for "--digest": expected SHA256, SHA384, SHA512'],
    [["--certificate", ""], "--certificate is missing"],
  ])("sign-string exits with 1 for %j", async (words, error) => {
    const own = ["--certificate", certificate, "--private-key", key, ...words];
    expect(await run(signString, own)).toEqual({ out: "", notes: "", code: 1, error });
  });

  it.each([
    [["--version"], 1, /^ra-signer: unknown command "--version"; there are /],
    [["--debug", "credential-process"], 1, /^ra-signer: unknown command "--debug"/],
    [["credential_process"], 1, /^ra-signer: unknown command "credential_process"/],
    [["version", "--debug"], 1, /^ra-signer: unknown flag: --debug/],
  ])("%j exits with %d and one line on stderr", async (words, code, stderr) => {
    const result = await runCli(words);
    expect(result).toEqual({ code, stdout: "", stderr: expect.stringMatching(stderr) });
    expect(result.stderr.split("\n")).toHaveLength(2);
  });
});

describe("messages of the helper", () => {
  it("quotes status, request id, type and message of a refusal", async () => {
    await using service = await startFakeService(
      refused(403, "AccessDeniedException", "Untrusted Signing Certificate"),
    );
    const result = await runCli(["credential-process", ...SESSION, "--endpoint", service.url]);
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain(
      "CreateSession failed, StatusCode: 403, RequestID: id-1, AccessDeniedException: Untrusted Signing Certificate",
    );
  });

  it.each<readonly [readonly string[], string]>([
    [
      ["--profile-arn", "arn:aws:rolesanywhere:us-east-2:123456789012:profile/2"],
      "trust anchor and profile regions don't match",
    ],
    [["--trust-anchor-arn", "x:y"], "failed to parse trust anchor arn: 'arn: invalid prefix'"],
    [["--trust-anchor-arn", "arn:aws:x"], "failed to parse trust anchor arn: 'arn: not enough sections'"],
    [["--profile-arn", "x:y"], "failed to parse profile arn: 'arn: invalid prefix'"],
    [["--certificate", folder.join("plain.txt")], "could not parse PEM data"],
    [["--certificate", folder.join("broken.pem")], "could not parse certificate"],
    [["--private-key", folder.join("plain.txt")], "unable to parse private key"],
    [["--pkcs8-password", "x"], "unable to parse private key"],
    [["--intermediates", key], "invalid certificate chain"],
  ])("with %j it says so in the helper's words", async (words, text) => {
    const result = await run(credentialProcess, [...SESSION, "--endpoint", "http://127.0.0.1:1", ...words]);
    expect(result).toMatchObject({ code: 1, out: "", error: expect.stringContaining(text) });
  });

  it("says in the helper's words that the password is wrong, and does not show it", async () => {
    const encrypted = openssl(["pkcs8", "-topk8", "-passout", "pass:right"], vector.privateKeyPem).toString();
    writeFileSync(folder.join("encrypted.key"), encrypted, { mode: 0o600 });
    const words = ["--private-key", folder.join("encrypted.key"), "--pkcs8-password", "wrong-canary"];
    const { code, error } = await run(credentialProcess, [...SESSION, ...words]);
    expect(code).toBe(1);
    expect(error).toContain("failed to read private key: incorrect PKCS#8 private key password");
    expect(error).not.toContain("wrong-canary");
  });

  it("says in the helper's words that an answer holds no credentials", async () => {
    await using service = await startFakeService(json(201, { credentialSet: [] }));
    const { error } = await run(credentialProcess, [...SESSION, "--endpoint", service.url]);
    expect(error).toContain("unable to obtain temporary security credentials from CreateSession");
  });
});
