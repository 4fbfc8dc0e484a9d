import { createHash, generateKeyPairSync } from "node:crypto";
import { ML_DSA, mlDsaKeys, oid, sequence, set, tlv } from "@roles-anywhere/testing";
import { describe, expect, it } from "vitest";
import { encodeWithPeculiar } from "../../test/support/peculiar-encoder.ts";
import { toDer } from "../der/encode.ts";
import { toSpki } from "../keys/key-pair.ts";
import { signatureAlgorithmOf } from "../keys/signature-algorithm.ts";
import type { CertificateDescription, CertificateExtensions } from "./description.ts";
import { encodeToBeSigned } from "./encode-certificate.ts";
import { relativeNames } from "./distinguished-name.ts";

const keys = {
  "RSA 2048": generateKeyPairSync("rsa", { modulusLength: 2048 }),
  "RSA 3072": generateKeyPairSync("rsa", { modulusLength: 3072 }),
  "P-256": generateKeyPairSync("ec", { namedCurve: "P-256" }),
  "P-384": generateKeyPairSync("ec", { namedCurve: "P-384" }),
  "P-521": generateKeyPairSync("ec", { namedCurve: "P-521" }),
  ...Object.fromEntries(ML_DSA.map((parameterSet) => [parameterSet, mlDsaKeys(parameterSet)])),
};

const keyIdentifier = createHash("sha1").update("key").digest();
const leaf: CertificateExtensions = {
  basicConstraints: { authority: false },
  keyUsage: ["digitalSignature"],
  extendedKeyUsage: ["clientAuth"],
  subjectKeyIdentifier: keyIdentifier,
  authorityKeyIdentifier: createHash("sha1").update("issuer").digest(),
};
const authority: CertificateExtensions = {
  basicConstraints: { authority: true },
  keyUsage: ["digitalSignature", "keyCertSign", "cRLSign"],
  subjectKeyIdentifier: keyIdentifier,
};

/** A name as other software makes it: BMPString, T61String and PrintableString. */
const foreignName = sequence(
  set(sequence(oid("2.5.4.6"), tlv(0x13, Buffer.from("DE")))),
  set(sequence(oid("2.5.4.10"), tlv(0x14, Buffer.from("Caf\u00E9", "latin1")))),
  set(
    sequence(oid("2.5.4.3"), tlv(0x1e, Buffer.from("Root", "utf16le").swap16())),
    sequence(oid("2.5.4.11"), tlv(0x13, Buffer.from("PKI"))),
  ),
);
const name = toDer(
  relativeNames([
    { type: "C", value: "DE" },
    { type: "OU", value: "Z\u00FCrich" },
    { type: "CN", value: "server-1" },
  ]),
);

const descriptions: [title: string, change: Partial<CertificateDescription>][] = [
  ["a client", { extensions: leaf }],
  ["a root CA", { extensions: authority }],
  [
    "a CA of path length 0",
    { extensions: { ...authority, basicConstraints: { authority: true, pathLength: 0 } } },
  ],
  [
    "a CA of path length 127",
    { extensions: { ...authority, basicConstraints: { authority: true, pathLength: 127 } } },
  ],
  ["an issuer of other string types", { extensions: leaf, issuer: foreignName }],
  [
    "a client that is a server as well",
    { extensions: { ...leaf, extendedKeyUsage: ["clientAuth", "serverAuth"] } },
  ],
  [
    "alternative names of every type",
    {
      extensions: {
        ...leaf,
        subjectAlternativeNames: [
          { type: "dns", value: "*.example.org" },
          { type: "uri", value: "spiffe://example.org/server" },
          { type: "email", value: "ops@example.org" },
          { type: "ip", value: "192.0.2.1" },
          { type: "ip", value: "2001:db8::1" },
          { type: "directory", value: "/O=Example/OU=Servers/CN=server-1" },
        ],
      },
    },
  ],
  [
    "name constraints of every type",
    {
      extensions: {
        ...authority,
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
    },
  ],
  [
    "excluded names alone",
    { extensions: { ...authority, nameConstraints: { excluded: [{ type: "dns", value: "example.com" }] } } },
  ],
  [
    "dates on both sides of 2050",
    {
      extensions: leaf,
      notBefore: new Date("2049-12-31T23:59:59Z"),
      notAfter: new Date("2050-01-01T00:00:00Z"),
    },
  ],
  ["a short serial number", { extensions: leaf, serialNumber: Buffer.of(1) }],
];

describe("encodeToBeSigned", () => {
  describe.each(Object.entries(keys))("with a key %s", (_title, { publicKey }) => {
    it.each(descriptions)("has the octets that @peculiar/x509 makes of %s", async (_name, change) => {
      const algorithm = signatureAlgorithmOf(publicKey);
      if (algorithm === undefined) throw new Error("no algorithm");
      const description = {
        serialNumber: Buffer.from("40112233445566778899aabbccddeeff", "hex"),
        issuer: name,
        subject: name,
        notBefore: new Date("2026-01-02T03:04:05Z"),
        notAfter: new Date("2027-01-02T03:04:05Z"),
        publicKey: toSpki(publicKey),
        extensions: leaf,
        ...change,
      };
      const expected = await encodeWithPeculiar(description, algorithm);
      expect(encodeToBeSigned(description, algorithm).toString("hex")).toBe(expected.toString("hex"));
    });
  });
});
