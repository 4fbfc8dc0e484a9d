import { spawnSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { makeAuthority, makeCertificate, ML_DSA, mlDsaKeys, openssl } from "@roles-anywhere/testing";
import { loadIdentity } from "@roles-anywhere/signer";
import { describe, expect, it } from "vitest";
import { createIntermediateCertificateAuthority } from "../authority/create-intermediate-certificate-authority.ts";
import { createRootCertificateAuthority } from "../authority/create-root-certificate-authority.ts";
import { issueClientCertificate } from "../authority/issue-client-certificate.ts";
import type { KeyType } from "../keys/key-type.ts";
import { sharedKeyPairOf } from "../../test/support/key-pool.ts";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { createPkcs12 } from "./create-pkcs12.ts";

const root = makeAuthority();
const client = makeCertificate({}, root);
const dependencies = { generateKeyPair: sharedKeyPairOf };

/** What `openssl pkcs12` finds in a file. */
function read(p12: Buffer, passphrase: string, ...args: string[]): string {
  const path = `${temporaryDirectory()}/client.p12`;
  writeFileSync(path, p12);
  return openssl(["pkcs12", "-in", path, "-passin", `pass:${passphrase}`, ...args]);
}

describe("createPkcs12", () => {
  it.each<KeyType>(["rsa-2048", "rsa-3072", "rsa-4096", "ec-p256", "ec-p384", "ec-p521"])(
    "writes a %s key, certificate and chain that OpenSSL and the signer read",
    async (keyType) => {
      const authority = await createRootCertificateAuthority({ keyType: "ec-p256" }, dependencies);
      const issuer = await createIntermediateCertificateAuthority(
        { authority, commonName: "Issuing", keyType: "ec-p256" },
        { generateKeyPair: () => sharedKeyPairOf("ec-p384") },
      );
      const { certificatePem, privateKeyPem, chainPem } = await issueClientCertificate(
        { authority: issuer, commonName: "server-a", keyType },
        { generateKeyPair: () => sharedKeyPairOf(keyType) },
      );
      const passphrase = "größe 日本 long enough";
      const p12 = createPkcs12({ certificatePem, privateKeyPem, chainPem, passphrase });

      const found = read(p12, passphrase, "-nodes");
      const certificates = found.match(/-----BEGIN CERT[^]*?END CERTIFICATE-----\n/g) ?? [];
      expect(certificates.map((pem) => new X509Certificate(pem).fingerprint256)).toEqual(
        [certificatePem, chainPem].map((pem) => new X509Certificate(pem).fingerprint256),
      );
      const key = createPrivateKey(/-----BEGIN PRIV[^]*?END PRIVATE KEY-----/.exec(found)?.[0] ?? "");
      expect(key.equals(createPrivateKey(privateKeyPem))).toBe(true);

      const identity = loadIdentity({ certificate: p12, passphrase });
      expect(identity.certificate.x509.fingerprint256).toBe(
        new X509Certificate(certificatePem).fingerprint256,
      );
      expect(identity.privateKey?.equals(key)).toBe(true);
      expect(identity.intermediates.map((der) => new X509Certificate(der).subject)).toContain("CN=Issuing");
    },
  );

  it("says how everything is protected, as OpenSSL prints it", () => {
    const p12 = createPkcs12({ ...client, chainPem: root.certificatePem, passphrase: "secret" });
    const path = `${temporaryDirectory()}/client.p12`;
    writeFileSync(path, p12);
    const args = ["pkcs12", "-in", path, "-passin", "pass:secret", "-info", "-nokeys"];
    const { stdout, stderr } = spawnSync("openssl", args, { encoding: "utf8" });
    expect(stdout).toMatch(/friendlyName: client\n/);
    expect(stdout).toMatch(/localKeyID: (?:[\dA-F]{2} ){20}\n/);
    expect(stderr.trim().split("\n")).toEqual([
      "MAC: sha256, Iteration 10000",
      "MAC length: 32, salt length: 16",
      "PKCS7 Encrypted data: PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256",
      "Certificate bag",
      "Certificate bag",
      "PKCS7 Data",
      "Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256",
    ]);
  });

  it.runIf(ML_DSA.length > 0)("writes an ML-DSA key that the signer reads", () => {
    const certificate = makeCertificate({ keys: mlDsaKeys("ml-dsa-44") }, root);
    const p12 = createPkcs12({ ...certificate, passphrase: "secret" });
    expect(loadIdentity({ certificate: p12, passphrase: "secret" }).signer.algorithm).toBe("AWS4-X509-MLDSA");
  });

  it("does not open with another passphrase", () => {
    const p12 = createPkcs12({ ...client, passphrase: "secret" });
    expect(() => read(p12, "Secret", "-nokeys")).toThrow(/invalid password/);
  });

  it.each([
    ["an empty passphrase", { passphrase: "" }, "ERR_PKI_PASSPHRASE"],
    ["another key", { privateKeyPem: makeCertificate().privateKeyPem }, "ERR_PKI_KEY_MISMATCH"],
    ["a key that is none", { privateKeyPem: "key" }, "ERR_PKI_KEY_UNSUPPORTED"],
    ["no certificate", { certificatePem: "" }, "ERR_PKI_CERTIFICATE_INVALID"],
    [
      "a broken chain",
      { chainPem: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" },
      "ERR_PKI_CERTIFICATE_INVALID",
    ],
  ])("refuses %s", (_, changes, code) => {
    expect(() => createPkcs12({ ...client, passphrase: "secret", ...changes })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
