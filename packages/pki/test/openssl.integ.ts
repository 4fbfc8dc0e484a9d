import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openssl, temporaryFolder } from "@roles-anywhere/testing";
import type { TemporaryFolder } from "@roles-anywhere/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateKeyPairOf } from "../src/keys/generate-key-pair.ts";
import type { KeyPair } from "../src/keys/generate-key-pair.ts";
import { KEY_TYPES } from "../src/keys/key-type.ts";
import type { KeyType } from "../src/keys/key-type.ts";
import { revokeCertificate } from "../src/storage/revoke-certificate.ts";
import {
  storeClientCertificate,
  storeIntermediateCertificateAuthority,
  storeRootCertificateAuthority,
} from "../src/storage/store-certificate.ts";
import { storePkcs12 } from "../src/storage/store-pkcs12.ts";
import { storeRenewedCertificate } from "../src/storage/store-renewed-certificate.ts";
import { storeCertificateRequest, storeSignedRequest } from "../src/storage/store-request.ts";
import { storeRevocationList } from "../src/storage/store-revocation-list.ts";

const version = openssl(["version"]);
/** OpenSSL knows ML-DSA since 3.5. */
const KNOWN = KEY_TYPES.filter(
  (keyType) => !keyType.startsWith("ml-dsa") || /^OpenSSL 3\.([5-9]|\d\d)/.test(version),
);

const SIGNATURE: Readonly<Record<string, string>> = {
  rsa: "sha256WithRSAEncryption",
  "ec-p256": "ecdsa-with-SHA256",
  "ec-p384": "ecdsa-with-SHA384",
  "ec-p521": "ecdsa-with-SHA512",
};
const PASSPHRASE = "correct horse battery staple";

/** RSA keys take long: four for each length, taken in turn, so that CA, intermediate and client have different ones. */
const pool = new Map<string, Promise<KeyPair>>();
let taken = 0;
const dependencies = {
  generateKeyPair: (keyType: KeyType): Promise<KeyPair> => {
    if (!keyType.startsWith("rsa")) return generateKeyPairOf(keyType);
    taken += 1;
    const name = `${keyType} ${taken % 4}`;
    const known = pool.get(name) ?? generateKeyPairOf(keyType);
    pool.set(name, known);
    return known;
  },
};

describe.each(KNOWN)("OpenSSL agrees on what ra-pki makes with %s keys:", (keyType) => {
  let folder: TemporaryFolder;
  let directory: string;
  const file = (name: string): string => join(directory, name);
  const signature = SIGNATURE[keyType.startsWith("rsa") ? "rsa" : keyType] ?? keyType.toUpperCase();

  beforeAll(async () => {
    folder = temporaryFolder();
    directory = folder.path;
    const common = { directory, keyType };
    await storeRootCertificateAuthority(
      { ...common, commonName: "Root Ü", keyPassphrase: PASSPHRASE },
      dependencies,
    );
    const root = { ...common, passphrase: PASSPHRASE };
    await storeIntermediateCertificateAuthority(
      {
        ...root,
        commonName: "issuing",
        pathLength: 0,
        nameConstraints: {
          permitted: [
            { type: "dns", value: "example.org" },
            { type: "ip", value: "10.0.0.0/8" },
            { type: "uri", value: ".example.org" },
          ],
          excluded: [{ type: "email", value: "example.com" }],
        },
      },
      dependencies,
    );
    await storeClientCertificate({ ...root, commonName: "plain" }, dependencies);
    await storeClientCertificate(
      {
        ...common,
        authorityName: "issuing",
        commonName: "named",
        subjectAttributes: [
          { type: "C", value: "DE" },
          { type: "ST", value: "Berlin" },
          { type: "L", value: "Berlin" },
          { type: "O", value: "Müller" },
          { type: "OU", value: "A" },
          { type: "OU", value: "B" },
        ],
        subjectAlternativeNames: [
          { type: "dns", value: "a.example.org" },
          { type: "uri", value: "https://a.example.org/" },
          { type: "ip", value: "10.1.2.3" },
          { type: "email", value: "a@example.org" },
          { type: "directory", value: "/O=Example/CN=a" },
        ],
      },
      dependencies,
    );
    for (const commonName of ["renewed", "rekeyed", "revoked"]) {
      await storeClientCertificate({ ...common, authorityName: "issuing", commonName }, dependencies);
    }
  });
  afterAll(() => {
    folder[Symbol.dispose]();
  });

  /** `openssl verify -x509_strict` with the root, the given intermediates and further arguments. */
  const verify = (certificate: string, ...args: string[]): string =>
    openssl([
      "verify",
      "-x509_strict",
      "-purpose",
      "any",
      "-CAfile",
      file("rootCA.pem"),
      ...args,
      file(certificate),
    ]);
  const text = (certificate: string): string =>
    openssl(["x509", "-noout", "-text", "-nameopt", "RFC2253,-esc_msb,utf8", "-in", file(certificate)]);
  const publicKeyOf = (certificate: string): string =>
    openssl(["x509", "-noout", "-pubkey", "-in", file(certificate)]);
  const belowIssuing = ["-untrusted", "issuing.pem"] as const;
  const withIssuing = (...args: string[]): string[] => [belowIssuing[0], file(belowIssuing[1]), ...args];

  it("the root CA", () => {
    expect(verify("rootCA.pem")).toContain(": OK");
    const printed = text("rootCA.pem");
    for (const part of [
      `Signature Algorithm: ${signature}`,
      "Subject: CN=Root Ü",
      "X509v3 Basic Constraints: critical\n                CA:TRUE\n",
      "X509v3 Key Usage: critical\n                Digital Signature, Certificate Sign, CRL Sign\n",
    ]) {
      expect(printed).toContain(part);
    }
  });

  it("the encrypted key of the root CA", () => {
    const key = openssl(["pkey", "-pubout", "-in", file("rootCA.key"), "-passin", `pass:${PASSPHRASE}`]);
    expect(key).toBe(publicKeyOf("rootCA.pem"));
    expect(() => openssl(["pkey", "-in", file("rootCA.key"), "-passin", "pass:guess"])).toThrow(/pkey/);
  });

  it("an intermediate CA with path length and name constraints", () => {
    expect(verify("issuing.pem")).toContain(": OK");
    const printed = text("issuing.pem");
    for (const part of [
      "CA:TRUE, pathlen:0",
      "X509v3 Name Constraints: critical",
      "DNS:example.org",
      "IP:10.0.0.0/255.0.0.0",
      "URI:.example.org",
      "email:example.com",
    ]) {
      expect(printed).toContain(part);
    }
  });

  it("a client of the root", () => {
    expect(verify("plain.pem", "-purpose", "sslclient")).toContain(": OK");
    const printed = text("plain.pem");
    for (const part of [
      "CA:FALSE",
      "X509v3 Key Usage: critical\n                Digital Signature\n",
      "TLS Web Client Authentication",
    ]) {
      expect(printed).toContain(part);
    }
  });

  it("a client of the intermediate with every kind of name", () => {
    expect(verify("named.pem", ...withIssuing("-purpose", "sslclient"))).toContain(": OK");
    const printed = text("named.pem");
    expect(printed).toContain("Subject: CN=named,OU=B,OU=A,O=Müller,L=Berlin,ST=Berlin,C=DE");
    expect(printed).toMatch(
      /DNS:a\.example\.org, URI:https:\/\/a\.example\.org\/, IP Address:10\.1\.2\.3, email:a@example\.org, DirName:/,
    );
    expect(readFileSync(file("named.chain.pem"), "utf8")).toBe(readFileSync(file("issuing.pem"), "utf8"));
  });

  it("the key of a client", () => {
    expect(openssl(["pkey", "-pubout", "-in", file("plain.key")])).toBe(publicKeyOf("plain.pem"));
  });

  it("a request, and the certificate that the CA makes of it", async () => {
    const { requestPem } = await storeCertificateRequest(
      {
        directory: file("server"),
        commonName: "requested",
        keyType,
        subjectAlternativeNames: [{ type: "dns", value: "r.example.org" }],
      },
      dependencies,
    );
    const printed = openssl(["req", "-noout", "-verify", "-text"], requestPem);
    expect(printed).toContain("DNS:r.example.org");
    await storeSignedRequest(
      { directory, authorityName: "issuing", requestPem, commonName: "requested", grantName: () => true },
      dependencies,
    );
    expect(verify("requested.pem", ...withIssuing("-purpose", "sslclient"))).toContain(": OK");
    expect(text("requested.pem")).toContain("DNS:r.example.org");
    expect(publicKeyOf("requested.pem")).toBe(openssl(["req", "-noout", "-pubkey"], requestPem));
  });

  it("a renewed certificate with the same key", async () => {
    const before = publicKeyOf("renewed.pem");
    await storeRenewedCertificate({ directory, commonName: "renewed" }, dependencies);
    expect(verify("renewed.pem", ...withIssuing())).toContain(": OK");
    expect(publicKeyOf("renewed.pem")).toBe(before);
  });

  it("a renewed certificate with a new key", async () => {
    const before = publicKeyOf("rekeyed.pem");
    await storeRenewedCertificate({ directory, commonName: "rekeyed", newKey: true }, dependencies);
    expect(verify("rekeyed.pem", ...withIssuing())).toContain(": OK");
    expect(publicKeyOf("rekeyed.pem")).not.toBe(before);
    expect(openssl(["pkey", "-pubout", "-in", file("rekeyed.key")])).toBe(publicKeyOf("rekeyed.pem"));
  });

  it("revocation lists of root and intermediate, empty and not", async () => {
    const rootList = await storeRevocationList({ directory, passphrase: PASSPHRASE });
    const first = await storeRevocationList({ directory, authorityName: "issuing" });
    expect(openssl(["crl", "-noout", "-text", "-in", first.crlPath])).toContain("No Revoked Certificates.");
    await revokeCertificate({ directory, certificate: "revoked", reason: "keyCompromise" });
    const second = await storeRevocationList({ directory, authorityName: "issuing" });
    const printed = openssl(["crl", "-noout", "-text", "-in", second.crlPath]);
    for (const part of [
      `Signature Algorithm: ${signature}`,
      "X509v3 CRL Number: \n                2\n",
      "Key Compromise",
    ]) {
      expect(printed).toContain(part);
    }
    expect(openssl(["crl", "-noout", "-verify", "-CAfile", file("issuing.pem"), "-in", second.crlPath])).toBe(
      "",
    );
    const lists = ["-crl_check_all", "-CRLfile", rootList.crlPath, "-CRLfile", second.crlPath];
    expect(verify("named.pem", ...withIssuing(...lists))).toContain(": OK");
    expect(() => verify("revoked.pem", ...withIssuing(...lists))).toThrow(/certificate revoked/);
  });

  it("a PKCS#12 file", async () => {
    const path = await storePkcs12({ directory, name: "named", passphrase: PASSPHRASE });
    const printed = openssl(["pkcs12", "-in", path, "-passin", `pass:${PASSPHRASE}`, "-nodes"]);
    expect(printed).toContain("friendlyName: named\n");
    expect(printed.match(/-----BEGIN CERTIFICATE-----/g)).toHaveLength(2);
    expect(openssl(["pkey", "-pubout"], printed)).toBe(publicKeyOf("named.pem"));
    expect(() => openssl(["pkcs12", "-in", path, "-passin", "pass:guess", "-nodes"])).toThrow(
      /invalid password/,
    );
  });
});
