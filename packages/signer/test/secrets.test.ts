// Provokes every failure that the package knows with secrets that can be recognised, and searches all that comes out.
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { inspect } from "node:util";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createSession, fromRolesAnywhere, loadIdentity, SignerError } from "../src/index.ts";
import type { RolesAnywhereInit } from "../src/index.ts";
import { json, refused, startFakeService, success } from "./support/fake-service.ts";
import type { Answer } from "./support/fake-service.ts";
import { openssl, opensslBytes, readVector, temporaryFolder } from "@roles-anywhere/testing";
import { runCli } from "./support/run-cli.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const { certificatePem, privateKeyPem } = readVector("ecdsa");
const PASSWORD = "canary/pass word+1";
const SECRETS = {
  secretAccessKey: "canarySecretAccessKey/0123456789+abcdefgh",
  sessionToken: "canarySessionToken==",
};

const bodyOf = (pem: string): string => pem.replaceAll(/-----[^-]+-----|\s/g, "");
const keyBody = bodyOf(privateKeyPem);
const ed25519 = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const rsa = readVector("rsa").privateKeyPem;
const encrypted = openssl(["pkcs8", "-topk8", "-passout", `pass:${PASSWORD}`], privateKeyPem).toString();
const pkcs12 = (() => {
  const words = [
    "pkcs12",
    "-export",
    "-inkey",
    folder.join("k"),
    "-in",
    folder.join("c"),
    "-passout",
    "pass:other",
  ];
  writeFileSync(folder.join("k"), privateKeyPem);
  writeFileSync(folder.join("c"), certificatePem);
  return opensslBytes(words);
})();

/** What must not come out: passwords, credentials, and any 20 characters in a row of a key. */
function leaksIn(text: string): readonly string[] {
  const plain = text.replaceAll(/\\n|\s/g, "");
  const parts = [keyBody, bodyOf(ed25519), bodyOf(rsa), bodyOf(encrypted)].flatMap((body) =>
    Array.from({ length: Math.floor(body.length / 10) - 6 }, (_, index) =>
      // The first 40 characters say what kind of key it is.
      body.slice(40 + index * 10, 60 + index * 10),
    ),
  );
  const words = [PASSWORD, "canary", SECRETS.secretAccessKey.slice(0, 12), SECRETS.sessionToken, "hunter2"];
  return [
    ...words.filter((word) => text.includes(word)),
    ...parts.filter((part) => part.length > 19 && plain.includes(part)),
  ];
}

/** Every way in which an error ends up in a log. */
function printed(error: unknown): string {
  const seen: string[] = [
    inspect(error, { depth: 12, showHidden: true }),
    String(error),
    JSON.stringify(error),
  ];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    seen.push(cause.message, cause.stack ?? "", JSON.stringify(Object.getOwnPropertyDescriptors(cause)));
  }
  return seen.join("\n");
}

const INIT: RolesAnywhereInit = {
  certificate: certificatePem,
  privateKey: privateKeyPem,
  trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
  profileArn: "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
  roleArn: "arn:aws:iam::123456789012:role/Example",
  environment: {},
  sleep: () => Promise.resolve(),
};

describe("the search", () => {
  it.each([
    privateKeyPem,
    keyBody,
    `x${keyBody.slice(60, 100)}y`,
    JSON.stringify(privateKeyPem),
    PASSWORD,
    inspect(SECRETS),
  ])("finds %j", (text) => {
    expect(leaksIn(text)).not.toEqual([]);
  });
});

describe("no secret comes out of the library", () => {
  const damaged = privateKeyPem.replace(/(.{20})\n-----END/, "\n-----END");
  it.each<readonly [string, Partial<RolesAnywhereInit>]>([
    ["a key for a certificate", { certificate: privateKeyPem }],
    ["a key among the intermediates", { intermediates: privateKeyPem }],
    ["a damaged key", { privateKey: damaged }],
    ["a key cut short", { privateKey: privateKeyPem.slice(0, 150) }],
    ["a key on one line", { privateKey: privateKeyPem.replaceAll("\n", " ") }],
    [
      "a key with written-out line feeds, cut short",
      { privateKey: privateKeyPem.replaceAll("\n", "\\n").slice(0, 150) },
    ],
    ["a key without its first and last line", { privateKey: keyBody }],
    ["the same in lines", { privateKey: keyBody.replaceAll(/.{64}/g, "$&\n") }],
    ["the same, RSA", { privateKey: bodyOf(rsa) }],
    [
      "the same, url-safe",
      { privateKey: keyBody.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") },
    ],
    ["the same for a certificate", { certificate: keyBody }],
    ["the same among the intermediates", { intermediates: keyBody }],
    ["a key in DER", { privateKey: Buffer.from(keyBody, "base64") }],
    ["a key in hexadecimal", { privateKey: Buffer.from(keyBody, "base64").toString("hex") }],
    ["a key of another type", { privateKey: ed25519 }],
    ["a key of another certificate", { privateKey: rsa }],
    ["an encrypted key without its password", { privateKey: encrypted }],
    ["a wrong password", { privateKey: encrypted, passphrase: `${PASSWORD}!` }],
    ["a password for a plain key", { passphrase: PASSWORD }],
    ["a wrong password for PKCS#12", { certificate: pkcs12, passphrase: PASSWORD }],
    ["a damaged PKCS#12 file", { certificate: pkcs12.subarray(0, 300), passphrase: PASSWORD }],
    ["a password in the endpoint", { endpoint: `https://user:hunter2@127.0.0.1:1/` }],
    ["a password in a broken endpoint", { endpoint: "https://user:hunter2@host:port/" }],
    ["a password in a proxy", { endpoint: "http://a.invalid", proxy: "http://user:hunter2@127.0.0.1:1/" }],
    [
      "a password in a broken proxy",
      { endpoint: "http://a.invalid", proxy: "http://user:hunter2@host:port/" },
    ],
    [
      "a password in the environment's proxy",
      {
        endpoint: "https://a.invalid",
        proxy: "environment",
        environment: { HTTPS_PROXY: "http://user:hunter2@127.0.0.1:1/" },
      },
    ],
    ["a service that is not there", { endpoint: "http://127.0.0.1:1" }],
  ])("for %s", async (_title, changes) => {
    const trace: string[] = [];
    const init: RolesAnywhereInit = {
      ...INIT,
      endpoint: "http://127.0.0.1:1",
      maxAttempts: 2,
      trace: (line) => trace.push(line),
      ...changes,
    };
    const provider = fromRolesAnywhere(init);
    const errors = [
      await provider().catch((error: unknown) => error),
      await createSession(init).catch((error: unknown) => error),
    ];
    expect(errors).toEqual([expect.any(SignerError), expect.any(SignerError)]);
    expect(
      leaksIn([...errors.map(printed), ...trace, inspect(provider, { showHidden: true })].join("\n")),
    ).toEqual([]);
  });

  it.each<readonly [string, Answer]>([
    ["a member is missing", success({ ...SECRETS, expiration: undefined })],
    ["the expiration is malformed", success({ ...SECRETS, expiration: SECRETS.sessionToken })],
    ["the session has ended", success({ ...SECRETS, expiration: "2020-01-01T00:00:00Z" })],
    ["a member has another type", success({ ...SECRETS, accessKeyId: 1 })],
    [
      "the JSON is cut short",
      (response) => void response.writeHead(201).end(JSON.stringify(SECRETS).slice(0, -1)),
    ],
    ["it is no JSON", (response) => void response.writeHead(201).end(`<p>${JSON.stringify(SECRETS)}</p>`)],
    ["it is a refusal", json(403, { ...SECRETS, message: "no" })],
    ["it is a failure", json(500, { ...SECRETS })],
    ["it is a redirection", json(302, SECRETS, { Location: `https://x/?t=${SECRETS.sessionToken}` })],
    ["it is not HTTP", (response) => void response.socket?.end(`garbage ${JSON.stringify(SECRETS)}\r\n\r\n`)],
    [
      "a header is malformed",
      (response) => void response.socket?.end(`HTTP/1.1 201 OK\r\n${SECRETS.sessionToken}\r\n\r\n{}`),
    ],
    [
      "it is longer than it says",
      (response) =>
        void response.socket?.end(
          `HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n${SECRETS.sessionToken}\r\n${SECRETS.secretAccessKey}`,
        ),
    ],
  ])("when an answer holds credentials and %s", async (_title, answer) => {
    await using service = await startFakeService(answer);
    const trace: string[] = [];
    const init = { ...INIT, endpoint: service.url, trace: (line: string) => trace.push(line) };
    const error: unknown = await createSession(init).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SignerError);
    expect(leaksIn([printed(error), ...trace].join("\n"))).toEqual([]);
  });

  it("when a session, an identity or a provider is printed", async () => {
    await using service = await startFakeService(success(SECRETS));
    const init = { ...INIT, endpoint: service.url };
    const provider = fromRolesAnywhere(init);
    const values = [await provider(), await createSession(init), loadIdentity(INIT), provider];
    const texts = values.flatMap((value) => [
      inspect(value, { depth: 12, showHidden: true }),
      inspect({ in: [value] }, { depth: 12 }),
      JSON.stringify(value) ?? "",
      String(value),
    ]);
    expect(texts.join("\n")).toContain("***");
    expect(leaksIn(texts.join("\n"))).toEqual([]);
  });
});

describe("no secret comes out of the command", () => {
  const files = {
    certificate: folder.join("client.pem"),
    key: folder.join("client.key"),
    home: folder.join("home"),
  };
  beforeAll(() => {
    mkdirSync(files.home);
    writeFileSync(files.certificate, certificatePem);
    writeFileSync(files.key, privateKeyPem, { mode: 0o644 });
    writeFileSync(folder.join("encrypted.key"), encrypted);
    writeFileSync(folder.join("client.p12"), pkcs12);
    writeFileSync(
      folder.join("credentials"),
      `[default\naws_secret_access_key ${SECRETS.secretAccessKey}\n[web]\naws_access_key_id = AKIA\naws_secret_access_key = ${SECRETS.secretAccessKey}\n`,
    );
    writeFileSync(
      folder.join("config"),
      `[profile web]\naws_secret_access_key = ${SECRETS.secretAccessKey}\ncredential_process = ra-signer credential-process --certificate ${files.certificate} --private-key ${folder.join("encrypted.key")} --pkcs8-password '${PASSWORD}' nonsense\n`,
    );
  });
  const SESSION = [
    ...[
      "--trust-anchor-arn",
      INIT.trustAnchorArn,
      "--profile-arn",
      INIT.profileArn,
      "--role-arn",
      INIT.roleArn,
    ],
    ...["--certificate", files.certificate, "--private-key", files.key],
  ];
  const environment = {
    HOME: files.home,
    AWS_SHARED_CREDENTIALS_FILE: folder.join("credentials"),
    AWS_CONFIG_FILE: folder.join("config"),
    AWS_MAX_ATTEMPTS: "2",
    KEY: keyBody,
    CUT: privateKeyPem.slice(0, 150),
    PLAIN: privateKeyPem,
    PASSWORD,
  };

  const rows: readonly (readonly [command: string, words: readonly string[], input?: string])[] = [
    ["credential-process", ["--private-key", privateKeyPem]],
    ["credential-process", ["--private-key", keyBody]],
    ["credential-process", ["--private-key", "env:KEY"]],
    ["credential-process", ["--private-key", "env:CUT"]],
    ["credential-process", ["--private-key", `env:${keyBody}`]],
    ["credential-process", ["--private-key", `env:${privateKeyPem}`]],
    ["credential-process", ["--private-key", "-"], keyBody],
    ["credential-process", ["--private-key", "-"], privateKeyPem.slice(0, 150)],
    ["credential-process", ["--pkcs8-password", PASSWORD]],
    ["credential-process", ["--pkcs8-password", ...PASSWORD.split(" ")]],
    ["credential-process", ["--pkcs8-password-env", "PASSWORD"]],
    ["credential-process", ["--pkcs8-password-env", PASSWORD]],
    ["credential-process", ["--pkcs8-password-env", "canary_password"]],
    [
      "credential-process",
      ["--private-key", folder.join("encrypted.key"), "--pkcs8-password", `${PASSWORD}!`],
    ],
    ["credential-process", ["--certificate", folder.join("client.p12"), "--pkcs8-password", PASSWORD]],
    ["credential-process", ["--tpm-key-password", PASSWORD]],
    ["credential-process", ["--private-key", `pkcs11:object=a?pin-value=canary`]],
    ["credential-process", ["--certificate", `pkcs11:object=a?pin-value=canary`]],
    ["credential-process", ["--cache", "--pkcs8-password", PASSWORD]],
    ["credential-process", ["--debug"]],
    ["credential-process", ["--endpoint", "http://user:hunter2@127.0.0.1:1"]],
    ["update", ["--once", "--debug"]],
    ["update", ["--once", "--private-key", keyBody]],
    ["serve", ["--port", "99999", "--pkcs8-password", PASSWORD]],
    ["sign-string", ["--private-key", "env:CUT"]],
    ["configure", ["--profile", "web", "--pkcs8-password", PASSWORD]],
    ["configure", ["--profile", "web", "--private-key", keyBody]],
    ["doctor", ["--private-key", keyBody]],
    [
      "doctor",
      ["--private-key", folder.join("encrypted.key"), "--pkcs8-password", `${PASSWORD}!`, "--debug"],
    ],
  ];
  const withInput = rows.map(([command, words, input = ""]) => ({ command, words, input }));

  it.each(withInput)("$command $words", async ({ command, words, input }) => {
    await using service = await startFakeService(refused(403, "AccessDeniedException", "no"));
    const session = command === "sign-string" ? SESSION.slice(6) : [...SESSION, "--endpoint", service.url];
    const result = await runCli([command, ...session, ...words], environment, input);
    expect(result.code).not.toBe(0);
    expect(leaksIn(`${result.stdout}\n${result.stderr}`)).toEqual([]);
  });

  it.each([
    ["credential-process", ["--debug"]],
    ["update", ["--once", "--debug", "--profile", "web"]],
    ["doctor", ["--json"]],
  ])("%s %j, on stderr, when all is well", async (command, more) => {
    await using service = await startFakeService(success(SECRETS));
    const result = await runCli([command, ...SESSION, "--endpoint", service.url, ...more], environment);
    expect(leaksIn(result.stderr)).toEqual([]);
    expect(service.requests.length).toBeGreaterThan(0);
  });

  it("doctor, of a profile that holds passwords and keys", async () => {
    const result = await runCli(["doctor", "--profile", "web", "--offline"], environment);
    expect(result.stdout).toContain("profile");
    expect(leaksIn(`${result.stdout}\n${result.stderr}`)).toEqual([]);
  });
});
