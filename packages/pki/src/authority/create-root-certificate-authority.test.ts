import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sharedKeyPair } from "../../test/support/key-pool.ts";
import { openssl } from "@roles-anywhere/testing";
import {
  certificateField,
  certificateLines,
  extensionLines,
  keyIdentifierIn,
} from "../../test/support/certificate-text.ts";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { createRootCertificateAuthority } from "./create-root-certificate-authority.ts";

const daySeconds = 86_400;

function seconds(date: string | Date): number {
  return new Date(date).getTime() / 1000;
}

describe("createRootCertificateAuthority", () => {
  it("makes an X.509 v3 certificate of MyRootCA, signed by itself with SHA-256 and RSA", async () => {
    const { certificatePem } = await createRootCertificateAuthority();
    const lines = certificateLines(certificatePem);

    expect(lines).toContain("Version: 3 (0x2)");
    expect(lines).toContain("Signature Algorithm: sha256WithRSAEncryption");
    expect(lines).toContain("Issuer: CN=MyRootCA");
    expect(lines).toContain("Subject: CN=MyRootCA");
    expect(openssl(["x509", "-noout", "-text"], certificatePem)).toContain("Public-Key: (2048 bit)");
  });

  it("has the extensions of a CA and no others, critical where they must be", async () => {
    const { certificatePem } = await createRootCertificateAuthority();

    expect(extensionLines(certificatePem)).toEqual([
      "X509v3 Basic Constraints: critical",
      "CA:TRUE",
      "X509v3 Key Usage: critical",
      "Digital Signature, Certificate Sign, CRL Sign",
      "X509v3 Subject Key Identifier:",
      "<key identifier>",
    ]);
  });

  it("is trusted by OpenSSL under its strict rules", async () => {
    const { certificatePem } = await createRootCertificateAuthority();
    const path = join(temporaryDirectory(), "root.pem");
    writeFileSync(path, certificatePem);

    expect(openssl(["verify", "-x509_strict", "-check_ss_sig", "-verbose", "-CAfile", path, path])).toContain(
      "OK",
    );
  });

  it("identifies its key by the SHA-1 of the key's bits", async () => {
    const { certificatePem } = await createRootCertificateAuthority();
    const publicKeyBits = new X509Certificate(certificatePem).publicKey.export({
      type: "pkcs1",
      format: "der",
    });
    const path = join(temporaryDirectory(), "key.der");
    writeFileSync(path, publicKeyBits);

    expect(keyIdentifierIn(certificatePem, "subjectKeyIdentifier").toLowerCase()).toBe(
      openssl(["dgst", "-sha1", "-r", path]).split(" ")[0],
    );
  });

  it("returns the private key of the certificate as PKCS#8", async () => {
    const { certificatePem, privateKeyPem } = await createRootCertificateAuthority();

    expect(privateKeyPem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem))).toBe(true);
    expect(openssl(["pkey", "-noout", "-check"], privateKeyPem)).toContain("valid");
  });

  it("is valid for 3650 days, from five minutes ago, in whole seconds", async () => {
    const now = new Date("2026-01-02T03:04:05.678Z");
    const { certificatePem, notBefore, notAfter } = await createRootCertificateAuthority(
      {},
      { now: () => now },
    );

    expect(certificateField(certificatePem, "-startdate")).toBe("Jan  2 02:59:05 2026 GMT");
    expect(seconds(certificateField(certificatePem, "-enddate")) - seconds(notBefore)).toBe(
      3650 * daySeconds,
    );
    expect(notBefore).toEqual(new Date("2026-01-02T02:59:05Z"));
    expect(seconds(notAfter)).toBe(seconds(certificateField(certificatePem, "-enddate")));
  });

  it.each([
    { notAfter: "2049-12-31T23:59:59Z", encoding: "UTCTIME", printed: "Dec 31 23:59:59 2049 GMT" },
    { notAfter: "2050-01-01T00:00:00Z", encoding: "GENERALIZEDTIME", printed: "Jan  1 00:00:00 2050 GMT" },
    { notAfter: "9999-12-31T23:59:59Z", encoding: "GENERALIZEDTIME", printed: "Dec 31 23:59:59 9999 GMT" },
  ])("encodes an end at $notAfter as $encoding", async ({ notAfter, encoding, printed }) => {
    const { certificatePem } = await createRootCertificateAuthority(
      { notBefore: new Date("2026-01-01T00:00:00Z"), notAfter: new Date(notAfter) },
      { generateKeyPair: sharedKeyPair },
    );
    const times = openssl(["asn1parse"], certificatePem).match(/(?:UTCTIME|GENERALIZEDTIME)/g);

    expect(times).toEqual(["UTCTIME", encoding]);
    expect(certificateField(certificatePem, "-enddate")).toBe(printed);
  });

  it("takes another name, further attributes and another validity", async () => {
    const { certificatePem, commonName } = await createRootCertificateAuthority(
      {
        commonName: "Zürich 認証局 🔐",
        subjectAttributes: [
          { type: "C", value: "CH" },
          { type: "ST", value: "ZH" },
          { type: "L", value: "Zürich" },
          { type: "O", value: "Example, Inc." },
          { type: "OU", value: "Security" },
          { type: "OU", value: "Engineering" },
        ],
        validityDays: 1,
      },
      { generateKeyPair: sharedKeyPair },
    );
    const subject = "CN=Zürich 認証局 🔐,OU=Engineering,OU=Security,O=Example\\, Inc.,L=Zürich,ST=ZH,C=CH";

    expect(commonName).toBe("Zürich 認証局 🔐");
    expect(certificateLines(certificatePem)).toContain(`Subject: ${subject}`);
    expect(certificateLines(certificatePem)).toContain(`Issuer: ${subject}`);
    expect(
      seconds(certificateField(certificatePem, "-enddate")) -
        seconds(certificateField(certificatePem, "-startdate")),
    ).toBe(daySeconds);
  });

  it("encodes the country as PrintableString and the rest as UTF8String", async () => {
    const { certificatePem } = await createRootCertificateAuthority(
      { subjectAttributes: [{ type: "C", value: "DE" }] },
      { generateKeyPair: sharedKeyPair },
    );
    const strings = openssl(["asn1parse"], certificatePem).match(/(?:PRINTABLESTRING|UTF8STRING) *:.*/g);

    expect(strings?.slice(0, 2).map((line) => line.replaceAll(/ +/g, ""))).toEqual([
      "PRINTABLESTRING:DE",
      "UTF8STRING:MyRootCA",
    ]);
  });

  it.each([
    { title: "on another curve", keys: generateKeyPairSync("ec", { namedCurve: "secp256k1" }) },
    { title: "of 1024 bits", keys: generateKeyPairSync("rsa", { modulusLength: 1024 }) },
    { title: "of another algorithm", keys: generateKeyPairSync("ed25519") },
  ])("refuses to sign with a key $title instead of mislabelling the signature", async ({ keys }) => {
    await expect(
      createRootCertificateAuthority({}, { generateKeyPair: async () => keys }),
    ).rejects.toMatchObject({ code: "ERR_PKI_KEY_UNSUPPORTED" });
  });
});
