import { writeFileSync } from "node:fs";

import { afterAll, describe, expect, it } from "vitest";

import { readVector, temporaryFolder } from "@roles-anywhere/testing";
import { startFakeService, success } from "../../test/support/fake-service.ts";
import { layoutNamed } from "../../test/support/pem-layouts.ts";
import { runCli } from "../../test/support/run-cli.ts";
import { startServe } from "../../test/support/served.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const { certificatePem, privateKeyPem, intermediatesPem } = readVector("ecdsa");
const both = `${certificatePem}${privateKeyPem}`;
const VARIABLES = {
  CERT: certificatePem,
  CERT_BASE64: layoutNamed("base64 of it")(certificatePem),
  CERT_ESCAPED: layoutNamed(String.raw`\n for line ends`)(certificatePem),
  KEY: layoutNamed("spaces for line ends")(privateKeyPem),
  BOTH: layoutNamed("base64 of it")(both),
  CHAIN: layoutNamed("base64 of it")(intermediatesPem),
};
const ARNS = [
  ...["--trust-anchor-arn", "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1"],
  ...["--profile-arn", "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2"],
  ...["--role-arn", "arn:aws:iam::123456789012:role/Example"],
];

const IDENTITIES: readonly (readonly string[])[] = [
  ["--certificate", "env:CERT", "--private-key", "env:KEY"],
  ["--certificate", "env:CERT_BASE64", "--private-key", "env:KEY", "--intermediates", "env:CHAIN"],
  ["--certificate", "env:CERT_ESCAPED", "--private-key", "env:BOTH"],
  ["--certificate", "env:BOTH"],
];

describe.each(IDENTITIES)("an identity in variables, %s %s %s %s", (...given) => {
  const identity = given.filter((word) => word !== undefined);
  const runs: readonly (readonly [string, readonly string[]])[] = [
    ["credential-process", ARNS],
    ["credential-process", [...ARNS, "--cache"]],
    ["update", [...ARNS, "--once"]],
    ["configure", [...ARNS, "--profile", "web", "--config-file", folder.join("config")]],
    ["doctor", [...ARNS, "--offline"]],
    ["sign-string", []],
    ["read-certificate-data", []],
  ];

  it.each(runs)("is taken by %s %j", async (command, more) => {
    await using service = await startFakeService(success());
    const only = command === "read-certificate-data" ? identity.slice(0, 2) : identity;
    const own = only.filter((word, index) => {
      const flag = word.startsWith("--") ? word : only[index - 1];
      return command !== "sign-string" || flag !== "--intermediates";
    });
    const endpoint = more.length === 0 ? [] : ["--endpoint", service.url];
    const result = await runCli([command, ...own, ...more, ...endpoint], {
      ...VARIABLES,
      HOME: folder.path,
      AWS_SHARED_CREDENTIALS_FILE: folder.join("credentials"),
    });
    // doctor finds other things to say about these certificates.
    expect(command === "doctor" && /^ok {4}key pair/m.test(result.stdout) ? 0 : result.code).toBe(0);
    expect(result.stdout).not.toMatch(/^fail {2}(certificate file|intermediates|private key)/m);
  });

  it("is taken by serve", async () => {
    using files = temporaryFolder();
    writeFileSync(files.join("client.pem"), "unused");
    await using served = await startServe(files, [success()], identity, VARIABLES);
    expect(served.notes.filter((note) => note.includes("warning"))).toEqual([]);
  });
});

describe("a variable that is not set", () => {
  it.each(["--certificate", "--private-key", "--intermediates"])("is named for %s", async (flag) => {
    const words = ["--certificate", "env:CERT", "--private-key", "env:KEY", ...ARNS];
    const result = await runCli(["credential-process", ...words, flag, "env:NOT_SET"], VARIABLES);
    expect(result).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${flag} names the environment variable "NOT_SET", which is not set`),
    });
  });
});
