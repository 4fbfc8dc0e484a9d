import { AsnConvert } from "@peculiar/asn1-schema";
import { Certificate, id_ce_keyUsage, KeyUsage, KeyUsageFlags } from "@peculiar/asn1-x509";
import { describe, expect, it } from "vitest";
import { mockAccepts, opensslAccepts } from "../../test/support/path-verdicts.ts";
import { NOW } from "../../test/support/world.ts";
import {
  ecKeys,
  extension,
  makeAuthority,
  makeCertificate,
  ML_DSA,
  mlDsaKeys,
  distinguishedName,
  octets,
  rsaKeys,
  sequence,
  tlv,
} from "@roles-anywhere/testing";
import type { CertificateSpec } from "@roles-anywhere/testing";
import { parseCertificate, serialHex } from "./certificate.ts";
import { DerError } from "./der.ts";

const SPECS: readonly (readonly [title: string, spec: CertificateSpec])[] = [
  ["plain", {}],
  ["RSA", { keys: rsaKeys() }],
  ["P-521", { keys: ecKeys("P-521"), hash: "sha512" }],
  [
    "every name",
    {
      subject: [
        ["C", "DE"],
        ["ST", "Bavaria"],
        ["L", "Munich"],
        ["O", "A, B"],
        ["OU", "x"],
        ["CN", "Zoë"],
        ["UID", "u"],
        ["DC", "d"],
      ],
    },
  ],
  ["a long serial number", { serialNumber: 2n ** 159n - 1n }],
  ["a serial number with its top bit set", { serialNumber: 0xff00n }],
  ["dates beyond 2050", { notAfter: new Date("2060-01-01T00:00:00Z") }],
  [
    "alternative names",
    { dns: ["a.example.com"], uri: ["spiffe://a/b"], email: ["a@b.c"], directoryName: [["CN", "d"]] },
  ],
  ["no extensions of its own", { basicConstraints: null, keyUsage: null, subjectKeyIdentifier: null }],
];

describe("parseCertificate", () => {
  it.each(SPECS)("reads what @peculiar/asn1-x509 reads: %s", (_, spec) => {
    const { der } = makeCertificate(spec, makeAuthority());
    const ours = parseCertificate(der);
    const { tbsCertificate: theirs } = AsnConvert.parse(der, Certificate);
    const keyUsage = theirs.extensions?.find(({ extnID }) => extnID === id_ce_keyUsage);
    const flags = keyUsage === undefined ? 0 : AsnConvert.parse(keyUsage.extnValue, KeyUsage).toNumber();
    expect({
      serial: ours.serialNumber,
      notBefore: ours.notBefore,
      notAfter: ours.notAfter,
      attributes: ours.subject.rdns.map((rdn) => rdn.map(({ oid, value }) => [oid, value])),
      digitalSignature: ours.extensions.keyUsage?.has("digitalSignature") === true,
      signature: ours.signatureAlgorithm.oid,
    }).toEqual({
      serial: BigInt(`0x${Buffer.from(theirs.serialNumber).toString("hex")}`),
      notBefore: theirs.validity.notBefore.getTime(),
      notAfter: theirs.validity.notAfter.getTime(),
      attributes: theirs.subject.map((rdn) => rdn.map(({ type, value }) => [type, value.toString()])),
      digitalSignature: (flags & KeyUsageFlags.digitalSignature) !== 0,
      signature: theirs.signature.algorithm,
    });
  });

  it.each(SPECS)("reads what OpenSSL reads: %s", (_, spec) => {
    const { der } = makeCertificate(spec, makeAuthority());
    const ours = parseCertificate(der);
    expect({ serial: ours.serialNumber, from: ours.notBefore, to: ours.notAfter }).toEqual({
      serial: BigInt(`0x${ours.x509.serialNumber}`),
      from: new Date(ours.x509.validFrom),
      to: new Date(ours.x509.validTo),
    });
    expect(ours.fingerprint).toBe(ours.x509.fingerprint256.replaceAll(":", "").toLowerCase());
    expect(ours.pem).toBe(ours.x509.toString());
  });

  it.each<[title: string, spoil: (der: Buffer) => Uint8Array]>([
    ["nothing", () => Buffer.alloc(0)],
    ["a byte after it", (der) => Buffer.concat([der, Buffer.from([0])])],
    ["a byte missing", (der) => der.subarray(0, -1)],
    [
      "an indefinite length",
      (der) => Buffer.concat([Buffer.from([0x30, 0x80]), der.subarray(4), Buffer.alloc(2)]),
    ],
    ["a length that is not minimal", (der) => Buffer.concat([Buffer.from([0x30, 0x83, 0]), der.subarray(2)])],
    ["another type", () => sequence(octets(Buffer.from("x")))],
  ])("refuses %s", (_, spoil) => {
    const { der } = makeCertificate();
    expect(() => parseCertificate(spoil(der))).toThrow(DerError);
  });

  it("never fails with anything but a DerError on random bytes", () => {
    const { der } = makeCertificate({ dns: ["a.example.com"] });
    const failures = Array.from(der, (byte, at) => {
      const spoiled = Buffer.from(der);
      spoiled[at] = byte ^ 0x55;
      try {
        parseCertificate(spoiled);
        return undefined;
      } catch (error) {
        return error;
      }
    }).filter((failure) => failure !== undefined);
    expect(failures.length).toBeGreaterThan(50);
    expect(failures.filter((failure) => !(failure instanceof DerError))).toEqual([]);
  });
});

describe("serialHex", () => {
  it.each([
    [291n, "0123"],
    [17_767n, "4567"],
    [0x936eacbe07f201dfn, "936eacbe07f201df"],
  ])("writes %s in pairs of digits", (serialNumber, expected) => {
    expect(serialHex(parseCertificate(makeCertificate({ serialNumber }).der))).toBe(expected);
  });
});

describe("the text of a name", () => {
  it("writes the last relative name first and escapes what RFC 4514 wants escaped", () => {
    const subject = [
      ["C", "DE"],
      ["O", 'A, B "C" <D>; E\\F+G'],
      ["CN", " # x "],
    ] as const;
    expect(parseCertificate(makeCertificate({ subject }).der).subject.text).toBe(
      String.raw`CN=\ # x\ ,O=A\, B \"C\" \<D\>\; E\\F\+G,C=DE`,
    );
  });
});

const constraints = (tag: number, ...names: readonly Buffer[]): Buffer =>
  extension("2.5.29.30", true, sequence(tlv(tag, ...names.map((subtree) => sequence(subtree)))));
const PERMITTED = 0xa0;
const EXCLUDED = 0xa1;
const dns = (value: string): Buffer => tlv(0x82, Buffer.from(value));
const uri = (value: string): Buffer => tlv(0x86, Buffer.from(value));
const email = (value: string): Buffer => tlv(0x81, Buffer.from(value));
const ip = (...bytes: readonly number[]): Buffer => tlv(0x87, Buffer.from(bytes));
const directory = (...rdns: readonly (readonly [string, string])[]): Buffer =>
  tlv(0xa4, distinguishedName(rdns));

describe("validatePath agrees with OpenSSL", () => {
  const day = 86_400_000;
  it.each<[title: string, intermediate: CertificateSpec, leaf: CertificateSpec, accepted: boolean]>([
    ["a plain path", {}, {}, true],
    ["an RSA path", { keys: rsaKeys(), hash: "sha384" }, { keys: rsaKeys() }, true],
    ["an expired leaf", {}, { notAfter: new Date(NOW.getTime() - day) }, false],
    ["an intermediate of the future", { notBefore: new Date(NOW.getTime() + day) }, {}, false],
    [
      "an intermediate without CA:true",
      { basicConstraints: { ca: false }, keyUsage: ["digitalSignature"] },
      {},
      false,
    ],
    ["an intermediate without keyCertSign", { keyUsage: ["cRLSign"] }, {}, false],
    [
      "an unknown critical extension",
      {},
      { extra: [extension("1.2.3.4", true, octets(Buffer.from("x")))] },
      false,
    ],
    ["an unknown extension", {}, { extra: [extension("1.2.3.4", false, octets(Buffer.from("x")))] }, true],
    ["a wrong authority key identifier", {}, { authorityKeyIdentifier: "11".repeat(20) }, false],
    [
      "an exact permitted DNS name",
      { extra: [constraints(PERMITTED, dns("example.com"))] },
      { dns: ["example.com"] },
      true,
    ],
    [
      "a permitted subdomain",
      { extra: [constraints(PERMITTED, dns("example.com"))] },
      { dns: ["a.b.EXAMPLE.com"] },
      true,
    ],
    [
      "a name that only ends alike",
      { extra: [constraints(PERMITTED, dns("example.com"))] },
      { dns: ["badexample.com"] },
      false,
    ],
    [
      "one of two names outside",
      { extra: [constraints(PERMITTED, dns("example.com"))] },
      { dns: ["example.com", "x.org"] },
      false,
    ],
    [
      "one of two permitted subtrees",
      { extra: [constraints(PERMITTED, dns("example.com"), dns("x.org"))] },
      { dns: ["a.x.org"] },
      true,
    ],
    [
      "an excluded DNS name",
      { extra: [constraints(EXCLUDED, dns("example.com"))] },
      { dns: ["a.example.com"] },
      false,
    ],
    [
      "names of forms without constraints",
      { extra: [constraints(PERMITTED, dns("example.com"))] },
      { uri: ["https://x.org"] },
      true,
    ],
    [
      "a permitted URI host",
      { extra: [constraints(PERMITTED, uri("a.example.com"))] },
      { uri: ["https://a.example.com/x"] },
      true,
    ],
    [
      "a URI host below a bare host",
      { extra: [constraints(PERMITTED, uri("example.com"))] },
      { uri: ["https://a.example.com/x"] },
      false,
    ],
    [
      "a URI host below a dotted domain",
      { extra: [constraints(PERMITTED, uri(".example.com"))] },
      { uri: ["https://a.example.com/x"] },
      true,
    ],
    [
      "a permitted mailbox host",
      { extra: [constraints(PERMITTED, email("example.com"))] },
      { email: ["a@example.com"] },
      true,
    ],
    [
      "another mailbox host",
      { extra: [constraints(PERMITTED, email("example.com"))] },
      { email: ["a@b.example.com"] },
      false,
    ],
    [
      "a permitted address range",
      { extra: [constraints(PERMITTED, ip(192, 0, 2, 0, 255, 255, 255, 0))] },
      { ip: [Buffer.from([192, 0, 2, 9])] },
      true,
    ],
    [
      "an address outside",
      { extra: [constraints(PERMITTED, ip(192, 0, 2, 0, 255, 255, 255, 0))] },
      { ip: [Buffer.from([192, 0, 3, 9])] },
      false,
    ],
    [
      "a permitted directory name",
      { extra: [constraints(PERMITTED, directory(["O", "Example"]))] },
      {
        subject: [
          ["O", "example"],
          ["CN", "a"],
        ],
      },
      true,
    ],
    [
      "a directory name outside",
      { extra: [constraints(PERMITTED, directory(["O", "Example"]))] },
      {
        subject: [
          ["O", "Other"],
          ["CN", "a"],
        ],
      },
      false,
    ],
    [
      "an excluded directory name",
      { extra: [constraints(EXCLUDED, directory(["O", "Example"]))] },
      {
        subject: [
          ["O", "Example"],
          ["CN", "a"],
        ],
      },
      false,
    ],
  ])("about %s", (_, intermediateSpec, leafSpec, accepted) => {
    const root = makeAuthority();
    const intermediate = makeAuthority(
      { subject: [["CN", "Intermediate"]], serialNumber: 2n, ...intermediateSpec },
      root,
    );
    const leaf = makeCertificate(leafSpec, intermediate);
    expect({
      openssl: opensslAccepts(leaf, [intermediate], root),
      mock: mockAccepts(leaf, [intermediate], root),
    }).toEqual({ openssl: accepted, mock: accepted });
  });

  it.each([
    [0, false],
    [1, false],
    [2, true],
    [3, true],
  ])("about pathlen %i above two intermediates", (pathLength, accepted) => {
    const root = makeAuthority({ basicConstraints: { ca: true, pathLength } });
    const one = makeAuthority({ subject: [["CN", "One"]] }, root);
    const two = makeAuthority({ subject: [["CN", "Two"]] }, one);
    const leaf = makeCertificate({}, two);
    expect({
      openssl: opensslAccepts(leaf, [two, one], root),
      mock: mockAccepts(leaf, [two, one], root),
    }).toEqual({
      openssl: accepted,
      mock: accepted,
    });
  });
});

describe.runIf(ML_DSA.length > 0)("ML-DSA certificates", () => {
  it.each(ML_DSA)("%s: are read and verified", (set) => {
    const root = makeAuthority({ keys: mlDsaKeys(set) });
    expect(mockAccepts(makeCertificate({ keys: mlDsaKeys(set) }, root), [], root)).toBe(true);
  });
});
