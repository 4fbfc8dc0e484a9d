import { spawnSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { openssl, readVector, temporaryFolder } from "@roles-anywhere/testing";
import { PEM_LAYOUTS } from "../../test/support/pem-layouts.ts";
import { caBundleFromEnvironment } from "../http/ca-bundle.ts";
import { loadCertificate, loadCertificateChain } from "./certificate.ts";
import { loadIdentity } from "./identity.ts";
import { pemBlocks } from "./pem.ts";
import { loadPrivateKey } from "./private-key.ts";

const { certificatePem, intermediatesPem, trustAnchorPem, privateKeyPem } = readVector("ecdsa");
const rsa = readVector("rsa");
const raw = (pem: string): Buffer => new X509Certificate(pem).raw;
const chainPem = `${intermediatesPem}${trustAnchorPem}`;

/** What OpenSSL's command reads, in DER; undefined when it refuses the text. */
function readByOpenssl(words: readonly string[], text: string): string | undefined {
  const { status, stdout } = spawnSync("openssl", [...words, "-outform", "DER"], {
    input: Buffer.from(text, "latin1"),
  });
  return status === 0 ? stdout.toString("hex") : undefined;
}

describe.each(PEM_LAYOUTS)("a PEM file, %s", (_name, layout) => {
  it("is read as a certificate, from a file, text and bytes", () => {
    using folder = temporaryFolder();
    const path = folder.join("client.pem");
    writeFileSync(path, layout(certificatePem), "latin1");
    for (const source of [path, layout(certificatePem), Buffer.from(layout(certificatePem), "latin1")]) {
      expect(Buffer.from(loadCertificate(source).der)).toEqual(raw(certificatePem));
    }
  });

  it.each([
    ["SEC1", privateKeyPem],
    ["PKCS#8", rsa.privateKeyPem],
  ])("is read as a key, %s", (_form, pem) => {
    expect(loadPrivateKey(Buffer.from(layout(pem), "latin1")).equals(createPrivateKey(pem))).toBe(true);
    expect(loadPrivateKey(layout(pem)).equals(createPrivateKey(pem))).toBe(true);
  });

  it("is read as a chain", () => {
    const chain = loadCertificateChain(Buffer.from(layout(chainPem), "latin1"));
    expect(chain.map((der) => Buffer.from(der))).toEqual([raw(intermediatesPem), raw(trustAnchorPem)]);
  });

  it("is read as certificate and key in one", () => {
    const identity = loadIdentity({ certificate: layout(`${certificatePem}${privateKeyPem}`) });
    expect(identity.privateKey?.equals(createPrivateKey(privateKeyPem))).toBe(true);
  });

  it("is read as a bundle of authorities", () => {
    using folder = temporaryFolder();
    const path = folder.join("bundle.pem");
    writeFileSync(path, layout(chainPem), "latin1");
    const bundle = caBundleFromEnvironment({ AWS_CA_BUNDLE: path })?.() ?? "";
    expect(bundle).toBe(chainPem);
  });

  it("is not refused where OpenSSL takes it", () => {
    const theirs = readByOpenssl(["x509"], layout(certificatePem));
    const ours = Buffer.from(loadCertificate(Buffer.from(layout(certificatePem), "latin1")).der).toString(
      "hex",
    );
    expect([undefined, ours]).toContain(theirs);
  });
});

describe("an encrypted key of OpenSSL's older form", () => {
  const encrypted = openssl(["ec", "-aes256", "-passout", "pass:p w"], privateKeyPem).toString();
  // Its header lines say how it is encrypted, and must stay.
  it.each(PEM_LAYOUTS.filter(([name]) => !/header|Proc-Type/.test(name)))("is read, %s", (_name, layout) => {
    const key = loadPrivateKey(Buffer.from(layout(encrypted), "latin1"), "p w");
    expect(key.equals(createPrivateKey(privateKeyPem))).toBe(true);
  });

  it("is told from one whose text only mentions encryption", () => {
    const [block] = pemBlocks(`Proc-Type: 4,ENCRYPTED\n${privateKeyPem}`);
    expect(block).toMatchObject({ encrypted: false });
  });
});

describe("what is no PEM", () => {
  it.each([
    [
      "base64 cut short",
      certificatePem.replace("=\n-----END", "\n-----END").replace(/.{3}\n-----END/, "\n-----END"),
    ],
    ["a character that is not base64", certificatePem.replace("MII", "M*I")],
    ["base64 after the padding", certificatePem.replace("\n-----END", "==AAAA\n-----END")],
  ])("is refused: %s", (_title, text) => {
    expect(() => loadCertificate(text)).toThrow(
      expect.objectContaining({ code: "ERR_SIGNER_CERTIFICATE_INVALID" }),
    );
  });
});
