import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ML_DSA, openssl } from "@roles-anywhere/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { certificateField, extensionLines } from "../../test/support/certificate-text.ts";
import { sharedKeyPairOf } from "../../test/support/key-pool.ts";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { signed } from "../certificate/encode-certificate.ts";
import type { IssuedCertificate } from "../certificate/issued-certificate.ts";
import type { SubjectAttribute } from "../certificate/subject.ts";
import { fromDer, items } from "../der/decode.ts";
import { toDer } from "../der/encode.ts";
import { KEY_TYPES } from "../keys/key-type.ts";
import { signOctets } from "../keys/signature-algorithm.ts";
import { readPem, writePem } from "../pem.ts";
import { createRootCertificateAuthority } from "./create-root-certificate-authority.ts";
import {
  createCertificateRequest,
  readCertificateRequest,
  signCertificateRequest,
} from "./sign-certificate-request.ts";

const dependencies = { generateKeyPair: sharedKeyPairOf };
let authority: IssuedCertificate;

beforeAll(async () => {
  authority = await createRootCertificateAuthority({ keyType: "ec-p256" }, dependencies);
});

const P256 = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];

/** What people make with `openssl req -new`. */
function opensslRequest({
  extensions = [],
  subject = "/CN=server",
  key = P256,
  digest = "-sha256",
  stringMask = "utf8only",
}: {
  readonly extensions?: readonly string[];
  readonly subject?: string;
  readonly key?: readonly string[];
  readonly digest?: string;
  readonly stringMask?: string;
}): string {
  const directory = temporaryDirectory();
  const [keyPath, configPath] = [join(directory, "key.pem"), join(directory, "req.cnf")];
  writeFileSync(keyPath, openssl(["genpkey", ...key]));
  writeFileSync(
    configPath,
    [
      "[req]",
      `string_mask = ${stringMask}`,
      "distinguished_name = name",
      "[name]",
      "[extensions]",
      ...extensions,
      "",
    ].join("\n"),
  );
  const wished = extensions.length === 0 ? [] : ["-reqexts", "extensions"];
  return openssl([
    ...["req", "-new", "-utf8", digest, "-subj", subject, "-key", keyPath, "-config", configPath],
    ...wished,
  ]);
}

/** Signs a changed request again, with a new key in the place of its own, which is of the same length. */
async function signAgain(der: Buffer): Promise<string> {
  const { publicKey, privateKey } = await sharedKeyPairOf("ec-p256");
  const spki = publicKey.export({ type: "spki", format: "der" });
  spki.copy(der, der.indexOf(spki.subarray(0, 26)));
  const [info = der] = items(fromDer(der)).map(toDer);
  return writePem(
    "CERTIFICATE REQUEST",
    await signed(info, "ecdsa-with-SHA256", async (octets, algorithm) =>
      signOctets(algorithm, octets, privateKey),
    ),
  );
}

describe("createCertificateRequest", () => {
  it.each(KEY_TYPES.filter((keyType) => !keyType.startsWith("ml-dsa")))(
    "makes a request with a key %s that OpenSSL verifies and reads",
    async (keyType) => {
      const { requestPem } = await createCertificateRequest(
        {
          commonName: "server-1",
          subjectAttributes: [{ type: "O", value: "Example" }],
          subjectAlternativeNames: [
            { type: "dns", value: "server-1.example.org" },
            { type: "uri", value: "spiffe://example.org/server-1" },
            { type: "email", value: "ops@example.org" },
            { type: "ip", value: "192.0.2.1" },
            { type: "directory", value: "/O=Example/CN=server-1" },
          ],
          keyType,
        },
        dependencies,
      );
      const text = openssl(["req", "-noout", "-verify", "-text", "-nameopt", "RFC2253"], requestPem);
      expect(text).toContain("Subject: CN=server-1,O=Example");
      expect(text).toMatch(/Key Usage: critical\s+Digital Signature\s/);
      expect(text).toContain("TLS Web Client Authentication");
      expect(text).toMatch(
        /DNS:server-1\.example\.org, URI:spiffe:\/\/example\.org\/server-1, email:ops@example\.org, IP Address:192\.0\.2\.1, DirName:/,
      );
    },
  );

  it.each(ML_DSA)("makes a request with a key %s that can be signed", async (keyType) => {
    const { requestPem } = await createCertificateRequest({ commonName: "server-1", keyType }, dependencies);
    expect(readCertificateRequest(requestPem)).toMatchObject({ commonName: "server-1", keyType });
  });

  it("asks for nothing else without names", async () => {
    const { requestPem, warnings } = await createCertificateRequest(
      { commonName: "Acme, Inc" },
      dependencies,
    );
    expect(readCertificateRequest(requestPem).wishes).toEqual([
      "keyUsage digitalSignature",
      "extendedKeyUsage clientAuth",
    ]);
    expect(warnings).toMatchObject([{ code: "WARN_PKI_NOT_A_SOURCE_IDENTITY" }]);
  });
});

describe("signCertificateRequest", () => {
  it.each<{
    title: string;
    extensions: readonly string[];
    grant: readonly string[];
    granted: readonly string[];
    notGranted: readonly string[];
    names: string;
  }>([
    { title: "nothing", extensions: [], grant: [], granted: [], notGranted: [], names: "" },
    {
      title: "names that are granted",
      extensions: ["subjectAltName = DNS:a.example, URI:urn:a"],
      grant: ["dns:a.example", "uri:urn:a"],
      granted: ["dns:a.example", "uri:urn:a"],
      notGranted: [],
      names: "DNS:a.example, URI:urn:a",
    },
    {
      title: "names of which one is granted",
      extensions: ["subjectAltName = DNS:a.example, DNS:b.example, IP:2001:db8::1, email:x@a.example"],
      grant: ["dns:b.example"],
      granted: ["dns:b.example"],
      notGranted: ["dns:a.example", "ip:2001:db8:0:0:0:0:0:1", "email:x@a.example"],
      names: "DNS:b.example",
    },
    {
      title: "more usages than a client has",
      extensions: [
        "keyUsage = digitalSignature, keyEncipherment",
        "extendedKeyUsage = clientAuth, serverAuth, codeSigning",
      ],
      grant: [],
      granted: ["keyUsage digitalSignature", "extendedKeyUsage clientAuth"],
      notGranted: [
        "keyUsage keyEncipherment",
        "extendedKeyUsage serverAuth",
        "extendedKeyUsage 1.3.6.1.5.5.7.3.3",
      ],
      names: "",
    },
    {
      title: "CA:FALSE and a key identifier",
      extensions: ["basicConstraints = critical, CA:FALSE", "subjectKeyIdentifier = hash"],
      grant: [],
      granted: ["basicConstraints CA:FALSE"],
      notGranted: [],
      names: "",
    },
    {
      title: "an extension of its own and an other name",
      extensions: ["1.2.3.4 = ASN1:UTF8String:hello", "subjectAltName = otherName:1.2.3.5;UTF8:me"],
      grant: [],
      granted: [],
      notGranted: ["the extension 1.2.3.4", "an alternative name of another type"],
      names: "",
    },
  ])(
    "grants what it may when the request asks for $title",
    async ({ extensions, grant, names, granted, notGranted }) => {
      const certificate = await signCertificateRequest({
        authority,
        requestPem: opensslRequest({ extensions }),
        commonName: "server",
        grantName: ({ type, value }) => grant.includes(`${type}:${value}`),
      });
      expect(certificate).toMatchObject({ granted, notGranted });
      const lines = extensionLines(certificate.certificatePem);
      expect(lines.slice(0, 6)).toEqual([
        "X509v3 Basic Constraints:",
        "CA:FALSE",
        "X509v3 Key Usage: critical",
        "Digital Signature",
        "X509v3 Extended Key Usage:",
        "TLS Web Client Authentication",
      ]);
      expect(lines.slice(10)).toEqual(names === "" ? [] : ["X509v3 Subject Alternative Name:", names]);
    },
  );

  it("keeps the order of the subject, and the key", async () => {
    const requestPem = opensslRequest({ subject: "/CN=server/OU=Z\u00FCrich/C=CH" });
    const certificate = await signCertificateRequest({
      authority,
      requestPem,
      commonName: "server",
      subjectAttributes: [
        { type: "OU", value: "Z\u00FCrich" },
        { type: "C", value: "CH" },
      ],
    });
    expect(certificate).toMatchObject({
      subject: "/CN=server/OU=Z\u00FCrich/C=CH",
      commonName: "server",
      keyType: "ec-p256",
    });
    expect(certificateField(certificate.certificatePem, "-subject")).toMatch(/^CN ?= ?server, OU ?= ?/);
    expect(openssl(["x509", "-noout", "-pubkey"], certificate.certificatePem)).toBe(
      openssl(["req", "-noout", "-pubkey"], requestPem),
    );
  });

  it.each([
    ["UTF8String", "utf8only"],
    ["BMPString", "MASK:2048"],
    ["TeletexString", "MASK:4"],
  ])("reads a subject that is a %s", (_, stringMask) => {
    const requestPem = opensslRequest({ subject: "/O=Müller/CN=größe", stringMask });
    expect(readCertificateRequest(requestPem).subject).toBe("/O=Müller/CN=größe");
  });

  const rsa = (bits: number) => ["-algorithm", "RSA", "-pkeyopt", `rsa_keygen_bits:${bits}`];
  it.each<{ title: string; request: Parameters<typeof opensslRequest>[0]; code: string; message: RegExp }>([
    {
      title: "a short RSA key",
      request: { key: rsa(1024) },
      code: "ERR_PKI_KEY_UNSUPPORTED",
      message: /rsa-1024; use RSA with 2048/,
    },
    {
      title: "another curve",
      request: { key: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"] },
      code: "ERR_PKI_KEY_UNSUPPORTED",
      message: /secp256k1/,
    },
    {
      title: "an RSA key with the public exponent 3",
      request: { key: [...rsa(2048), "-pkeyopt", "rsa_keygen_pubexp:3"] },
      code: "ERR_PKI_KEY_UNSUPPORTED",
      message: /the key has the public exponent 3; use 65537/,
    },
    {
      title: "a key that spells out the parameters of P-256",
      request: { key: [...P256, "-pkeyopt", "ec_param_enc:explicit"] },
      code: "ERR_PKI_KEY_UNSUPPORTED",
      message: /the key spells out the parameters of its curve; make one that names its curve/,
    },
    {
      title: "a signature by SHA-1",
      request: { digest: "-sha1" },
      code: "ERR_PKI_REQUEST_INVALID",
      message: /algorithm 1\.2\.840\.10045\.4\.1; sign it with SHA-256/,
    },
    {
      title: "a wish to be a CA",
      request: { extensions: ["basicConstraints = CA:TRUE"] },
      code: "ERR_PKI_REQUEST_REFUSED",
      message: /asks for CA:TRUE, which only a CA has; make a CA with ra-pki intermediate/,
    },
    {
      title: "a wish to sign certificates",
      request: { extensions: ["keyUsage = digitalSignature, keyCertSign"] },
      code: "ERR_PKI_REQUEST_REFUSED",
      message: /key usage keyCertSign/,
    },
    {
      title: "a wish to sign revocation lists",
      request: { extensions: ["keyUsage = cRLSign"] },
      code: "ERR_PKI_REQUEST_REFUSED",
      message: /key usage cRLSign/,
    },
    {
      title: "no common name",
      request: { subject: "/O=Example" },
      code: "ERR_PKI_REQUEST_INVALID",
      message: /has 0 common names; give exactly one/,
    },
    {
      title: "two common names",
      request: { subject: "/CN=a/CN=b" },
      code: "ERR_PKI_REQUEST_INVALID",
      message: /has 2 common names/,
    },
    {
      title: "an attribute that becomes no session tag",
      request: { subject: "/CN=server/emailAddress=a@example.org" },
      code: "ERR_PKI_REQUEST_INVALID",
      message: /attributes other than C, ST, L, O, OU and CN/,
    },
    {
      title: "two attributes in one relative name",
      request: { subject: "/CN=server+OU=a" },
      code: "ERR_PKI_REQUEST_INVALID",
      message: /attributes other than/,
    },
  ])("refuses $title", async ({ request, code, message }) => {
    await expect(
      signCertificateRequest({ authority, requestPem: opensslRequest(request), commonName: "server" }),
    ).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it.each([
    { title: "text", change: () => "hello", message: /no block BEGIN CERTIFICATE REQUEST/ },
    { title: "a certificate", change: () => authority.certificatePem, message: /no block/ },
    {
      title: "octets that are no request",
      change: () => writePem("CERTIFICATE REQUEST", Buffer.from("3003020101", "hex")),
      message: /not PKCS#10/,
    },
    {
      title: "a request whose name was changed afterwards",
      change: (pem: string) => {
        const [block] = readPem(pem);
        const der = Buffer.from(block?.text.replaceAll(/-----[^-]+-----|\s/g, "") ?? "", "base64");
        der.write("hacker", der.indexOf("server"));
        return writePem("CERTIFICATE REQUEST", der);
      },
      message: /signature is not one of its key/,
    },
  ])("refuses $title", async ({ change, message }) => {
    await expect(
      signCertificateRequest({ authority, requestPem: change(opensslRequest({})), commonName: "server" }),
    ).rejects.toMatchObject({ code: "ERR_PKI_REQUEST_INVALID", message: expect.stringMatching(message) });
  });

  it("refuses a wish to be a CA whose TRUE is not written in DER", async () => {
    const [block] = readPem(opensslRequest({ extensions: ["basicConstraints = CA:TRUE"] }));
    const der = Buffer.from(block?.text.replaceAll(/-----[^-]+-----|\s/g, "") ?? "", "base64");
    const wish = Buffer.from("30030101ff", "hex");
    der.writeUInt8(0x01, der.indexOf(wish) + 4);
    // Signed again, by a key of this test over the changed octets.
    const requestPem = await signAgain(der);
    await expect(
      signCertificateRequest({ authority, requestPem, commonName: "server" }),
    ).rejects.toMatchObject({ code: "ERR_PKI_REQUEST_REFUSED" });
  });

  it("refuses the request of another server", async () => {
    await expect(
      signCertificateRequest({ authority, requestPem: opensslRequest({}), commonName: "other" }),
    ).rejects.toMatchObject({
      code: "ERR_PKI_REQUEST_INVALID",
      message: expect.stringContaining('the request is for "server", not for "other"'),
    });
  });

  it.each<{ title: string; subject: string; granted: readonly SubjectAttribute[]; message: RegExp }>([
    {
      title: "attributes that are not granted",
      subject: "/O=Example/OU=Admins/CN=server",
      granted: [],
      message:
        /the request has "\/O=Example\/OU=Admins", and granted is nothing; .* grant them as they are with --subject/,
    },
    {
      title: "an attribute behind the common name",
      subject: "/CN=server/OU=Admins",
      granted: [],
      message: /has "\/OU=Admins", and granted is nothing/,
    },
    {
      title: "another value",
      subject: "/OU=Admins/CN=server",
      granted: [{ type: "OU", value: "Servers" }],
      message: /has "\/OU=Admins", and granted is "\/OU=Servers"/,
    },
    {
      title: "one attribute more",
      subject: "/OU=Servers/OU=Admins/CN=server",
      granted: [{ type: "OU", value: "Servers" }],
      message: /has "\/OU=Servers\/OU=Admins"/,
    },
    {
      title: "a value that looks like two attributes",
      subject: String.raw`/O=Example\/OU=Servers/CN=server`,
      granted: [
        { type: "O", value: "Example" },
        { type: "OU", value: "Servers" },
      ],
      message: /granted is "\/O=Example\/OU=Servers"/,
    },
    {
      title: "no attribute where one is granted",
      subject: "/CN=server",
      granted: [{ type: "OU", value: "Servers" }],
      message: /has nothing, and granted is "\/OU=Servers"; .* let the server make a request with them/,
    },
  ])("refuses $title", async ({ subject, granted, message }) => {
    await expect(
      signCertificateRequest({
        authority,
        requestPem: opensslRequest({ subject }),
        commonName: "server",
        subjectAttributes: granted,
      }),
    ).rejects.toMatchObject({ code: "ERR_PKI_REQUEST_REFUSED", message: expect.stringMatching(message) });
  });
});
