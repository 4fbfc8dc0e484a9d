import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { IssuedCertificate } from "../certificate/issued-certificate.ts";
import { sharedKeyPair } from "../../test/support/key-pool.ts";
import { openssl } from "@roles-anywhere/testing";
import { certificateLines, keyIdentifierIn } from "../../test/support/certificate-text.ts";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { createRootCertificateAuthority } from "./create-root-certificate-authority.ts";
import { issueClientCertificate } from "./issue-client-certificate.ts";
import { readCertificateAuthority } from "./read-certificate-authority.ts";
import type { CertificateAuthority } from "./read-certificate-authority.ts";

/** What people make by hand: `openssl req -x509` with an extension section and perhaps other settings. */
function handmade(settings: {
  readonly extensions: readonly string[];
  readonly key?: readonly string[];
  readonly subject?: string;
  readonly request?: readonly string[];
}): CertificateAuthority {
  const directory = temporaryDirectory();
  const keyPath = join(directory, "ca.key");
  const configPath = join(directory, "ca.cnf");
  const key = settings.key ?? ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
  const privateKeyPem = openssl(["genpkey", ...key]);
  writeFileSync(keyPath, privateKeyPem);
  writeFileSync(
    configPath,
    [
      "[req]",
      "distinguished_name = name",
      ...(settings.request ?? []),
      "[name]",
      "[extensions]",
      ...settings.extensions,
      "",
    ].join("\n"),
  );
  const subject = settings.subject ?? "/CN=Handmade CA";
  const args = ["req", "-x509", "-new", "-utf8", "-sha256", "-days", "3650", "-subj", subject];
  const certificatePem = openssl([
    ...args,
    ...["-config", configPath, "-extensions", "extensions", "-key", keyPath],
  ]);
  return { certificatePem, privateKeyPem };
}

const caExtensions = [
  "basicConstraints = critical,CA:TRUE",
  "keyUsage = critical,digitalSignature,cRLSign,keyCertSign",
  "subjectKeyIdentifier = hash",
];

function verify(authority: CertificateAuthority, certificatePem: string): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, "ca.pem"), authority.certificatePem);
  writeFileSync(join(directory, "leaf.pem"), certificatePem);
  return openssl(["verify", "-CAfile", join(directory, "ca.pem"), join(directory, "leaf.pem")]);
}

describe("a CA made by hand with OpenSSL", () => {
  it.each([
    { title: "with the article's settings", settings: { extensions: caExtensions } },
    {
      title: "with a name in several scripts and string types",
      settings: {
        extensions: caExtensions,
        subject: "/C=CH/O=Example, Inc./L=Zürich/CN=Корневой УЦ",
        request: ["string_mask = pkix"],
      },
    },
    {
      title: "with two attributes in one relative name",
      settings: { extensions: caExtensions, subject: "/O=Example/CN=Root+OU=PKI" },
    },
    {
      title: "with a key identifier of its own choice",
      settings: { extensions: [...caExtensions.slice(0, 2), "subjectKeyIdentifier = 0102030405"] },
    },
    {
      title: "with all key usages, so that no bit is unused",
      settings: {
        extensions: [
          "basicConstraints = CA:TRUE,pathlen:0",
          "keyUsage = digitalSignature,nonRepudiation,keyCertSign,cRLSign,encipherOnly,decipherOnly",
          "subjectKeyIdentifier = hash",
        ],
      },
    },
  ])("$title issues certificates that OpenSSL verifies", async ({ settings }) => {
    const authority = handmade(settings);
    const { certificatePem } = await issueClientCertificate(
      { authority, commonName: "leaf" },
      { generateKeyPair: sharedKeyPair },
    );

    expect(verify(authority, certificatePem)).toContain("OK");
    expect(keyIdentifierIn(certificatePem, "authorityKeyIdentifier")).toBe(
      keyIdentifierIn(authority.certificatePem, "subjectKeyIdentifier"),
    );
    const subject = certificateLines(authority.certificatePem).find((line) => line.startsWith("Subject: "));
    expect(certificateLines(certificatePem)).toContain(subject?.replace("Subject: ", "Issuer: "));
  });

  it("may keep its key as PKCS#1", async () => {
    const { certificatePem, privateKeyPem } = handmade({ extensions: caExtensions });
    const authority = { certificatePem, privateKeyPem: openssl(["rsa", "-traditional"], privateKeyPem) };
    expect(authority.privateKeyPem).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    const leaf = await issueClientCertificate(
      { authority, commonName: "leaf" },
      { generateKeyPair: sharedKeyPair },
    );

    expect(verify(authority, leaf.certificatePem)).toContain("OK");
  });
});

describe("readCertificateAuthority", () => {
  let good: IssuedCertificate;
  let other: IssuedCertificate;

  beforeAll(async () => {
    good = await createRootCertificateAuthority({}, { generateKeyPair: sharedKeyPair });
    other = await createRootCertificateAuthority();
  });

  it("reads the dates of the certificate", () => {
    const { notBefore, notAfter } = readCertificateAuthority(good);

    expect({ notBefore, notAfter }).toEqual({ notBefore: good.notBefore, notAfter: good.notAfter });
  });

  it.each<{ title: string; change: () => Partial<CertificateAuthority>; code: string; message: RegExp }>([
    {
      title: "the key of another CA",
      change: () => ({ privateKeyPem: other.privateKeyPem }),
      code: "ERR_PKI_AUTHORITY_KEY_MISMATCH",
      message: /^the CA key is not the key of the CA certificate \(CN=MyRootCA\); put back the key/,
    },
    {
      title: "a certificate that is not PEM",
      change: () => ({ certificatePem: "hello" }),
      code: "ERR_PKI_AUTHORITY_INVALID",
      message: /^the CA certificate cannot be read; give a PEM certificate$/,
    },
    {
      title: "an empty key",
      change: () => ({ privateKeyPem: "" }),
      code: "ERR_PKI_AUTHORITY_INVALID",
      message: /^the CA private key cannot be read; give a PEM private key$/,
    },
    {
      title: "an encrypted key without its passphrase",
      change: () => ({
        privateKeyPem: openssl(
          ["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:test"],
          good.privateKeyPem,
        ),
      }),
      code: "ERR_PKI_PASSPHRASE",
      message: /^the CA key is encrypted; give its passphrase$/,
    },
    {
      title: "an encrypted key with another passphrase",
      change: () => ({
        privateKeyPem: openssl(
          ["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:test"],
          good.privateKeyPem,
        ),
        passphrase: "guess",
      }),
      code: "ERR_PKI_PASSPHRASE",
      message: /^the passphrase does not open the CA key/,
    },
    {
      title: "a certificate with CA:FALSE",
      change: () => handmade({ extensions: ["basicConstraints = CA:FALSE", "keyUsage = keyCertSign"] }),
      code: "ERR_PKI_AUTHORITY_INVALID",
      message: /basicConstraints does not say CA:TRUE/,
    },
    {
      title: "a certificate without basicConstraints",
      change: () => handmade({ extensions: ["keyUsage = digitalSignature,keyCertSign"] }),
      code: "ERR_PKI_AUTHORITY_INVALID",
      message: /basicConstraints does not say CA:TRUE/,
    },
    {
      title: "a CA certificate whose keyUsage lacks keyCertSign",
      change: () =>
        handmade({ extensions: ["basicConstraints = CA:TRUE", "keyUsage = digitalSignature,cRLSign"] }),
      code: "ERR_PKI_AUTHORITY_INVALID",
      message: /keyUsage does not include keyCertSign/,
    },
    {
      title: "a CA certificate without keyUsage",
      change: () => handmade({ extensions: ["basicConstraints = CA:TRUE"] }),
      code: "ERR_PKI_AUTHORITY_INVALID",
      message: /keyUsage does not include keyCertSign/,
    },
    {
      title: "a CA certificate without a subject",
      change: () => handmade({ extensions: caExtensions, subject: "/" }),
      code: "ERR_PKI_AUTHORITY_INVALID",
      message: /^the CA certificate cannot issue: it has no subject, .*RFC 5280 §4\.1\.2\.6.*make a CA/,
    },
    {
      title: "the key of another CA beside a certificate without a subject",
      change: () => ({
        certificatePem: handmade({ extensions: caExtensions, subject: "/" }).certificatePem,
        privateKeyPem: other.privateKeyPem,
      }),
      code: "ERR_PKI_AUTHORITY_INVALID",
      message: /has no subject/,
    },
    {
      title: "a CA with a key on a curve that AWS does not know",
      change: () =>
        handmade({
          extensions: caExtensions,
          key: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
        }),
      code: "ERR_PKI_AUTHORITY_INVALID",
      message: /its key is of the type secp256k1; use a CA with an RSA, EC/,
    },
    {
      title: "a CA with a short RSA key",
      change: () =>
        handmade({
          extensions: caExtensions,
          key: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
        }),
      code: "ERR_PKI_AUTHORITY_INVALID",
      message:
        /^the CA certificate cannot issue: its key is of the type rsa-1024; use RSA with 2048 bits or more$/,
    },
  ])("refuses $title", ({ change, code, message }) => {
    expect(() => readCertificateAuthority({ ...good, ...change() })).toThrow(
      expect.objectContaining({ name: "PkiError", code, message: expect.stringMatching(message) }),
    );
  });

  it("says nothing of the key when it refuses it, and keeps the cause", () => {
    const broken = good.privateKeyPem.replace("MII", "AAA");
    let error: unknown;
    try {
      readCertificateAuthority({ ...good, privateKeyPem: broken });
    } catch (thrown) {
      error = thrown;
    }
    const secret = broken.split("\n")[1] ?? "";

    expect(error).toMatchObject({ code: "ERR_PKI_AUTHORITY_INVALID", cause: expect.any(Error) });
    expect(secret.length).toBeGreaterThan(60);
    expect(String(error) + String(error instanceof Error ? error.cause : "")).not.toContain(
      secret.slice(0, 20),
    );
  });
});
