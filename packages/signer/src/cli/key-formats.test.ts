// Each form that a certificate and a key may have in a file, through the whole command; src/keys tests the details.
import { createPublicKey, verify, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";

import { afterAll, describe, expect, it } from "vitest";

import { startFakeService, success } from "../../test/support/fake-service.ts";
import { makeIdentity } from "../../test/support/identities.ts";
import { openssl, opensslBytes, readVector, temporaryFolder } from "@roles-anywhere/testing";
import type { KeyAlgorithm } from "@roles-anywhere/testing";
import { exportPkcs12 } from "../../test/support/pkcs12.ts";
import { runCli } from "../../test/support/run-cli.ts";
import type { CliResult } from "../../test/support/run-cli.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const rsa = makeIdentity("RSA-2048");
const ec = makeIdentity("P-256");
const mlDsa = readVector("mldsa44");
const hasMlDsa =
  String(new X509Certificate(mlDsa.certificatePem).publicKey.asymmetricKeyType) === "ml-dsa-44";

const crlf = (text: string): string => text.replaceAll("\n", "\r\n");
const encrypt = (key: string, ...args: readonly string[]): string =>
  openssl(["pkcs8", "-topk8", "-passout", "pass:p w", ...args], key).toString();
const traditional = (kind: "rsa" | "ec", key: string): string =>
  openssl(kind === "rsa" ? ["rsa", "-traditional"] : ["ec"], key).toString();
const parameters = openssl(["ecparam", "-name", "prime256v1"]).toString();
function certificateBlock(text: string): string {
  return /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(text)?.[0] ?? "";
}

/** What `openssl pkcs12 -nodes` leaves: attributes and names around the blocks. */
function unpacked(): string {
  const path = folder.join("to-unpack.p12");
  writeFileSync(path, exportPkcs12(ec, "x", ["-name", "a friendly name"]));
  return openssl(["pkcs12", "-in", path, "-nodes", "-passin", "pass:x"]).toString();
}

/** Runs credential-process with these files; a key that is undefined is in the certificate's file. */
async function run(
  certificate: File,
  key: File | undefined,
  more: readonly string[] = [],
): Promise<CliResult & { readonly algorithm: string | undefined; readonly sent: unknown }> {
  await using service = await startFakeService(success());
  const paths = { certificate: folder.join("client.pem"), key: folder.join("client.key") };
  writeFileSync(paths.certificate, certificate, { mode: 0o600 });
  if (key !== undefined) writeFileSync(paths.key, key, { mode: 0o600 });
  const result = await runCli([
    ...["credential-process", "--endpoint", service.url, "--certificate", paths.certificate],
    ...(key === undefined ? [] : ["--private-key", paths.key]),
    ...["--trust-anchor-arn", "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1"],
    ...["--profile-arn", "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2"],
    ...["--role-arn", "arn:aws:iam::123456789012:role/Example", ...more],
  ]);
  const headers = service.requests[0]?.headers;
  const algorithm = headers?.authorization?.split(" ")[0];
  return { ...result, algorithm, sent: headers?.["x-amz-x509"] };
}

const RSA = "AWS4-X509-RSA-SHA256";
const ECDSA = "AWS4-X509-ECDSA-SHA256";
const PASSWORD = ["--pkcs8-password", "p w"] as const;

type File = string | Uint8Array;
type Accepted = readonly [
  title: string,
  certificate: string,
  key: string | undefined,
  algorithm: string,
  more: readonly string[],
];
type Refused = readonly [
  title: string,
  certificate: File,
  key: File | undefined,
  message: RegExp,
  more: readonly string[],
];

describe("ra-signer credential-process takes", () => {
  it.each<Accepted>([
    ["PKCS#8 RSA", rsa.certificatePem, rsa.privateKeyPem, RSA, []],
    ["PKCS#1 RSA", rsa.certificatePem, traditional("rsa", rsa.privateKeyPem), RSA, []],
    ["PKCS#8 EC", ec.certificatePem, ec.privateKeyPem, ECDSA, []],
    ["SEC1 EC", ec.certificatePem, traditional("ec", ec.privateKeyPem), ECDSA, []],
    ["EC PARAMETERS first", ec.certificatePem, parameters + traditional("ec", ec.privateKeyPem), ECDSA, []],
    ["CRLF", crlf(ec.certificatePem), crlf(ec.privateKeyPem), ECDSA, []],
    ["text around both", `subject=x\n${ec.certificatePem}-\n`, `a key:\n${ec.privateKeyPem}\n#`, ECDSA, []],
    ["certificate and key in one file", ec.certificatePem + ec.privateKeyPem, undefined, ECDSA, []],
    ["key before certificate", rsa.privateKeyPem + rsa.certificatePem, undefined, RSA, []],
    ["what openssl pkcs12 -nodes writes", unpacked(), undefined, ECDSA, []],
    ["an encrypted RSA key", rsa.certificatePem, encrypt(rsa.privateKeyPem), RSA, PASSWORD],
    ["an encrypted EC key", ec.certificatePem, encrypt(ec.privateKeyPem), ECDSA, PASSWORD],
    ["a key under scrypt", ec.certificatePem, encrypt(ec.privateKeyPem, "-scrypt"), ECDSA, PASSWORD],
    [
      "an encrypted key in the certificate's file",
      ec.certificatePem + encrypt(ec.privateKeyPem),
      undefined,
      ECDSA,
      PASSWORD,
    ],
  ])("%s", async (_title, certificate, key, algorithm, more) => {
    const { raw } = new X509Certificate(certificateBlock(certificate));
    expect(await run(certificate, key, more)).toMatchObject({
      code: 0,
      stderr: "",
      algorithm,
      sent: raw.toString("base64"),
    });
  });

  it.each(["P-384", "P-521"] as const satisfies readonly KeyAlgorithm[])("%s", async (curve) => {
    const identity = makeIdentity(curve);
    expect(await run(identity.certificatePem, identity.privateKeyPem)).toMatchObject({
      code: 0,
      stderr: "",
      algorithm: ECDSA,
    });
  });

  it.runIf(hasMlDsa)("ML-DSA", async () => {
    expect(await run(mlDsa.certificatePem, mlDsa.privateKeyPem)).toMatchObject({
      code: 0,
      algorithm: "AWS4-X509-MLDSA",
    });
  });
});

describe("ra-signer credential-process refuses", () => {
  const derOf = (pem: string, kind: "x509" | "pkcs8"): Buffer =>
    opensslBytes([kind, ...(kind === "pkcs8" ? ["-topk8", "-nocrypt"] : []), "-outform", "DER"], pem);
  const ed25519 = openssl(["genpkey", "-algorithm", "ED25519"]).toString();

  it.each<Refused>([
    [
      "a certificate in DER",
      derOf(ec.certificatePem, "x509"),
      ec.privateKeyPem,
      /could not parse PEM data/,
      [],
    ],
    ["a key in DER", ec.certificatePem, derOf(ec.privateKeyPem, "pkcs8"), /unable to parse private key/, []],
    ["an Ed25519 key", ec.certificatePem, ed25519, /of type ed25519, and Roles Anywhere takes RSA, EC/, []],
    [
      "a password for a plain key",
      ec.certificatePem,
      ec.privateKeyPem,
      /is not encrypted; leave it out/,
      PASSWORD,
    ],
    [
      "an encrypted key without password",
      ec.certificatePem,
      encrypt(ec.privateKeyPem),
      /give its password/,
      [],
    ],
    [
      "a wrong password",
      ec.certificatePem,
      encrypt(ec.privateKeyPem),
      /incorrect PKCS#8 private key password/,
      ["--pkcs8-password", "x"],
    ],
    ["no key at all", ec.certificatePem, undefined, /holds only CERTIFICATE/, []],
    [
      "the key of another certificate",
      ec.certificatePem,
      rsa.privateKeyPem,
      /does not belong to certificate/,
      [],
    ],
  ])("%s", async (_title, certificate, key, message, more) => {
    expect(await run(certificate, key, more)).toEqual({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(message),
      algorithm: undefined,
      sent: undefined,
    });
  });
});

describe.runIf(hasMlDsa)("ra-signer with ML-DSA", () => {
  it("describes the certificate and signs the bare string", async () => {
    const [certificate, key] = [folder.join("mldsa.pem"), folder.join("mldsa.key")];
    writeFileSync(certificate, mlDsa.certificatePem);
    writeFileSync(key, mlDsa.privateKeyPem, { mode: 0o600 });
    const described = await runCli(["read-certificate-data", "--certificate", certificate]);
    expect(JSON.parse(described.stdout)).toMatchObject({
      keyType: "ML-DSA-44",
      supportedAlgorithms: ["ML-DSA-44"],
      serialNumber: mlDsa.signing.serialDecimal,
    });
    const words = ["sign-string", "--certificate", certificate, "--private-key", key, "--format", "text"];
    const signature = Buffer.from((await runCli(words)).stdout, "hex");
    const text = Buffer.from("AWS Roles Anywhere Credential Helper Signing Test1");
    expect(verify(null, text, createPublicKey(mlDsa.certificatePem), signature)).toBe(true);
  });
});
