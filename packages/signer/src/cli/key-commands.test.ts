import { spawnSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { KEY_ALGORITHMS, openssl, opensslBytes, temporaryFolder } from "@roles-anywhere/testing";
import { makeIdentity } from "../../test/support/identities.ts";
import type { KeyAlgorithm, TestIdentity } from "@roles-anywhere/testing";
import { MAIN, runCli } from "../../test/support/run-cli.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const algorithms = Object.keys(KEY_ALGORITHMS) as KeyAlgorithm[];
const identities = new Map<KeyAlgorithm, TestIdentity>();
beforeAll(() => {
  for (const algorithm of algorithms) {
    const identity = makeIdentity(algorithm);
    identities.set(algorithm, identity);
    writeFileSync(folder.join(`${algorithm}.pem`), identity.certificatePem);
    writeFileSync(folder.join(`${algorithm}.key`), identity.privateKeyPem, { mode: 0o600 });
  }
});

describe("ra-signer read-certificate-data", () => {
  it.each(algorithms)("describes a %s certificate as one line of JSON", async (algorithm) => {
    const result = await runCli(["read-certificate-data", "--certificate", folder.join(`${algorithm}.pem`)]);
    const x509 = new X509Certificate(identities.get(algorithm)?.certificatePem ?? "");
    const keyType = algorithm.startsWith("RSA") ? "RSA" : "EC";
    expect(result).toEqual({
      code: 0,
      stderr: "",
      stdout: JSON.stringify({
        keyType,
        certificateData: x509.raw.toString("base64"),
        serialNumber: BigInt(`0x${x509.serialNumber}`).toString(),
        supportedAlgorithms: [`${keyType}SHA256`, `${keyType}SHA384`, `${keyType}SHA512`],
      }),
    });
  });

  it("names the digests of a key type that Roles Anywhere does not take, as the helper does", async () => {
    const key = folder.join("ed25519.key");
    const certificate = folder.join("ed25519.pem");
    writeFileSync(key, openssl(["genpkey", "-algorithm", "ed25519"]), { mode: 0o600 });
    writeFileSync(certificate, openssl(["req", "-x509", "-new", "-key", key, "-subj", "/CN=test"]));
    const { stdout } = await runCli(["read-certificate-data", "--certificate", certificate]);
    expect(JSON.parse(stdout)).toMatchObject({
      keyType: "",
      supportedAlgorithms: ["SHA256", "SHA384", "SHA512"],
    });
  });

  it.each([
    [[], /--certificate is missing/],
    [["--certificate", "/nowhere.pem"], /cannot read the certificate/],
    [["--cert-selector", "x"], /certificate stores/],
  ])("refuses %j", async (args, message) => {
    const result = await runCli(["read-certificate-data", ...args]);
    expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
  });
});

describe("ra-signer sign-string", () => {
  const words = (algorithm: KeyAlgorithm, ...more: readonly string[]): readonly string[] => [
    ...["sign-string", "--certificate", folder.join(`${algorithm}.pem`)],
    ...["--private-key", folder.join(`${algorithm}.key`), ...more],
  ];

  const cases = algorithms.flatMap((algorithm) =>
    ["SHA256", "SHA384", "SHA512"].map((digest) => [algorithm, digest] as const),
  );

  it.each(cases)("makes a signature with %s and %s that OpenSSL verifies", async (algorithm, digest) => {
    const { stdout, code } = await runCli(words(algorithm, "--digest", digest, "--format", "text"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[0-9a-f]+$/);
    const key = identities.get(algorithm)?.privateKeyPem ?? "";
    // Straight from OpenSSL: PKCS#1 for RSA; for EC the point is what ends SubjectPublicKeyInfo.
    const publicKey = algorithm.startsWith("RSA")
      ? opensslBytes(["rsa", "-RSAPublicKey_out", "-outform", "DER"], key)
      : opensslBytes(["pkey", "-pubout", "-outform", "DER"], key).subarray(
          -{ "P-256": 65, "P-384": 97, "P-521": 133, "RSA-2048": 0 }[algorithm],
        );
    const hash = createHash("sha256").update("IAM RA").update(publicKey).digest();
    const message = Buffer.concat([Buffer.from("AWS Roles Anywhere Credential Helper Signing Test1"), hash]);
    writeFileSync(folder.join("signature"), Buffer.from(stdout, "hex"));
    writeFileSync(folder.join("public.pem"), openssl(["pkey", "-pubout"], key));
    const files = ["-verify", folder.join("public.pem"), "-signature", folder.join("signature")];
    expect(openssl(["dgst", `-${digest.toLowerCase()}`, ...files], message).toString()).toContain(
      "Verified OK",
    );
  });

  it("prints JSON by default, bare hex as text, raw bytes as bin, never a line feed", async () => {
    const { stdout: json } = await runCli(words("RSA-2048"));
    const { stdout: text } = await runCli(words("RSA-2048", "--format", "text"));
    const binary = spawnSync(process.execPath, [MAIN, ...words("RSA-2048", "--format", "bin")]).stdout;
    expect(json).toBe(`"${text}"`);
    expect(binary.toString("hex")).toBe(text);
  });

  it.each([
    [["--digest", "MD5"], /invalid argument "MD5" for "--digest"/],
    [["--format", "xml"], /invalid argument "xml" for "--format"/],
    [["--private-key", "pkcs11:a"], /the URI "pkcs11:a": a part of it is not of the form name=value/],
    [["--certificate", ""], /--certificate is missing/],
  ])("refuses %j", async (args, message) => {
    const result = await runCli(words("P-256", ...args));
    expect(result).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
  });
});
