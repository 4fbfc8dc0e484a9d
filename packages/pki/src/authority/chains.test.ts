import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ML_DSA, openssl } from "@roles-anywhere/testing";
import { describe, expect, it } from "vitest";
import { certificateLines, extensionLines } from "../../test/support/certificate-text.ts";
import { sharedKeyPairOf } from "../../test/support/key-pool.ts";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import type { PkiError } from "../errors.ts";
import { KEY_TYPES } from "../keys/key-type.ts";
import type { KeyType } from "../keys/key-type.ts";
import type { NameConstraints } from "../certificate/name-constraints.ts";
import type { SubjectAlternativeNameType } from "../certificate/subject-alternative-name.ts";
import { createIntermediateCertificateAuthority } from "./create-intermediate-certificate-authority.ts";
import { createRootCertificateAuthority } from "./create-root-certificate-authority.ts";
import type { AuthorityLimits } from "./create-root-certificate-authority.ts";
import { issueClientCertificate } from "./issue-client-certificate.ts";
import type { CertificateAuthority } from "./read-certificate-authority.ts";

const dependencies = { generateKeyPair: sharedKeyPairOf };

/** OpenSSL before 3.5 cannot verify ML-DSA. */
const verifiable = KEY_TYPES.filter((keyType) => !keyType.startsWith("ml-dsa"));
const available = KEY_TYPES.filter(
  (keyType) => verifiable.includes(keyType) || ML_DSA.some((name) => name === keyType),
);

/** What `openssl verify -x509_strict` says about a certificate, with the intermediates that a client would send. */
function verify(root: CertificateAuthority, chainPem: string, certificatePem: string): string {
  const directory = temporaryDirectory();
  const path = (name: string, content: string): string => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  const untrusted = chainPem === "" ? [] : ["-untrusted", path("chain.pem", chainPem)];
  return openssl([
    ...["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", path("root.pem", root.certificatePem)],
    ...untrusted,
    path("client.pem", certificatePem),
  ]);
}

/** Whether the name constraints of a chain permit the names of a certificate, as OpenSSL sees it. */
function isPermitted(root: CertificateAuthority, chainPem: string, certificatePem: string): boolean {
  try {
    return verify(root, chainPem, certificatePem).includes("OK");
  } catch (error) {
    if (/subtree violation/.test(String(error))) return false;
    throw error;
  }
}

const KEY_TEXT: Readonly<Record<string, string>> = {
  "rsa-2048": "Public-Key: (2048 bit)",
  "rsa-3072": "Public-Key: (3072 bit)",
  "rsa-4096": "Public-Key: (4096 bit)",
  "ec-p256": "NIST CURVE: P-256",
  "ec-p384": "NIST CURVE: P-384",
  "ec-p521": "NIST CURVE: P-521",
};

const SIGNATURE_TEXT: Readonly<Record<string, string>> = {
  "rsa-2048": "sha256WithRSAEncryption",
  "rsa-3072": "sha256WithRSAEncryption",
  "rsa-4096": "sha256WithRSAEncryption",
  "ec-p256": "ecdsa-with-SHA256",
  "ec-p384": "ecdsa-with-SHA384",
  "ec-p521": "ecdsa-with-SHA512",
};

describe("a client certificate", () => {
  it.each(verifiable.flatMap((ca) => verifiable.map((client) => ({ ca, client }))))(
    "with a key $client under a root $ca is one that OpenSSL verifies",
    async ({ ca, client }) => {
      const root = await createRootCertificateAuthority({ keyType: ca }, dependencies);
      const certificate = await issueClientCertificate(
        { authority: root, commonName: "leaf", keyType: client },
        dependencies,
      );
      expect(verify(root, certificate.chainPem, certificate.certificatePem)).toContain("OK");
      expect(certificate.keyType).toBe(client);
      expect(openssl(["x509", "-noout", "-text"], certificate.certificatePem)).toContain(KEY_TEXT[client]);
      expect(certificateLines(certificate.certificatePem)).toContain(
        `Signature Algorithm: ${SIGNATURE_TEXT[ca]}`,
      );
    },
  );

  it.each(available.map((keyType) => ({ keyType })))(
    "and its private key $keyType are ones that Node.js takes together",
    async ({ keyType }) => {
      const { createPrivateKey, X509Certificate } = await import("node:crypto");
      const root = await createRootCertificateAuthority({ keyType }, dependencies);
      const client = await issueClientCertificate(
        { authority: root, commonName: "leaf", keyType },
        dependencies,
      );
      const [issuer, leaf] = [
        new X509Certificate(root.certificatePem),
        new X509Certificate(client.certificatePem),
      ];
      expect(leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey)).toBe(true);
      expect(leaf.checkPrivateKey(createPrivateKey(client.privateKeyPem))).toBe(true);
      expect(issuer.verify(issuer.publicKey)).toBe(true);
    },
  );
});

/** Makes intermediates below a root; each has one path length less than the one above it. */
async function chainOf(keyTypes: readonly KeyType[]) {
  const root = await createRootCertificateAuthority(
    { keyType: keyTypes[0], pathLength: keyTypes.length - 1 },
    dependencies,
  );
  let authority: CertificateAuthority = root;
  for (const [index, keyType] of keyTypes.slice(1).entries()) {
    authority = await createIntermediateCertificateAuthority(
      { authority, commonName: `Sub ${index + 1}`, keyType, pathLength: keyTypes.length - 2 - index },
      dependencies,
    );
  }
  return { root, authority };
}

describe("a chain", () => {
  it.each<{ keyTypes: readonly KeyType[] }>([
    { keyTypes: ["rsa-2048", "rsa-2048"] },
    { keyTypes: ["rsa-4096", "ec-p256"] },
    { keyTypes: ["ec-p521", "rsa-3072"] },
    { keyTypes: ["ec-p256", "ec-p256", "ec-p256"] },
    { keyTypes: ["ec-p384", "rsa-2048", "ec-p256", "ec-p521"] },
  ])("of $keyTypes is one that OpenSSL verifies", async ({ keyTypes }) => {
    const { root, authority } = await chainOf(keyTypes);
    const client = await issueClientCertificate(
      { authority, commonName: "leaf", keyType: "ec-p256" },
      dependencies,
    );
    expect(client.chainPem.match(/BEGIN/g)).toHaveLength(keyTypes.length - 1);
    expect(verify(root, client.chainPem, client.certificatePem)).toContain("OK");
    expect(extensionLines(authority.certificatePem)).toContain("CA:TRUE, pathlen:0");
  });

  it("carries the name constraints as OpenSSL reads them", async () => {
    const root = await createRootCertificateAuthority({ keyType: "ec-p256" }, dependencies);
    const authority = await createIntermediateCertificateAuthority(
      {
        authority: root,
        commonName: "Sub",
        keyType: "ec-p256",
        nameConstraints: {
          permitted: [
            { type: "dns", value: "example.org" },
            { type: "uri", value: ".example.org" },
            { type: "email", value: "example.org" },
            { type: "ip", value: "10.0.0.0/8" },
            { type: "ip", value: "2001:db8::/32" },
            { type: "directory", value: "/O=Example" },
          ],
          excluded: [{ type: "dns", value: "secret.example.org" }],
        },
      },
      dependencies,
    );
    expect(extensionLines(authority.certificatePem)).toEqual(
      expect.arrayContaining([
        "X509v3 Name Constraints: critical",
        "DNS:example.org",
        "URI:.example.org",
        "email:example.org",
        "IP:10.0.0.0/255.0.0.0",
        "IP:2001:DB8:0:0:0:0:0:0/FFFF:FFFF:0:0:0:0:0:0",
        "DirName:O = Example",
        "DNS:secret.example.org",
      ]),
    );
  });

  describe("with name constraints", () => {
    const nameConstraints: NameConstraints = {
      permitted: [
        { type: "dns", value: "example.org" },
        { type: "uri", value: ".example.org" },
        { type: "email", value: "example.org" },
        { type: "ip", value: "10.0.0.0/8" },
        { type: "directory", value: "/O=Example" },
      ],
      excluded: [{ type: "dns", value: "secret.example.org" }],
    };

    it.each<{ type: SubjectAlternativeNameType; value: string; organization?: string; allowed: boolean }>([
      { type: "dns", value: "a.example.org", allowed: true },
      { type: "dns", value: "a.secret.example.org", allowed: false },
      { type: "dns", value: "example.com", allowed: false },
      { type: "uri", value: "https://a.example.org/", allowed: true },
      { type: "uri", value: "https://example.com/", allowed: false },
      { type: "email", value: "ops@example.org", allowed: true },
      { type: "email", value: "ops@example.com", allowed: false },
      { type: "ip", value: "10.1.2.3", allowed: true },
      { type: "ip", value: "11.1.2.3", allowed: false },
      { type: "directory", value: "/O=Example/CN=a", allowed: true },
      { type: "directory", value: "/O=Other/CN=a", allowed: false },
      { type: "dns", value: "a.example.org", organization: "Other", allowed: false },
    ])(
      "certifies $type $value (O=$organization) when OpenSSL accepts it: $allowed",
      async ({ type, value, organization = "Example", allowed }) => {
        const root = await createRootCertificateAuthority({ keyType: "ec-p256" }, dependencies);
        const below = (limits: AuthorityLimits, authority: CertificateAuthority = root, commonName = "Sub") =>
          createIntermediateCertificateAuthority(
            { authority, commonName, keyType: "ec-p256", pathLength: 1, ...limits },
            dependencies,
          );
        const constrained = await below({ nameConstraints });
        const wished = {
          commonName: "leaf",
          subjectAttributes: [{ type: "O", value: organization }] as const,
          subjectAlternativeNames: [{ type, value }],
          keyType: "ec-p256",
        } as const;
        // A CA of the same name and key without the constraints certifies anything.
        const leaf = await issueClientCertificate({ authority: await below({}), ...wished }, dependencies);
        expect(isPermitted(root, constrained.certificatePem, leaf.certificatePem)).toBe(allowed);

        let keys = 0;
        const counting = {
          generateKeyPair: async (keyType: KeyType) => {
            keys += 1;
            return sharedKeyPairOf(keyType);
          },
        };
        const outcome = await issueClientCertificate({ authority: constrained, ...wished }, counting).then(
          ({ commonName }) => commonName,
          ({ code, message }: PkiError) => `${code}: ${message}`,
        );
        expect(outcome).toMatch(
          allowed
            ? /^leaf$/
            : /^ERR_PKI_NAME_CONSTRAINT_VIOLATED: .* may not certify the .*; leave that name out, or sign with another CA$/,
        );
        // A refusal comes before the key is made.
        expect(keys).toBe(allowed ? 1 : 0);
      },
    );

    it("makes no CA, and a CA below it no certificate, with a name that is not permitted", async () => {
      const root = await createRootCertificateAuthority({ keyType: "ec-p256" }, dependencies);
      const constrained = await createIntermediateCertificateAuthority(
        { authority: root, commonName: "Sub", keyType: "ec-p256", pathLength: 1, nameConstraints },
        dependencies,
      );
      const below = (organization: string) =>
        createIntermediateCertificateAuthority(
          {
            authority: constrained,
            commonName: "Sub sub",
            keyType: "ec-p256",
            subjectAttributes: [{ type: "O", value: organization }],
          },
          dependencies,
        );
      await expect(below("Other")).rejects.toMatchObject({ code: "ERR_PKI_NAME_CONSTRAINT_VIOLATED" });
      const authority = await below("Example");
      await expect(
        issueClientCertificate({ authority, commonName: "leaf", keyType: "ec-p256" }, dependencies),
      ).rejects.toMatchObject({ code: "ERR_PKI_NAME_CONSTRAINT_VIOLATED" });
    });
  });

  it.each([
    { title: "a CA below a CA of path length 0", above: 0, below: 0, message: /path length of the CA is 0/ },
    {
      title: "a path length as long as the issuer's",
      above: 1,
      below: 1,
      message: /at most 0; ask for less/,
    },
    { title: "a negative path length", above: undefined, below: -1, message: /whole number from 0 to 127/ },
    { title: "half a path length", above: undefined, below: 0.5, message: /whole number from 0 to 127/ },
    {
      title: "a path length of two octets",
      above: undefined,
      below: 128,
      message: /whole number from 0 to 127/,
    },
  ])("does not get $title", async ({ above, below, message }) => {
    const authority = await createRootCertificateAuthority(
      { keyType: "ec-p256", pathLength: above },
      dependencies,
    );
    await expect(
      createIntermediateCertificateAuthority(
        { authority, commonName: "Sub", keyType: "ec-p256", pathLength: below },
        dependencies,
      ),
    ).rejects.toMatchObject({ code: "ERR_PKI_PATH_LENGTH", message: expect.stringMatching(message) });
  });

  it("does not outlive the CA above it", async () => {
    const authority = await createRootCertificateAuthority(
      { keyType: "ec-p256", validityDays: 30 },
      dependencies,
    );
    await expect(
      createIntermediateCertificateAuthority(
        { authority, commonName: "Sub", keyType: "ec-p256", validityDays: 31 },
        dependencies,
      ),
    ).rejects.toMatchObject({ code: "ERR_PKI_OUTLIVES_AUTHORITY" });
    const { notBefore, notAfter } = await createIntermediateCertificateAuthority(
      { authority, commonName: "Sub", keyType: "ec-p256" },
      { ...dependencies, now: () => new Date(authority.notBefore.getTime() + 86_400_000) },
    );
    expect(notAfter.getTime() - notBefore.getTime()).toBe(29 * 86_400_000);
  });

  it.each<{ type: "dns" | "uri" | "email" | "ip" | "directory"; value: string }>([
    { type: "dns", value: "*.example.org" },
    { type: "dns", value: "" },
    { type: "uri", value: "https://example.org" },
    { type: "email", value: "a@b@example.org" },
    { type: "email", value: "@example.org" },
    { type: "ip", value: "10.0.0.1/8" },
    { type: "ip", value: "10.0.0.0/33" },
    { type: "ip", value: "10.0.0.0" },
    { type: "directory", value: "O=Example" },
    { type: "directory", value: "/X=Example" },
  ])("refuses the name constraint $type $value", async (constraint) => {
    await expect(
      createRootCertificateAuthority({ nameConstraints: { permitted: [constraint] } }, dependencies),
    ).rejects.toMatchObject({ code: "ERR_PKI_INVALID_NAME_CONSTRAINT" });
  });
});

describe("a CA whose key is elsewhere", () => {
  it.each(available.map((keyType) => ({ keyType })))(
    "signs with $keyType through a function",
    async ({ keyType }) => {
      const { sign } = await import("node:crypto");
      const root = await createRootCertificateAuthority({ keyType }, dependencies);
      const digest = { rsa: "sha256", "ec-p256": "sha256", "ec-p384": "sha384", "ec-p521": "sha512" };
      const name = keyType.startsWith("rsa") ? "rsa" : keyType;
      const asked: string[] = [];
      const client = await issueClientCertificate(
        {
          authority: {
            certificatePem: root.certificatePem,
            sign: async (octets, algorithm) => {
              asked.push(algorithm);
              return sign(new Map(Object.entries(digest)).get(name) ?? null, octets, root.privateKeyPem);
            },
          },
          commonName: "leaf",
          keyType: "ec-p256",
        },
        dependencies,
      );
      expect(asked).toHaveLength(1);
      const { X509Certificate } = await import("node:crypto");
      const issuer = new X509Certificate(root.certificatePem);
      expect(new X509Certificate(client.certificatePem).verify(issuer.publicKey)).toBe(true);
    },
  );

  it.each([
    { title: "a signature of another key", answer: async () => Buffer.alloc(256) },
    { title: "nothing", answer: async () => Buffer.alloc(0) },
  ])("is refused when it returns $title", async ({ answer }) => {
    const { certificatePem } = await createRootCertificateAuthority({}, dependencies);
    await expect(
      issueClientCertificate(
        { authority: { certificatePem, sign: answer }, commonName: "leaf" },
        dependencies,
      ),
    ).rejects.toMatchObject({ code: "ERR_PKI_SIGNATURE", message: expect.stringContaining("CN=MyRootCA") });
  });

  it("passes on the error of what signs", async () => {
    const { certificatePem } = await createRootCertificateAuthority({}, dependencies);
    const failure = new Error("KMS is away");
    const sign = () => Promise.reject(failure);
    await expect(
      issueClientCertificate({ authority: { certificatePem, sign }, commonName: "leaf" }, dependencies),
    ).rejects.toBe(failure);
  });
});
