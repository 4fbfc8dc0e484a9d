import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import type { HttpSend } from "../http/send.ts";
import { CA_EXTENSIONS, makeCertificate } from "../../test/support/chain.ts";
import type { CertificateChanges } from "../../test/support/chain.ts";
import { makeIdentity } from "../../test/support/identities.ts";
import { temporaryFolder } from "@roles-anywhere/testing";
import type { TestIdentity } from "@roles-anywhere/testing";
import { certificateFacts } from "./certificate-facts.ts";
import { checkCertificate, checkChain } from "./check-certificate.ts";
import { checkIdentityFiles } from "./check-identity-files.ts";
import { checkParameters } from "./check-parameters.ts";
import { checkEndpoint } from "./check-service.ts";
import type { Finding } from "./finding.ts";

const x509 = (identity: TestIdentity): X509Certificate => new X509Certificate(identity.certificatePem);
const der = (identity: TestIdentity): Uint8Array => x509(identity).raw;

const notOk = (findings: readonly Finding[]): readonly string[] =>
  findings.filter(({ status }) => status !== "ok").map(({ check, status }) => `${status} ${check}`);

const RSA_PSS = ["-sigopt", "rsa_padding_mode:pss"] as const;

describe("certificateFacts", () => {
  it.each<readonly [CertificateChanges, string]>([
    [{ arguments: ["-sha256"] }, "SHA-256"],
    [{ arguments: ["-sha384"], algorithm: "P-384" }, "SHA-384"],
    [{ arguments: ["-sha512"], algorithm: "RSA-2048" }, "SHA-512"],
    [{ arguments: ["-sha224"] }, "SHA-224"],
    [{ arguments: ["-sha1"] }, "SHA-1"],
    [{ arguments: ["-sha1"], algorithm: "RSA-2048" }, "SHA-1"],
    [{ arguments: ["-sha256", ...RSA_PSS], algorithm: "RSA-2048" }, "SHA-256"],
    [{ arguments: ["-sha1", ...RSA_PSS], algorithm: "RSA-2048" }, "SHA-1"],
  ])("reads the hash of a certificate made with %j", (changes, hash) => {
    expect(certificateFacts(x509(makeCertificate(changes))).signatureHash).toBe(hash);
  });

  it.each([
    [["keyUsage=digitalSignature"], { digitalSignature: true, keyCertSign: false }],
    [["keyUsage=critical,keyCertSign,cRLSign"], { digitalSignature: false, keyCertSign: true }],
    [["keyUsage=decipherOnly,keyAgreement"], { digitalSignature: false, keyCertSign: false }],
    [["basicConstraints=CA:FALSE"], undefined],
  ])("reads the key usage of %j", (extensions, keyUsage) => {
    expect(certificateFacts(x509(makeCertificate({ extensions })))).toMatchObject({ version: 3, keyUsage });
  });
});

describe("checkCertificate", () => {
  it("finds nothing wrong with a good one", () => {
    const findings = checkCertificate(x509(makeCertificate({ subject: "/CN=a/O=b" })));
    expect(notOk(findings)).toEqual([]);
    expect(findings).toContainEqual({ check: "subject", status: "ok", message: "CN=a, O=b" });
  });

  // What users of AWS were refused for, or is outside what STS documents for session tags and source identities.
  const strangeCa = makeCertificate({ subject: "/CN=R&D Root/O=Acme, Inc.", extensions: CA_EXTENSIONS });
  const goodCa = makeCertificate({ subject: "/CN=ca", extensions: CA_EXTENSIONS });
  const named = (...names: readonly string[]): CertificateChanges => ({
    extensions: ["keyUsage=digitalSignature", `subjectAltName=${names.join(",")}`],
  });
  it.each<readonly [string, CertificateChanges, readonly string[]]>([
    [
      "an issuer's names",
      { issuer: strangeCa },
      ['session tags: CN of the issuer "R&D Root"', 'session tags: O of the issuer "Acme, Inc."'],
    ],
    [
      "an organisation",
      { subject: "/CN=a/O=Acme (Berlin)" },
      ['session tags: O of the subject "Acme (Berlin)"'],
    ],
    ["one of two units", { subject: "/CN=a/OU=b/OU=c*" }, ['session tags: OU of the subject "b/c*"']],
    ["a DNS name", named("DNS:*.example"), ['session tags: DNS name "*.example"']],
    ["a second DNS name", named("DNS:a.example", "DNS:*.example"), ['session tags: DNS name "*.example"']],
    ["a URI", named("URI:spiffe://a/b?c"), ['session tags: URI "spiffe://a/b?c"']],
    ["a comma in the common name", { subject: "/CN=a, b" }, ['source identity: the common name "a, b"']],
    ["a control character", { subject: "/CN=a\u0007" }, ['source identity: the common name "a\\u0007"']],
    [
      "nothing in letters of other scripts",
      { subject: "/CN=Zo\u00eb \u5f20/O=a.b_c:d/e=f", arguments: ["-utf8"] },
      [],
    ],
    ["nothing in a type that is not mapped", { subject: "/CN=a/emailAddress=a&b@c" }, []],
    ["nothing in an address", named("IP:127.0.0.1", "email:a@b"), []],
  ])("warns of %s", (_title, changes, expected) => {
    const found = checkCertificate(x509(makeCertificate({ issuer: goodCa, ...changes }))).filter(
      ({ status }) => status !== "ok",
    );
    expect(found.map(({ check, message }) => `${check}: ${message.replace(/ cannot be.*/, "")}`)).toEqual(
      expected,
    );
    expect(found.every(({ status }) => status === "warn")).toBe(true);
  });

  it("names the mapping to delete", () => {
    const finding = checkCertificate(x509(makeCertificate(named("DNS:*.example")))).find(
      ({ status }) => status === "warn",
    );
    expect(finding?.remedy).toMatch(
      /choose a name of letters.*aws rolesanywhere delete-attribute-mapping --profile-id ID --certificate-field x509SAN --specifiers 'DNS'$/,
    );
  });

  it.each<readonly [string, CertificateChanges]>([
    ["basic constraints", { extensions: ["basicConstraints=CA:TRUE", "keyUsage=digitalSignature"] }],
    ["key usage", { extensions: ["basicConstraints=CA:FALSE"] }],
    ["key usage", { extensions: ["basicConstraints=CA:FALSE", "keyUsage=keyEncipherment"] }],
    ["signature hash", { arguments: ["-sha1"] }],
    ["subject", { subject: "/" }],
  ])("fails the %s of a certificate made with %j", (check, changes) => {
    const findings = checkCertificate(x509(makeCertificate(changes)));
    expect(notOk(findings)).toEqual([`fail ${check}`]);
    expect(findings.find(({ status }) => status === "fail")?.remedy).toBeTypeOf("string");
  });

  it("fails an X.509 v1 certificate", () => {
    const bytes = Buffer.from(der(makeCertificate()));
    // [0] EXPLICIT INTEGER 2, which means v3.
    const at = bytes.indexOf(Buffer.from("a003020102", "hex"));
    bytes[at + 4] = 0;
    expect(notOk(checkCertificate(new X509Certificate(bytes)))).toContain("fail certificate version");
  });
});

describe("checkChain", () => {
  const root = makeCertificate({ subject: "/CN=root", extensions: CA_EXTENSIONS });
  const upper = makeCertificate({ subject: "/CN=upper", extensions: CA_EXTENSIONS, issuer: root });
  const lower = makeCertificate({ subject: "/CN=lower", extensions: CA_EXTENSIONS, issuer: upper });
  const leaf = makeCertificate({ issuer: lower });
  const stranger = makeCertificate({ subject: "/CN=stranger", extensions: CA_EXTENSIONS });
  const impostor = makeCertificate({ subject: "/CN=lower", extensions: CA_EXTENSIONS, issuer: upper });
  const noCa = makeCertificate({ subject: "/CN=no ca", issuer: upper });
  const weak = makeCertificate({
    subject: "/CN=weak",
    extensions: CA_EXTENSIONS,
    issuer: upper,
    arguments: ["-sha1"],
  });
  const now = new Date();

  it.each<readonly [string, TestIdentity, readonly TestIdentity[], readonly string[]]>([
    ["no intermediates", leaf, [], []],
    ["one of two", leaf, [lower], []],
    ["both in order", leaf, [lower, upper], []],
    ["both in the wrong order", leaf, [upper, lower], ["warn chain"]],
    ["the root as well", leaf, [lower, upper, root], ["warn chain"]],
    ["a gap", leaf, [upper], ["fail chain"]],
    ["a stranger", leaf, [lower, stranger], ["fail chain"]],
    ["another CA of the same name", leaf, [impostor], ["fail chain"]],
    ["an issuer that is no CA", makeCertificate({ issuer: noCa }), [noCa], ["fail chain", "fail chain"]],
    ["an issuer signed with SHA-1", makeCertificate({ issuer: weak }), [weak], ["fail chain"]],
  ])("judges %s", (_title, certificate, chain, expected) => {
    expect(notOk(checkChain(x509(certificate), chain.map(der), now))).toEqual(expected);
  });

  it("fails an intermediate that has expired", () => {
    const later = new Date(now.getTime() + 400 * 86_400_000);
    expect(notOk(checkChain(x509(leaf), [der(lower)], later))).toEqual(["fail chain"]);
  });

  it("names the trust anchor that is needed", () => {
    expect(checkChain(x509(leaf), [der(lower), der(upper)], now)[0]?.message).toContain("CN=root");
  });
});

describe("checkParameters", () => {
  const GOOD = {
    trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
    profileArn: "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
    roleArn: "arn:aws:iam::123456789012:role/Example",
    durationSeconds: 3600,
  };

  it.each<readonly [string, Partial<typeof GOOD> & { readonly region?: string }, readonly string[]]>([
    ["good ones", {}, []],
    ["swapped ARNs", { profileArn: GOOD.trustAnchorArn }, ["fail profile ARN"]],
    ["a user for the role", { roleArn: "arn:aws:iam::123456789012:user/x" }, ["fail role ARN"]],
    ["no ARN", { trustAnchorArn: "x" }, ["fail trust anchor ARN"]],
    ["another account", { roleArn: GOOD.roleArn.replace("123456789012", "210987654321") }, ["fail account"]],
    ["another partition", { roleArn: GOOD.roleArn.replace("aws", "aws-cn") }, ["fail partition"]],
    ["another region", { profileArn: GOOD.profileArn.replace("us-east-1", "eu-west-1") }, ["fail region"]],
    ["a region flag of its own", { region: "eu-west-1" }, ["warn region"]],
    ["the same region in the flag", { region: "us-east-1" }, []],
    ["a short duration", { durationSeconds: 899 }, ["fail session duration"]],
    ["a long duration", { durationSeconds: 43_201 }, ["fail session duration"]],
  ])("judges %s", (_title, changes, expected) => {
    expect(notOk(checkParameters({ ...GOOD, ...changes }))).toEqual(expected);
  });

  it.each([
    [0, []],
    [149, []],
    [-150, ["warn clock"]],
    [299, ["warn clock"]],
    [300, ["fail clock"]],
    [-3600, ["fail clock"]],
  ])("judges a clock that is off by %i s", async (offset, expected) => {
    const now = new Date("2026-01-01T00:00:00Z");
    const date = new Date(now.getTime() - offset * 1000).toUTCString();
    const send: HttpSend = () => Promise.resolve({ status: 403, header: () => date, body: "" });
    expect(notOk(await checkEndpoint(GOOD, { send, now: () => now }))).toEqual(expected);
  });
});

describe("checkIdentityFiles", () => {
  it("judges the key by the certificate that was read with it", () => {
    using folder = temporaryFolder();
    const [old, renewed] = [makeIdentity("P-256"), makeIdentity("P-256")];
    const [certificate, privateKey] = [folder.join("client.pem"), folder.join("client.key")];
    const write = (identity: TestIdentity): void => {
      writeFileSync(certificate, identity.certificatePem);
      writeFileSync(privateKey, identity.privateKeyPem, { mode: 0o600 });
    };
    write(old);
    const sources = {
      certificate,
      privateKey,
      // Asked for after the certificate was read and before the key is.
      get intermediates() {
        write(renewed);
        return undefined;
      },
    };
    const findings: Finding[] = [];
    checkIdentityFiles(sources, privateKey, new Date(), (...found) => void findings.push(...found));
    expect(findings).toContainEqual(expect.objectContaining({ check: "key pair", status: "ok" }));
  });
});
