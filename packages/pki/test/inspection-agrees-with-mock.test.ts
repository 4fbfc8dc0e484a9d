import { generateKeyPairSync, sign } from "node:crypto";
import {
  bits,
  extension,
  integer,
  makeAuthority,
  makeCertificate,
  makeCrl,
  ML_DSA,
  mlDsaKeys,
  oid,
  rsaKeys,
  ecKeys,
  sequence,
  tlv,
} from "@roles-anywhere/testing";
import type { CertificateSpec, Issued, KeyPair } from "@roles-anywhere/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inspectCertificate } from "../src/index.ts";
import type { CertificateInspection, InspectionProblemCode } from "../src/index.ts";
import { startAskedMock } from "./support/ask-mock.ts";
import type { Answer, AskedMock, Candidate } from "./support/ask-mock.ts";
import {
  CA_EXTENSIONS,
  clientExtensions,
  foreignAuthority,
  foreignCertificate,
} from "./support/foreign-ca.ts";
import type { ForeignIdentity, ForeignSpec } from "./support/foreign-ca.ts";

type Row = readonly [name: string, outcome: "accepted" | InspectionProblemCode, make: () => Candidate];

const DAY_MS = 86_400_000;
const root = makeAuthority({
  subject: [
    ["O", "Example"],
    ["CN", "Root"],
  ],
});
const AT = new Date("2026-06-15T12:00:00Z");

/** A candidate of the certificates that `@roles-anywhere/testing` makes. */
function made(
  client: Issued,
  rest: Partial<Candidate> & { chain?: readonly Issued[]; anchor?: Issued } = {},
): Candidate {
  const { chain, anchor = root, ...changes } = rest;
  return {
    certificatePem: client.certificatePem,
    privateKey: client.privateKeyPem,
    intermediates: chain?.map(({ certificatePem }) => certificatePem),
    trustAnchorPem: anchor.certificatePem,
    at: AT,
    ...changes,
  };
}

const client = (spec: CertificateSpec, rest?: Parameters<typeof made>[1]): (() => Candidate) => {
  return () => made(makeCertificate(spec, rest?.chain?.[0] ?? rest?.anchor ?? root), rest);
};

/** The key of a certificate that no signer of this repository signs with. */
function signedAnyhow(keys: KeyPair): Candidate {
  const certificate = makeCertificate({ keys }, root);
  return made(certificate, {
    privateKey: {
      algorithm: "AWS4-X509-ECDSA-SHA256",
      sign: (message) =>
        sign(keys.privateKey.asymmetricKeyType === "ec" ? "sha256" : null, message, keys.privateKey),
    },
  });
}

/** Certificates that differ from a valid one in one thing. */
const ONE_CHANGE: readonly Row[] = [
  ["a valid certificate", "accepted", client({})],
  ["no basicConstraints", "accepted", client({ basicConstraints: null })],
  ["CA:TRUE", "CERTIFICATE_IS_CA", client({ basicConstraints: { ca: true } })],
  ["no keyUsage", "KEY_USAGE_MISSING", client({ keyUsage: null })],
  ["keyUsage keyEncipherment alone", "KEY_USAGE_MISSING", client({ keyUsage: ["keyEncipherment"] })],
  ["two key usages", "accepted", client({ keyUsage: ["digitalSignature", "keyEncipherment"] })],
  ["keyCertSign in a client", "EXTENSION_INVALID", client({ keyUsage: ["digitalSignature", "keyCertSign"] })],
  ["EKU clientAuth", "accepted", client({ extendedKeyUsage: ["1.3.6.1.5.5.7.3.2"] })],
  ["EKU any", "accepted", client({ extendedKeyUsage: ["2.5.29.37.0"] })],
  ["EKU serverAuth", "EXTENDED_KEY_USAGE_UNSUITABLE", client({ extendedKeyUsage: ["1.3.6.1.5.5.7.3.1"] })],
  [
    "EKU serverAuth and clientAuth",
    "accepted",
    client({ extendedKeyUsage: ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"] }),
  ],
  ["version 1", "CERTIFICATE_VERSION_UNSUPPORTED", client({ version: 1 })],
  ["an empty subject", "SUBJECT_EMPTY", client({ subject: [], dns: ["a.example"] })],
  ["SHA-1", "SIGNATURE_HASH_WEAK", client({ hash: "sha1" })],
  ["SHA-224", "SIGNATURE_HASH_WEAK", client({ hash: "sha224" })],
  ["SHA-512", "accepted", client({ hash: "sha512" })],
  ["expired", "CERTIFICATE_EXPIRED", client({ notAfter: new Date("2026-06-15T11:59:59Z") })],
  ["in its last second", "accepted", client({ notAfter: AT })],
  ["not yet valid", "CERTIFICATE_NOT_YET_VALID", client({ notBefore: new Date("2026-06-15T12:00:01Z") })],
  ["in its first second", "accepted", client({ notBefore: AT })],
  [
    "an unknown critical extension",
    "CRITICAL_EXTENSION_UNKNOWN",
    client({ extra: [extension("1.2.3.4", true, integer(1))] }),
  ],
  ["an unknown extension", "accepted", client({ extra: [extension("1.2.3.4", false, integer(1))] })],
  [
    "a critical policy",
    "accepted",
    client({ extra: [extension("2.5.29.32", true, sequence(sequence(oid("1.2.3"))))] }),
  ],
  [
    "a critical policy with an unknown qualifier",
    "CRITICAL_EXTENSION_UNKNOWN",
    client({
      extra: [
        extension(
          "2.5.29.32",
          true,
          sequence(sequence(oid("1.2.3"), sequence(sequence(oid("1.2.9"), integer(1))))),
        ),
      ],
    }),
  ],
  [
    "an extension twice",
    "EXTENSION_DUPLICATED",
    client({ extra: [extension("2.5.29.15", true, bits(Buffer.of(0x80), 7))] }),
  ],
  ["RSA 1024", "accepted", client({ keys: rsaKeys(1024) })],
  ["RSA 2048", "accepted", client({ keys: rsaKeys() })],
  ["P-384", "accepted", client({ keys: ecKeys("P-384") })],
  ["P-521", "accepted", client({ keys: ecKeys("P-521") })],
  ["secp256k1", "KEY_TYPE_UNSUPPORTED", () => signedAnyhow(ecKeys("secp256k1"))],
  ["Ed25519", "KEY_TYPE_UNSUPPORTED", () => signedAnyhow(generateKeyPairSync("ed25519"))],
  ...ML_DSA.map((set): Row => [set, "accepted", client({ keys: mlDsaKeys(set) })]),
  ["a serial number of one octet", "accepted", client({ serialNumber: 7n })],
  ["a serial number with a leading zero digit", "accepted", client({ serialNumber: 0x0abcn })],
  ["a serial number with a sign octet", "accepted", client({ serialNumber: 0xff00n })],
  ["a serial number of 20 octets", "accepted", client({ serialNumber: (1n << 158n) + 5n })],
];

const intermediate = makeAuthority({ subject: [["CN", "Intermediate"]] }, root);
const second = makeAuthority({ subject: [["CN", "Second"]] }, intermediate);
const third = makeAuthority({ subject: [["CN", "Third"]] }, second);
const stranger = makeAuthority({
  subject: [
    ["O", "Example"],
    ["CN", "Root"],
  ],
});
const flatRoot = makeAuthority({ basicConstraints: { ca: true, pathLength: 0 } });
const belowFlat = makeAuthority({ subject: [["CN", "Below"]] }, flatRoot);

/** A chain whose only intermediate has these differences from a valid one. */
const below = (spec: CertificateSpec): (() => Candidate) => {
  return () => {
    const issuer = makeAuthority({ subject: [["CN", "Issuer"]], ...spec }, root);
    return made(makeCertificate({}, issuer), { chain: [issuer] });
  };
};

const CHAINS: readonly Row[] = [
  ["one intermediate", "accepted", client({}, { chain: [intermediate] })],
  ["two intermediates", "accepted", client({}, { chain: [second, intermediate] })],
  [
    "three intermediates, upside down",
    "accepted",
    () => made(makeCertificate({}, third), { chain: [intermediate, second, third] }),
  ],
  ["the root among the intermediates", "accepted", client({}, { chain: [intermediate, root] })],
  [
    "a certificate of no use among the intermediates",
    "accepted",
    client({}, { chain: [intermediate, stranger] }),
  ],
  ["a missing intermediate", "CHAIN_UNTRUSTED", client({}, { chain: [second] })],
  ["another CA of the same name", "CHAIN_UNTRUSTED", client({}, { anchor: stranger, chain: [intermediate] })],
  ["an intermediate as the trust anchor", "accepted", client({}, { anchor: intermediate })],
  [
    "a bundle of two trust anchors",
    "accepted",
    () => made(makeCertificate({}, root), { trustAnchorPem: stranger.certificatePem + root.certificatePem }),
  ],
  [
    "six certificates with it",
    "CHAIN_TOO_LONG",
    client({}, { chain: [intermediate, second, third, stranger, flatRoot, belowFlat] }),
  ],
  ["an intermediate with CA:FALSE", "ISSUER_NOT_CA", below({ basicConstraints: { ca: false } })],
  ["an intermediate of version 1", "ISSUER_NOT_CA", below({ version: 1 })],
  ["an intermediate without keyUsage", "ISSUER_KEY_USAGE_MISSING", below({ keyUsage: null })],
  ["an intermediate without keyCertSign", "ISSUER_KEY_USAGE_MISSING", below({ keyUsage: ["cRLSign"] })],
  ["an expired intermediate", "CERTIFICATE_EXPIRED", below({ notAfter: new Date("2026-01-01T00:00:00Z") })],
  ["an intermediate signed with SHA-1", "SIGNATURE_HASH_WEAK", below({ hash: "sha1" })],
  [
    "an intermediate of the right path length",
    "accepted",
    below({ basicConstraints: { ca: true, pathLength: 0 } }),
  ],
  [
    "a root that allows no intermediate",
    "PATH_LENGTH_EXCEEDED",
    client({}, { chain: [belowFlat], anchor: flatRoot }),
  ],
  [
    "a wrong authority key identifier",
    "CHAIN_UNTRUSTED",
    client({ authorityKeyIdentifier: "00".repeat(20) }),
  ],
  ["no key identifiers", "accepted", client({ authorityKeyIdentifier: null, subjectKeyIdentifier: null })],
  [
    "an issuer written with a compatibility character",
    "accepted",
    client({
      issuer: [
        ["O", "Example"],
        ["CN", "\u{FF32}oot"],
      ],
    }),
  ],
  [
    "an issuer written in other letter case",
    "accepted",
    client({
      issuer: [
        ["O", "EXAMPLE"],
        ["CN", "root"],
      ],
    }),
  ],
  [
    "an expired trust anchor",
    "CERTIFICATE_EXPIRED",
    client({}, { anchor: makeAuthority({ notAfter: new Date("2026-01-01T00:00:00Z") }) }),
  ],
];

const REVOCATION: readonly Row[] = [
  ["not on the list", "accepted", () => made(makeCertificate({}, root), { crlPem: list(root, [99n]) })],
  ["on the list", "CRL_REVOKED", () => made(makeCertificate({}, root), { crlPem: list(root, [0x1234n]) })],
  [
    "an intermediate on the list of the root",
    "CRL_REVOKED",
    () => made(makeCertificate({}, intermediate), { chain: [intermediate], crlPem: list(root, [1n]) }),
  ],
  [
    "the number of another CA's certificate",
    "accepted",
    () => made(makeCertificate({}, intermediate), { chain: [intermediate], crlPem: list(root, [0x1234n]) }),
  ],
  [
    "a list signed by another key",
    "CRL_INVALID",
    () =>
      made(makeCertificate({}, root), {
        crlPem: makeCrl(root, { signer: stranger, authorityKeyIdentifier: root.keyIdentifier }).toString(),
      }),
  ],
  [
    "a list past its next update",
    "CRL_REVOKED",
    () =>
      made(makeCertificate({}, root), {
        crlPem: list(root, [0x1234n]),
        at: new Date("2026-12-01T00:00:00Z"),
      }),
  ],
  [
    "a CA without cRLSign",
    "CRL_INVALID",
    () => {
      const authority = makeAuthority({ keyUsage: ["keyCertSign"] });
      return made(makeCertificate({}, authority), { anchor: authority, crlPem: list(authority, []) });
    },
  ],
];

function list(issuer: Issued, revoked: readonly bigint[]): string {
  return makeCrl(issuer, { revoked }).toString();
}

/** A CA with name constraints: the critical extension with one permitted or excluded subtree of a general name. */
const constrained = (
  which: "permitted" | "excluded",
  base: Buffer,
  spec: CertificateSpec,
): (() => Candidate) => {
  return () => {
    const value = sequence(tlv(which === "permitted" ? 0xa0 : 0xa1, sequence(base)));
    const authority = makeAuthority({ extra: [extension("2.5.29.30", true, value)] });
    return made(makeCertificate(spec, authority), { anchor: authority });
  };
};
const dns = (text: string): Buffer => tlv(0x82, Buffer.from(text));
const uri = (text: string): Buffer => tlv(0x86, Buffer.from(text));
const email = (text: string): Buffer => tlv(0x81, Buffer.from(text));
const subnet = (...octets: readonly number[]): Buffer => tlv(0x87, Buffer.from(octets));
const EMAIL_IN_SUBJECT = "1.2.840.113549.1.9.1";

const NAME_CONSTRAINTS: readonly Row[] = [
  ["a permitted host", "accepted", constrained("permitted", dns("example.org"), { dns: ["a.example.org"] })],
  [
    "a host outside",
    "NAME_CONSTRAINT_VIOLATED",
    constrained("permitted", dns("example.org"), { dns: ["a.example.com"] }),
  ],
  ["no host at all", "accepted", constrained("permitted", dns("example.org"), {})],
  [
    "a host without a dot between",
    "NAME_CONSTRAINT_VIOLATED",
    constrained("permitted", dns("example.org"), { dns: ["anexample.org"] }),
  ],
  [
    "an excluded host",
    "NAME_CONSTRAINT_VIOLATED",
    constrained("excluded", dns("bad.example.org"), { dns: ["a.bad.example.org"] }),
  ],
  [
    "a wildcard that may be excluded",
    "NAME_CONSTRAINT_VIOLATED",
    constrained("excluded", dns("bad.example.org"), { dns: ["*.example.org"] }),
  ],
  [
    "a host that is none",
    "NAME_CONSTRAINT_VIOLATED",
    constrained("permitted", dns("example.org"), { dns: ["a b.example.org"] }),
  ],
  [
    "a permitted URI",
    "accepted",
    constrained("permitted", uri(".example.org"), { uri: ["spiffe://a.example.org/x"] }),
  ],
  [
    "a URI of an address",
    "NAME_CONSTRAINT_VIOLATED",
    constrained("permitted", uri("example.org"), { uri: ["https://10.0.0.1/"] }),
  ],
  [
    "a URI of a host below a bare one",
    "NAME_CONSTRAINT_VIOLATED",
    constrained("permitted", uri("example.org"), { uri: ["https://a.example.org/"] }),
  ],
  [
    "a permitted mailbox",
    "accepted",
    constrained("permitted", email("example.org"), { email: ["a@example.org"] }),
  ],
  [
    "an e-mail address in the subject",
    "NAME_CONSTRAINT_VIOLATED",
    constrained("permitted", email("example.org"), {
      subject: [
        ["CN", "c"],
        [EMAIL_IN_SUBJECT, "a@example.com"],
      ],
    }),
  ],
  [
    "a permitted address",
    "accepted",
    constrained("permitted", subnet(10, 0, 0, 0, 255, 0, 0, 0), { ip: [Buffer.from([10, 1, 2, 3])] }),
  ],
  [
    "an address outside",
    "NAME_CONSTRAINT_VIOLATED",
    constrained("permitted", subnet(10, 0, 0, 0, 255, 0, 0, 0), { ip: [Buffer.from([11, 1, 2, 3])] }),
  ],
  [
    "a client with the name of its CA",
    "NAME_CONSTRAINT_VIOLATED",
    constrained("permitted", dns("example.org"), { subject: [["CN", "Root"]], dns: ["a.example.com"] }),
  ],
  [
    "a mask with a hole",
    "NAME_CONSTRAINT_VIOLATED",
    constrained("permitted", subnet(10, 0, 0, 0, 255, 0, 255, 0), { ip: [Buffer.from([10, 1, 0, 3])] }),
  ],
];

const NAMES: readonly Row[] = [
  [
    "every attribute that becomes a tag",
    "accepted",
    client({
      subject: [
        ["C", "DE"],
        ["ST", "Berlin"],
        ["L", "Berlin"],
        ["O", "Example"],
        ["OU", "Ops"],
        ["UID", "u1"],
        ["CN", "c"],
      ],
    }),
  ],
  [
    "an attribute that becomes none",
    "accepted",
    client({
      subject: [
        ["CN", "c"],
        ["2.5.4.5", "4711"],
        ["DC", "example"],
      ],
    }),
  ],
  [
    "two organizational units",
    "accepted",
    client({
      subject: [
        ["OU", "Security"],
        ["OU", "Engineering"],
        ["CN", "c"],
      ],
    }),
  ],
  [
    "two common names",
    "accepted",
    client({
      subject: [
        ["CN", "first"],
        ["CN", "second"],
      ],
    }),
  ],
  ["no common name", "accepted", client({ subject: [["O", "Example"]], serialNumber: 291n })],
  ["a common name of 61 characters", "accepted", client({ subject: [["CN", "a".repeat(61)]] })],
  ["a common name of 62 characters", "accepted", client({ subject: [["CN", "a".repeat(62)]] })],
  [
    "a common name of 64 characters outside the BMP",
    "accepted",
    client({ subject: [["CN", "\u{20000}".repeat(64)]] }),
  ],
  [
    "a common name of 65 characters",
    "SOURCE_IDENTITY_INVALID",
    client({ subject: [["CN", "a".repeat(65)]] }),
  ],
  ["a common name with a comma", "SOURCE_IDENTITY_INVALID", client({ subject: [["CN", "a, b"]] })],
  [
    "a common name with a wildcard",
    "SOURCE_IDENTITY_INVALID",
    client({ subject: [["CN", "*.example.org"]] }),
  ],
  ["a common name of one character", "accepted", client({ subject: [["CN", "a"]] })],
  [
    "an organization with an ampersand",
    "accepted",
    client({
      subject: [
        ["O", "A & B"],
        ["CN", "c"],
      ],
    }),
  ],
  [
    "an organizational unit of 257 characters",
    "accepted",
    client({
      subject: [
        ["OU", "o".repeat(257)],
        ["CN", "c"],
      ],
    }),
  ],
  [
    "alternative names of each kind",
    "accepted",
    client({
      dns: ["a.example", "b.example"],
      uri: ["spiffe://a/b"],
      email: ["a@b.example"],
      ip: [Buffer.from([1, 2, 3, 4])],
      directoryName: [
        ["O", "Dir"],
        ["OU", "x"],
        ["OU", "y"],
        ["CN", "n"],
      ],
    }),
  ],
  ["a second DNS name that cannot be a tag", "accepted", client({ dns: ["a.example", "*.example"] })],
  ["a first DNS name that cannot be a tag", "accepted", client({ dns: ["*.example", "a.example"] })],
  ["a URI with a query", "accepted", client({ uri: ["https://a.example/?q=1&r=2"] })],
  [
    "a directory name that cannot be a tag",
    "accepted",
    client({
      directoryName: [
        ["O", "A & B"],
        ["CN", "n"],
      ],
    }),
  ],
];

/** Made by the openssl command. The clock is the machine's. */
const foreign = (
  spec: ForeignSpec = {},
  authority: ForeignSpec = {},
  rest: { readonly days?: number; readonly chain?: readonly ForeignSpec[] } = {},
): (() => Candidate) => {
  return () => {
    const anchor = foreignAuthority(authority);
    const chain: ForeignIdentity[] = [];
    for (const link of rest.chain ?? []) {
      chain.unshift(
        foreignCertificate({
          extensions: CA_EXTENSIONS,
          privateKeyPem: anchor.privateKeyPem,
          ...link,
          issuer: chain[0] ?? anchor,
        }),
      );
    }
    const identity = foreignCertificate({ ...spec, issuer: chain[0] ?? anchor });
    return {
      certificatePem: identity.certificatePem,
      privateKey: identity.privateKeyPem,
      intermediates: chain.map(({ certificatePem }) => certificatePem),
      trustAnchorPem: anchor.certificatePem,
      at: new Date(Date.now() + (rest.days ?? 0) * DAY_MS),
    };
  };
};

const UMLAUTS = ["C = DE", "O = Müller und Söhne", "CN = größe"];
const rsaKeyPem = rsaKeys().privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const FOREIGN: readonly Row[] = [
  ["an ordinary certificate", "accepted", foreign()],
  ["names as UTF8String", "accepted", foreign({ subject: UMLAUTS })],
  ["names as BMPString", "accepted", foreign({ subject: UMLAUTS, stringMask: "MASK:2048" })],
  ["names as TeletexString", "accepted", foreign({ subject: UMLAUTS, stringMask: "MASK:4" })],
  ["a character outside the BMP", "accepted", foreign({ subject: ["CN = größe 𠀀"] })],
  [
    "names as PrintableString",
    "accepted",
    foreign({ subject: ["O = Example", "CN = plain"], stringMask: "MASK:2" }),
  ],
  [
    "a CA named with a BMPString",
    "accepted",
    foreign({}, { subject: ["CN = Wurzel Ü"], stringMask: "MASK:2048" }),
  ],
  [
    "a CA named with a TeletexString",
    "accepted",
    foreign({}, { subject: ["CN = Wurzel Ü"], stringMask: "MASK:4" }),
  ],
  [
    "an attribute without a short name",
    "accepted",
    foreign({ subject: ["businessCategory = Private", "CN = c"] }),
  ],
  ["a multi-valued relative name", "accepted", foreign({ subject: ["OU = Ops", "+CN = c", "+UID = u"] })],
  ["attributes in odd order", "accepted", foreign({ subject: ["CN = first", "O = later", "C = FR"] })],
  [
    "domain components and an e-mail address",
    "accepted",
    foreign({ subject: ["1.DC = org", "2.DC = example", "CN = c", "emailAddress = a@example.org"] }),
  ],
  [
    "a common name with a control character",
    "SOURCE_IDENTITY_INVALID",
    foreign({ subject: [String.raw`CN = a\tb`] }),
  ],
  ["a common name with a slash and an at sign", "accepted", foreign({ subject: ["CN = team/app@host"] })],
  [
    "no subject and a critical alternative name",
    "SUBJECT_EMPTY",
    foreign({ subject: [], extensions: clientExtensions("subjectAltName = critical, DNS:a.example") }),
  ],
  [
    "alternative names of all kinds",
    "accepted",
    foreign({
      extensions: clientExtensions(
        "subjectAltName = @names",
        "[names]",
        "DNS.1 = a.example",
        "URI.1 = spiffe://a/b",
        "email.1 = a@b.example",
        "IP.1 = ::1",
        "RID.1 = 1.2.3.4",
        "otherName.1 = 1.2.3.4;UTF8:x",
        "dirName.1 = dir",
        "[dir]",
        "O = Dir",
        "CN = n",
      ),
    }),
  ],
  [
    "EKU and key usage of a server",
    "EXTENDED_KEY_USAGE_UNSUITABLE",
    foreign({
      extensions: clientExtensions(
        "keyUsage = digitalSignature, keyEncipherment",
        "extendedKeyUsage = serverAuth",
      ),
    }),
  ],
  [
    "the smart card logon purpose",
    "EXTENDED_KEY_USAGE_UNSUITABLE",
    foreign({ extensions: clientExtensions("extendedKeyUsage = critical, msSmartcardLogin") }),
  ],
  ["no extended key usage", "accepted", foreign({ extensions: clientExtensions("extendedKeyUsage = none") })],
  [
    "Netscape extensions",
    "accepted",
    foreign({ extensions: clientExtensions("nsCertType = client", "nsComment = made by hand") }),
  ],
  [
    "a critical Netscape extension",
    "CRITICAL_EXTENSION_UNKNOWN",
    foreign({ extensions: clientExtensions("nsCertType = critical, client") }),
  ],
  [
    "distribution points and authority information",
    "accepted",
    foreign({
      extensions: clientExtensions(
        "crlDistributionPoints = URI:http://crl.example/1.crl",
        "authorityInfoAccess = OCSP;URI:http://ocsp.example/",
      ),
    }),
  ],
  [
    "critical distribution points",
    "CRITICAL_EXTENSION_UNKNOWN",
    foreign({
      extensions: clientExtensions("crlDistributionPoints = critical, URI:http://crl.example/1.crl"),
    }),
  ],
  [
    "policies with a practice statement",
    "accepted",
    foreign({
      extensions: clientExtensions(
        "certificatePolicies = critical, @policy",
        "[policy]",
        "policyIdentifier = 1.3.5.8",
        "CPS.1 = http://cps.example/",
      ),
    }),
  ],
  ["TLS feature", "accepted", foreign({ extensions: clientExtensions("tlsfeature = status_request") })],
  [
    "the issuer and serial number as authority key identifier",
    "accepted",
    foreign({ extensions: clientExtensions("authorityKeyIdentifier = keyid, issuer:always") }),
  ],
  ["no extensions: version 1", "CERTIFICATE_VERSION_UNSUPPORTED", foreign({ extensions: [] })],
  ["a negative serial number", "accepted", foreign({ serialNumber: "-4660" })],
  [
    "a serial number of 21 octets",
    "CERTIFICATE_MALFORMED",
    foreign({ serialNumber: `0x${"7f".repeat(21)}` }),
  ],
  ["an RSA key below an EC root", "accepted", foreign({ privateKeyPem: rsaKeyPem })],
  ["an RSA root", "accepted", foreign({}, { privateKeyPem: rsaKeyPem })],
  [
    "an RSA root and SHA-1",
    "SIGNATURE_HASH_WEAK",
    foreign({ arguments: ["-sha1"] }, { privateKeyPem: rsaKeyPem }),
  ],
  [
    "RSASSA-PSS with SHA-256",
    "accepted",
    foreign({ arguments: ["-sha256", "-sigopt", "rsa_padding_mode:pss"] }, { privateKeyPem: rsaKeyPem }),
  ],
  [
    "RSASSA-PSS with SHA-1",
    "SIGNATURE_HASH_WEAK",
    foreign({ arguments: ["-sha1", "-sigopt", "rsa_padding_mode:pss"] }, { privateKeyPem: rsaKeyPem }),
  ],
  ["expired", "CERTIFICATE_EXPIRED", foreign({ days: 30 }, {}, { days: 31 })],
  ["before it was issued", "CERTIFICATE_NOT_YET_VALID", foreign({}, {}, { days: -1 })],
  ["an intermediate", "accepted", foreign({}, {}, { chain: [{ subject: ["CN = Sub"] }] })],
  [
    "an intermediate with the name of its issuer",
    "accepted",
    foreign(
      {},
      {
        extensions: [
          ...CA_EXTENSIONS.filter((line) => !line.startsWith("basic")),
          "basicConstraints = critical, CA:TRUE, pathlen:0",
        ],
      },
      { chain: [{ subject: ["CN = Foreign Root"], serialNumber: "77" }] },
    ),
  ],
  [
    "an intermediate that is no CA",
    "ISSUER_NOT_CA",
    foreign(
      {},
      {},
      {
        chain: [
          { subject: ["CN = Sub"], extensions: clientExtensions("keyUsage = digitalSignature, keyCertSign") },
        ],
      },
    ),
  ],
  [
    "name constraints of a root",
    "NAME_CONSTRAINT_VIOLATED",
    foreign(
      { extensions: clientExtensions("subjectAltName = DNS:a.example.com") },
      {
        extensions: [
          ...CA_EXTENSIONS,
          "nameConstraints = critical, permitted;DNS:example.org, excluded;IP:10.0.0.0/255.0.0.0",
        ],
      },
    ),
  ],
  [
    "a directory name within constraints",
    "accepted",
    foreign(
      { subject: ["C = DE", "O = Example", "CN = c"] },
      {
        extensions: [
          ...CA_EXTENSIONS,
          "nameConstraints = critical, permitted;dirName:dir",
          "[dir]",
          "C = DE",
          "O = example",
        ],
      },
    ),
  ],
  [
    "a directory name outside constraints",
    "NAME_CONSTRAINT_VIOLATED",
    foreign(
      { subject: ["C = FR", "CN = c"] },
      {
        extensions: [
          ...CA_EXTENSIONS,
          "nameConstraints = critical, permitted;dirName:dir",
          "[dir]",
          "C = DE",
        ],
      },
    ),
  ],
];

describe("inspectCertificate predicts what the mock then answers", () => {
  let asked: AskedMock;
  beforeAll(async () => {
    asked = await startAskedMock();
  });
  afterAll(async () => {
    await asked[Symbol.asyncDispose]();
  });

  const tables = { ONE_CHANGE, CHAINS, REVOCATION, NAME_CONSTRAINTS, NAMES, FOREIGN };
  describe.each(Object.entries(tables))("%s", (_, rows) => {
    it.each(rows)("%s: %s", async (_name, outcome, make) => {
      const candidate = make();
      const inspection = inspectCertificate({
        certificate: candidate.certificatePem,
        intermediates: candidate.intermediates?.join("") || undefined,
        trustAnchor: candidate.trustAnchorPem,
        revocationLists: candidate.crlPem,
        at: candidate.at,
      });
      const answer = await asked.ask(candidate);
      expect(predictionOf(inspection)).toEqual(answer);
      expect(answer.verdict === "accepted" ? "accepted" : answer.reason).toBe(outcome);
    });
  });
});

function predictionOf(inspection: CertificateInspection): Answer {
  const { verdict, problems, sessionName, sourceIdentity, tags, unmapped } = inspection;
  if (verdict !== "accepted") return { verdict: "refused", reason: problems[0]?.code };
  return { verdict, sessionName, sourceIdentity, tags, unmapped };
}
