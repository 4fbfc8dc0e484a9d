// A private key that is given where a path or another short value is expected never comes out, in whatever form it is.
import { createPrivateKey } from "node:crypto";
import { writeFileSync } from "node:fs";
import { inspect } from "node:util";

import { afterAll, describe, expect, it } from "vitest";

import { readVector, temporaryFolder } from "@roles-anywhere/testing";
import { fromRolesAnywhere, loadIdentity, loadPrivateKey } from "../src/index.ts";
import type { RolesAnywhereInit } from "../src/index.ts";
import { layoutNamed } from "./support/pem-layouts.ts";
import { refused, startFakeService, success } from "./support/fake-service.ts";
import { runCli } from "./support/run-cli.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const { certificatePem, privateKeyPem } = readVector("ecdsa");
const rsaPem = readVector("rsa").privateKeyPem;
/** RFC 8410's form of an Ed25519 key, of bytes that give slashes in base64: no run between them is long. */
const ed25519Body = Buffer.concat([
  Buffer.from("302e020100300506032b657004220420", "hex"),
  Buffer.alloc(32, "5bfffe3c", "hex"),
]).toString("base64");
const certificate = folder.join("client.pem");
const key = folder.join("client.key");
writeFileSync(certificate, certificatePem);
writeFileSync(key, privateKeyPem, { mode: 0o600 });

const ARNS = {
  trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
  profileArn: "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
  roleArn: "arn:aws:iam::123456789012:role/Example",
};
const bodyOf = (pem: string): string => pem.replaceAll(/-----.*-----|\s/g, "");
const derOf = (pem: string): Buffer => Buffer.from(bodyOf(pem), "base64");
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const oneOf = (name: string): string => layoutNamed(name)(privateKeyPem);

/** Forms that hold the whole key and are read. */
const WHOLE: readonly (readonly [form: string, source: string])[] = [
  ["PEM", privateKeyPem],
  ["base64 of PEM", base64(privateKeyPem)],
  ["base64 of PEM, in lines", oneOf("base64 of it, in lines")],
  ["base64 of PEM, url-safe", oneOf("base64 of it, url-safe")],
  ["base64 of PEM, quoted", `"${base64(privateKeyPem)}"`],
  [
    "base64 of PEM after EC PARAMETERS",
    base64(`-----BEGIN EC PARAMETERS-----\nBgg=\n-----END EC PARAMETERS-----\n${privateKeyPem}`),
  ],
  ["written-out line feeds", oneOf(String.raw`\n for line ends`)],
  ["written-out CRLF", oneOf(String.raw`\r\n for line ends`)],
  ["spaces for line ends", oneOf("spaces for line ends")],
  ["quoted JSON", oneOf("quoted")],
];

/** Forms that are no key here, and of which nothing may be shown. */
const BROKEN: readonly (readonly [form: string, source: string])[] = [
  ["base64 of half a PEM", base64(privateKeyPem.slice(0, 150))],
  ["the end of the base64 of PEM", base64(privateKeyPem).slice(40)],
  ["base64 of DER", bodyOf(privateKeyPem)],
  ["base64 of DER, RSA", bodyOf(rsaPem)],
  ["base64 of DER, Ed25519", ed25519Body],
  ["base64 of DER, in lines", privateKeyPem.replaceAll(/-----.*-----\n/g, "")],
  ["base64 of DER, url-safe", derOf(privateKeyPem).toString("base64url")],
  ["base64 of base64", base64(bodyOf(privateKeyPem))],
  ["hexadecimal DER", derOf(privateKeyPem).toString("hex")],
  ["half a PEM", privateKeyPem.slice(0, 150)],
  ["a line of a PEM", (rsaPem.split("\n")[3] ?? "") + (rsaPem.split("\n")[4] ?? "")],
];

/** Any 20 characters in a row of a form, or of the key in it, beyond the first 40, which say what kind of key it is. */
function leaksOf(source: string, text: string): readonly string[] {
  const plain = text.replaceAll(/\\u000a|\\n|\s/g, "");
  return [source.replaceAll(/\\r|\\n|\s|-----[^-]*-----/g, ""), bodyOf(privateKeyPem), ed25519Body].flatMap(
    (whole) =>
      Array.from({ length: Math.max(0, Math.floor(whole.length / 10) - 5) }, (_, index) =>
        whole.slice(40 + index * 10, 60 + index * 10),
      ).filter((part) => part.length === 20 && plain.includes(part)),
  );
}

describe("the search for leaks", () => {
  it.each([...WHOLE, ...BROKEN])("finds %s", (_form, source) => {
    expect(leaksOf(source, `x "${source}" y`)).not.toEqual([]);
  });
});

describe.each(WHOLE)("a key as %s", (_form, source) => {
  it("is taken by the library, as text and bytes", () => {
    for (const given of [source, Buffer.from(source)]) {
      expect(loadPrivateKey(given).equals(createPrivateKey(privateKeyPem))).toBe(true);
      expect(loadIdentity({ certificate, privateKey: given }).privateKey).toBeDefined();
    }
  });

  it.each([
    ["credential-process", []],
    ["update", ["--once"]],
    ["configure", ["--profile", "web", "--config-file", folder.join("config")]],
    ["doctor", ["--offline"]],
  ] as const)("is taken from a variable by %s", async (command, more) => {
    await using service = await startFakeService(success());
    const words = [...session(service.url), ...more, "--private-key", "env:KEY"];
    const environment = { KEY: source, AWS_SHARED_CREDENTIALS_FILE: folder.join("credentials") };
    const result = await runCli([command, ...words], environment);
    expect(result.stdout).not.toMatch(/^fail {2}(private key|key pair)/m);
    expect(command === "doctor" ? 0 : result.code).toBe(0);
    expect(leaksOf(source, result.stdout + result.stderr)).toEqual([]);
  });
});

/** Every printed form of what a promise is rejected with. */
async function printed(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  return [inspect(error, { depth: 9, showHidden: true }), String(error), JSON.stringify(error)].join("\n");
}

function session(endpoint: string): readonly string[] {
  return [
    ...["--certificate", certificate, "--private-key", key, "--endpoint", endpoint],
    ...["--trust-anchor-arn", ARNS.trustAnchorArn],
    ...["--profile-arn", ARNS.profileArn, "--role-arn", ARNS.roleArn],
  ];
}

describe.each([...WHOLE, ...BROKEN])("nothing is shown of %s", (_form, source) => {
  it.each<readonly [option: string, change: Partial<RolesAnywhereInit>]>([
    ["privateKey", { privateKey: source }],
    ["certificate", { certificate: source }],
    ["intermediates", { intermediates: source }],
    ["an absolute privateKey", { privateKey: `/work/${source}` }],
    ["an ARN", { roleArn: source }],
    ["endpoint", { endpoint: source }],
    ["region", { region: source }],
    ["proxy", { proxy: source }],
    ["AWS_CA_BUNDLE", { environment: { AWS_CA_BUNDLE: source }, endpoint: "https://127.0.0.1:1" }],
  ])("by the provider, given as %s", async (_option, change) => {
    const init = { ...ARNS, certificate, privateKey: key, endpoint: "http://127.0.0.1:1", environment: {} };
    const text = await printed(fromRolesAnywhere({ ...init, maxAttempts: 1, ...change })());
    expect(leaksOf(source, text)).toEqual([]);
  });

  it.each<readonly [place: string, words: readonly string[]]>([
    ["--private-key", ["--private-key", source]],
    ["--private-key env:", ["--private-key", `env:${source}`]],
    ["--certificate", ["--certificate", source]],
    ["--intermediates", ["--intermediates", source]],
    ["--role-arn", ["--role-arn", source]],
    ["--region", ["--region", source]],
    ["--endpoint", ["--endpoint", source]],
    ["--pkcs8-password-env", ["--pkcs8-password-env", source]],
    ["an argument without a flag", [source]],
    ["the arguments that a shell makes of it", source.split(/\s+/)],
    ["a number", ["--session-duration", source]],
    ["a switch", [`--debug=${source}`]],
    ["a flag", [`--${source}`]],
  ])("by commands, given as %s", async (_place, words) => {
    await using service = await startFakeService(refused(403, "AccessDeniedException", "no"));
    const own = { AWS_SHARED_CREDENTIALS_FILE: folder.join("c"), AWS_MAX_ATTEMPTS: "1" };
    const configure = [
      "configure",
      "--profile",
      "web",
      "--config-file",
      folder.join("none"),
      "--no-check-files",
    ];
    // Only the parsing of flags, which all commands share, is concerned by other places.
    const isFile = ["--private-key", "--certificate", "--intermediates"].includes(words[0] ?? "");
    const commands = isFile ? [["credential-process"], ["doctor"], configure] : [["doctor"]];
    const results = await Promise.all(
      commands.map((command) => runCli([...command, ...session(service.url), ...words], own)),
    );
    expect(leaksOf(source, results.map(({ stdout, stderr }) => stdout + stderr).join("\n"))).toEqual([]);
  });

  it("by the command, given as its name", async () => {
    const { stdout, stderr, code } = await runCli([source]);
    expect(code).not.toBe(0);
    expect(leaksOf(source, stdout + stderr)).toEqual([]);
  });
});
