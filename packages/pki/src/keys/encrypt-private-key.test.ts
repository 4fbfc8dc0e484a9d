import { createPrivateKey } from "node:crypto";
import { openssl } from "@roles-anywhere/testing";
import { describe, expect, it } from "vitest";
import { createRootCertificateAuthority } from "../authority/create-root-certificate-authority.ts";
import { issueClientCertificate } from "../authority/issue-client-certificate.ts";
import { sharedKeyPairOf } from "../../test/support/key-pool.ts";
import { isEncryptedKey, toPrivateKeyPem } from "./encrypt-private-key.ts";
import type { KeyType } from "./key-type.ts";

describe("toPrivateKeyPem", () => {
  it.each<KeyType>(["rsa-2048", "ec-p256", "ec-p521"])(
    "encrypts a key %s that OpenSSL and Node.js open",
    async (keyType) => {
      const { privateKey } = await sharedKeyPairOf(keyType);
      const passphrase = "sésame, öffne dich";
      const pem = toPrivateKeyPem(privateKey, passphrase);

      expect(pem).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
      expect(isEncryptedKey(pem)).toBe(true);
      expect(createPrivateKey({ key: pem, passphrase }).equals(privateKey)).toBe(true);
      expect(openssl(["pkey", "-passin", `pass:${passphrase}`], pem)).toBe(
        toPrivateKeyPem(privateKey, undefined),
      );
      expect(openssl(["asn1parse"], pem)).toMatch(
        /:PBES2[\s\S]*:scrypt[\s\S]*INTEGER +:4000[\s\S]*:aes-256-cbc/,
      );
    },
  );

  it("never makes the same octets twice", async () => {
    const { privateKey } = await sharedKeyPairOf("ec-p256");
    expect(toPrivateKeyPem(privateKey, "x")).not.toBe(toPrivateKeyPem(privateKey, "x"));
  });

  it("refuses an empty passphrase", async () => {
    const { privateKey } = await sharedKeyPairOf("ec-p256");
    expect(() => toPrivateKeyPem(privateKey, "")).toThrow(
      expect.objectContaining({ code: "ERR_PKI_PASSPHRASE", message: expect.stringContaining("is empty") }),
    );
  });

  it("leaves a key plain without a passphrase", async () => {
    const { privateKey } = await sharedKeyPairOf("ec-p256");
    expect(isEncryptedKey(toPrivateKeyPem(privateKey, undefined))).toBe(false);
  });
});

describe("a CA with an encrypted key", () => {
  it.each([
    { title: "of this library", reencrypt: (pem: string) => pem },
    {
      title: "of OpenSSL, PBKDF2",
      reencrypt: (pem: string) =>
        openssl(["pkey", "-passin", "pass:x", "-aes256", "-passout", "pass:x"], pem),
    },
    {
      title: "of OpenSSL, the traditional form",
      reencrypt: (pem: string) =>
        openssl(["pkey", "-passin", "pass:x", "-traditional", "-aes128", "-passout", "pass:x"], pem),
    },
  ])("$title issues with the passphrase", async ({ reencrypt }) => {
    const dependencies = { generateKeyPair: sharedKeyPairOf };
    const root = await createRootCertificateAuthority(
      { keyType: "ec-p256", keyPassphrase: "x" },
      dependencies,
    );
    const privateKeyPem = reencrypt(root.privateKeyPem);
    const authority = { certificatePem: root.certificatePem, privateKeyPem, passphrase: "x" };
    await expect(
      issueClientCertificate({ authority, commonName: "leaf", keyType: "ec-p256" }, dependencies),
    ).resolves.toMatchObject({ commonName: "leaf" });
  });
});
