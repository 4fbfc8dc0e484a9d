import { createPrivateKey, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { IssuedCertificate } from "../certificate/issued-certificate.ts";
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
import { issueClientCertificate } from "./issue-client-certificate.ts";
import type { ClientCertificateOptions } from "./issue-client-certificate.ts";

let authority: IssuedCertificate;
let client: IssuedCertificate;

beforeAll(async () => {
  authority = await createRootCertificateAuthority();
  client = await issueClientCertificate({ authority, commonName: "nestjs-external-server" });
});

/** Runs `openssl verify` for a client; answers `OK` or OpenSSL's reason. */
function verify(issuer: IssuedCertificate, { certificatePem }: IssuedCertificate, at?: Date): string {
  const directory = temporaryDirectory();
  const authorityPath = join(directory, "authority.pem");
  const path = join(directory, "client.pem");
  writeFileSync(authorityPath, issuer.certificatePem);
  writeFileSync(path, certificatePem);
  const time = at === undefined ? [] : ["-attime", String(Math.floor(at.getTime() / 1000))];
  const args = ["verify", "-x509_strict", "-purpose", "sslclient", ...time, "-CAfile", authorityPath, path];
  try {
    return openssl(args).replace(`${path}: `, "").trim();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe("issueClientCertificate", () => {
  it("makes a certificate that OpenSSL verifies as a TLS client of the CA, under its strict rules", () => {
    expect(verify(authority, client)).toBe("OK");
  });

  it("makes a certificate that another CA of the same name does not verify", async () => {
    const other = await createRootCertificateAuthority();

    expect(verify(other, client)).toMatch(/unable to get local issuer certificate|signature failure/);
  });

  it("is an X.509 v3 certificate with SHA-256, RSA 2048, and the CA's name as issuer", () => {
    const lines = certificateLines(client.certificatePem);

    expect(lines).toContain("Version: 3 (0x2)");
    expect(lines).toContain("Signature Algorithm: sha256WithRSAEncryption");
    expect(lines).toContain("Issuer: CN=MyRootCA");
    expect(lines).toContain("Subject: CN=nestjs-external-server");
    expect(openssl(["x509", "-noout", "-text"], client.certificatePem)).toContain("Public-Key: (2048 bit)");
  });

  it("has the extensions of a client and no others, critical where they must be", () => {
    expect(extensionLines(client.certificatePem)).toEqual([
      "X509v3 Basic Constraints:",
      "CA:FALSE",
      "X509v3 Key Usage: critical",
      "Digital Signature",
      "X509v3 Extended Key Usage:",
      "TLS Web Client Authentication",
      "X509v3 Subject Key Identifier:",
      "<key identifier>",
      "X509v3 Authority Key Identifier:",
      "<key identifier>",
    ]);
  });

  it("names the CA's key as authority, and its own as subject", () => {
    const subjectKey = keyIdentifierIn(client.certificatePem, "subjectKeyIdentifier");
    const authorityKey = keyIdentifierIn(client.certificatePem, "authorityKeyIdentifier");

    expect(authorityKey).toBe(keyIdentifierIn(authority.certificatePem, "subjectKeyIdentifier"));
    expect(subjectKey).toMatch(/^[\dA-F]{40}$/);
    expect(subjectKey).not.toBe(authorityKey);
  });

  it("is issued by the CA in Node's eyes, and has its own new PKCS#8 key", () => {
    const certificate = new X509Certificate(client.certificatePem);
    const issuer = new X509Certificate(authority.certificatePem);

    expect(certificate.checkIssued(issuer)).toBe(true);
    expect(certificate.verify(issuer.publicKey)).toBe(true);
    expect(client.privateKeyPem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(certificate.checkPrivateKey(createPrivateKey(client.privateKeyPem))).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(authority.privateKeyPem))).toBe(false);
  });

  it("reports the serial number and the dates that the certificate has", () => {
    expect(client.serialNumber).toBe(certificateField(client.certificatePem, "-serial"));
    expect(client.notBefore).toEqual(new Date(certificateField(client.certificatePem, "-startdate")));
    expect(client.notAfter).toEqual(new Date(certificateField(client.certificatePem, "-enddate")));
    expect(client.notAfter.getTime() - client.notBefore.getTime()).toBe(365 * 86_400_000);
  });

  it("writes names into the subject alternative name", async () => {
    const { certificatePem } = await issueClientCertificate(
      {
        authority,
        commonName: "server-1",
        subjectAttributes: [{ type: "OU", value: "Engineering" }],
        subjectAlternativeNames: [
          { type: "dns", value: "server-1.example.com" },
          { type: "uri", value: "spiffe://example.com/server-1" },
        ],
      },
      { generateKeyPair: sharedKeyPair },
    );

    expect(certificateLines(certificatePem)).toContain("Subject: CN=server-1,OU=Engineering");
    expect(extensionLines(certificatePem).slice(-2)).toEqual([
      "X509v3 Subject Alternative Name:",
      "DNS:server-1.example.com, URI:spiffe://example.com/server-1",
    ]);
  });

  it("makes an expired certificate when the dates ask for it", async () => {
    const expired = await issueClientCertificate(
      {
        authority,
        commonName: "expired",
        notBefore: new Date("2020-01-01T00:00:00Z"),
        notAfter: new Date("2020-01-02T00:00:00Z"),
      },
      { generateKeyPair: sharedKeyPair },
    );

    expect(verify(authority, expired)).toContain("certificate has expired");
  });

  it("makes a certificate that is not valid yet when the dates ask for it", async () => {
    const early = await issueClientCertificate(
      { authority, commonName: "early", notBefore: new Date(Date.now() + 86_400_000) },
      { generateKeyPair: sharedKeyPair },
    );

    expect(verify(authority, early)).toContain("certificate is not yet valid");
  });

  it("is accepted at once by a reader whose clock is five minutes slow, but never before its CA", async () => {
    const now = new Date("2026-01-02T03:04:05Z");
    const dependencies = { now: () => now, generateKeyPair: sharedKeyPair };
    const root = await createRootCertificateAuthority({}, dependencies);
    const strictRoot = await createRootCertificateAuthority({ notBefore: now }, dependencies);
    const leaf = await issueClientCertificate({ authority: root, commonName: "leaf" }, dependencies);
    const strictLeaf = await issueClientCertificate(
      { authority: strictRoot, commonName: "leaf" },
      dependencies,
    );

    expect(verify(root, leaf, new Date("2026-01-02T02:59:05Z"))).toBe("OK");
    expect(verify(root, leaf, new Date("2026-01-02T02:59:04Z"))).toContain("not yet valid");
    expect(strictLeaf.notBefore).toEqual(now);
  });

  it("may end in the very second in which its CA ends", async () => {
    const leaf = await issueClientCertificate(
      { authority, commonName: "leaf", notAfter: authority.notAfter },
      { generateKeyPair: sharedKeyPair },
    );

    expect(leaf.notAfter).toEqual(authority.notAfter);
  });

  it("may still be issued in the last second of its CA", async () => {
    const leaf = await issueClientCertificate(
      { authority, commonName: "leaf", notAfter: authority.notAfter },
      { now: () => authority.notAfter, generateKeyPair: sharedKeyPair },
    );

    // RFC 5280 §4.1.2.5 counts the last second in; OpenSSL does not.
    expect(verify(authority, leaf, new Date(authority.notAfter.getTime() - 1000))).toBe("OK");
  });

  it.each<{
    title: string;
    options?: Partial<ClientCertificateOptions>;
    now?: (root: IssuedCertificate) => Date;
    code: string;
    message: RegExp;
  }>([
    {
      title: "an expired CA",
      now: (root) => new Date(root.notAfter.getTime() + 1),
      code: "ERR_PKI_AUTHORITY_EXPIRED",
      message: /^the CA expired at .*Z; make a new CA$/,
    },
    {
      title: "a CA whose validity has not begun",
      now: (root) => new Date(root.notBefore.getTime() - 1),
      code: "ERR_PKI_AUTHORITY_NOT_YET_VALID",
      message: /^the CA is valid from .*; check the clock, or wait$/,
    },
    {
      title: "a validity longer than that of the CA",
      options: { validityDays: 3651 },
      code: "ERR_PKI_OUTLIVES_AUTHORITY",
      message: /longer than its CA \(.*Z\); ask for at most 36(?:49|50) days$/,
    },
    {
      title: "an end after the CA's when less than a day is left",
      options: {},
      now: (root) => new Date(root.notAfter.getTime() - 3_600_000),
      code: "ERR_PKI_OUTLIVES_AUTHORITY",
      message: /make a new CA$/,
    },
    {
      title: "no days at all",
      options: { validityDays: 0 },
      code: "ERR_PKI_INVALID_VALIDITY",
      message: /validityDays is 0; give a whole number of days/,
    },
    {
      title: "an empty common name",
      options: { commonName: "" },
      code: "ERR_PKI_INVALID_SUBJECT",
      message: /CN="": give 1 to 64 characters/,
    },
    {
      title: "a common name of 65 characters",
      options: { commonName: "a".repeat(65) },
      code: "ERR_PKI_INVALID_SUBJECT",
      message: /it has 65 characters; 64 are allowed/,
    },
    {
      title: "a DNS name with a space",
      options: { subjectAlternativeNames: [{ type: "dns", value: "a b" }] },
      code: "ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME",
      message: /dns "a b": give a host name/,
    },
  ])("refuses $title", async ({ options, now, code, message }) => {
    const refusal = issueClientCertificate(
      { authority, commonName: "leaf", ...options },
      now === undefined ? {} : { now: () => now(authority) },
    );

    await expect(refusal).rejects.toMatchObject({
      name: "PkiError",
      code,
      message: expect.stringMatching(message),
    });
  });

  it("does not generate a key when it refuses", async () => {
    let generated = 0;
    const generateKeyPair = () => {
      generated += 1;
      return sharedKeyPair();
    };
    const refusal = issueClientCertificate(
      { authority, commonName: "leaf", validityDays: 4000 },
      { generateKeyPair },
    );

    await expect(refusal).rejects.toMatchObject({ code: "ERR_PKI_OUTLIVES_AUTHORITY" });
    expect(generated).toBe(0);
  });
});

describe("issueClientCertificate of a program without types", () => {
  it.each([
    ["a name as text", { subjectAlternativeNames: ["dns:x"] }, "ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME"],
    [
      "a type in capitals",
      { subjectAlternativeNames: [{ type: "DNS", value: "x" }] },
      "ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME",
    ],
    ["no list of names", { subjectAlternativeNames: "dns:x" }, "ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME"],
    ["an unknown kind of key", { keyType: "rsa-1024" }, "ERR_PKI_KEY_UNSUPPORTED"],
    ["no CA", { authority: undefined }, "ERR_PKI_AUTHORITY_INVALID"],
    ["a CA without a certificate", { authority: {} }, "ERR_PKI_AUTHORITY_INVALID"],
    ["no common name", { commonName: undefined }, "ERR_PKI_INVALID_SUBJECT"],
    ["an unknown attribute", { subjectAttributes: [{ type: "X", value: "x" }] }, "ERR_PKI_INVALID_SUBJECT"],
    ["an attribute without value", { subjectAttributes: [{ type: "O" }] }, "ERR_PKI_INVALID_SUBJECT"],
  ])("refuses %s with an error that has a code", async (_, changes, code) => {
    const call = async () =>
      Reflect.apply(issueClientCertificate, undefined, [{ authority, commonName: "a", ...changes }]);

    await expect(call()).rejects.toMatchObject({ name: "PkiError", code });
  });

  it("refuses a CA that has neither key nor function", async () => {
    const { certificatePem } = authority;

    await expect(
      issueClientCertificate({ authority: { certificatePem }, commonName: "a" }),
    ).rejects.toMatchObject({
      code: "ERR_PKI_AUTHORITY_INVALID",
      message: expect.stringContaining("privateKeyPem or sign"),
    });
  });
});
