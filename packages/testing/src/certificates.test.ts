import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  createRandom,
  ecKeys,
  makeAuthority,
  makeCertificate,
  makeCrl,
  makeServerIdentity,
  openssl,
  opensslBytes,
  rsaKeys,
  temporaryFolder,
} from "./index.ts";

const root = makeAuthority({ keys: rsaKeys() });

describe("makeCertificate", () => {
  it.each([
    ["RSA", rsaKeys()],
    ["P-256", ecKeys()],
    ["P-384", ecKeys("P-384")],
    ["P-521", ecKeys("P-521")],
  ])("issues what OpenSSL accepts below a root and an intermediate, for a key of %s", (_, keys) => {
    using folder = temporaryFolder();
    const file = (name: string, text: string): string => {
      writeFileSync(folder.join(name), text);
      return folder.join(name);
    };
    const intermediate = makeAuthority({ subject: [["CN", "Intermediate"]] }, root);
    const leaf = makeCertificate({ keys, dns: ["client.example"] }, intermediate);
    const answer = openssl([
      ...["verify", "-x509_strict", "-CAfile", file("root.pem", root.certificatePem)],
      ...["-untrusted", file("intermediate.pem", intermediate.certificatePem)],
      file("leaf.pem", leaf.certificatePem),
    ]);
    expect(answer.trim()).toBe(`${folder.join("leaf.pem")}: OK`);
  });

  it("writes every name that was asked for", () => {
    const { certificatePem } = makeCertificate({
      subject: [
        ["C", "DE"],
        ["O", "Example"],
        ["CN", "client"],
      ],
      dns: ["client.example"],
      uri: ["spiffe://example/client"],
      email: ["client@example.com"],
      ip: [Buffer.from([127, 0, 0, 1])],
    });
    const { subject, subjectAltName } = new X509Certificate(certificatePem);
    expect(subject).toBe("C=DE\nO=Example\nCN=client");
    expect(subjectAltName).toBe(
      "DNS:client.example, URI:spiffe://example/client, email:client@example.com, IP Address:127.0.0.1",
    );
  });

  it("gives the private key that belongs to the certificate", () => {
    const { certificatePem, privateKeyPem } = makeServerIdentity();
    expect(openssl(["pkey", "-pubout"], privateKeyPem)).toBe(
      openssl(["x509", "-noout", "-pubkey"], certificatePem),
    );
  });

  it("encodes as OpenSSL does when it writes the certificate again", () => {
    const { der } = makeCertificate({ serialNumber: 0x80n });
    expect(opensslBytes(["x509", "-inform", "DER", "-outform", "DER"], der)).toEqual(der);
  });
});

describe("makeCrl", () => {
  it("lists the serial numbers, and OpenSSL verifies its signature", () => {
    using folder = temporaryFolder();
    writeFileSync(folder.join("root.pem"), root.certificatePem);
    writeFileSync(folder.join("crl.pem"), makeCrl(root, { revoked: [0x1234n, 7n] }));
    const text = openssl(["crl", "-in", folder.join("crl.pem"), "-noout", "-text"]);
    expect([...text.matchAll(/Serial Number: (\w+)/g)].map(([, serial]) => serial)).toEqual(["1234", "07"]);
    openssl(["crl", "-in", folder.join("crl.pem"), "-noout", "-CAfile", folder.join("root.pem")]);
  });
});

describe("createRandom", () => {
  it("repeats itself for the same seed, and only for the same seed", () => {
    const draw = (seed: number): readonly number[] => {
      const random = createRandom(seed);
      return Array.from({ length: 20 }, () => random.below(1000));
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });
});
