import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  bits,
  boolean,
  integer,
  nothing,
  octets,
  oid,
  sequence,
  set,
  time,
  tlv,
  utf8,
} from "./der-writer.ts";

/** A key pair that tests sign with. */
export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export type Rdn = readonly [type: string, value: string];

/** What a test certificate says; everything has a default that makes it acceptable. */
export interface CertificateSpec {
  subject?: readonly Rdn[];
  issuer?: readonly Rdn[];
  serialNumber?: bigint;
  version?: 1 | 3;
  notBefore?: Date;
  notAfter?: Date;
  keys?: KeyPair;
  /** `null` leaves the extension out. */
  basicConstraints?: { ca: boolean; pathLength?: number } | null;
  /** Names of RFC 5280 §4.2.1.3; `null` leaves the extension out. */
  keyUsage?: readonly string[] | null;
  extendedKeyUsage?: readonly string[];
  dns?: readonly string[];
  uri?: readonly string[];
  email?: readonly string[];
  ip?: readonly Uint8Array[];
  directoryName?: readonly Rdn[];
  subjectKeyIdentifier?: string | null;
  authorityKeyIdentifier?: string | null;
  /** Encoded Extension values to append. */
  extra?: readonly Buffer[];
  hash?: "sha1" | "sha224" | "sha256" | "sha384" | "sha512";
}

/** A certificate with the key that belongs to it. */
export interface Issued {
  readonly der: Buffer;
  readonly pem: string;
  readonly base64: string;
  readonly keys: KeyPair;
  readonly subject: readonly Rdn[];
  readonly serialNumber: bigint;
  readonly keyIdentifier: string;
}

const ATTRIBUTE_OIDS: Readonly<Record<string, string>> = {
  CN: "2.5.4.3",
  C: "2.5.4.6",
  L: "2.5.4.7",
  ST: "2.5.4.8",
  O: "2.5.4.10",
  OU: "2.5.4.11",
  UID: "0.9.2342.19200300.100.1.1",
  DC: "0.9.2342.19200300.100.1.25",
};

const USAGE_BITS = [
  "digitalSignature",
  "contentCommitment",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
];

const RSA_SIGNATURE = { sha1: 5, sha224: 14, sha256: 11, sha384: 12, sha512: 13 };
const ECDSA_SIGNATURE = { sha1: "1", sha224: "3.1", sha256: "3.2", sha384: "3.3", sha512: "3.4" };

export function ecKeys(namedCurve = "P-256"): KeyPair {
  return generateKeyPairSync("ec", { namedCurve });
}

export function rsaKeys(modulusLength = 2048): KeyPair {
  return generateKeyPairSync("rsa", { modulusLength });
}

export function name(rdns: readonly Rdn[]): Buffer {
  return sequence(
    ...rdns.map(([type, value]) =>
      set(
        sequence(
          oid(ATTRIBUTE_OIDS[type] ?? type),
          type === "C" ? tlv(0x13, Buffer.from(value)) : utf8(value),
        ),
      ),
    ),
  );
}

export function extension(identifier: string, critical: boolean, value: Uint8Array): Buffer {
  return sequence(oid(identifier), ...(critical ? [boolean(true)] : []), octets(value));
}

/** Issues a certificate; without an issuer it is self-signed. */
export function makeCertificate(spec: CertificateSpec = {}, issuer?: Issued): Issued {
  const keys = spec.keys ?? ecKeys();
  const subject = spec.subject ?? [["CN", "client"]];
  const serialNumber = spec.serialNumber ?? 0x1234n;
  const keyIdentifier = keyIdentifierOf(keys.publicKey);
  const signingKeys = issuer?.keys ?? keys;
  const algorithm = signatureAlgorithm(signingKeys.privateKey, spec.hash ?? "sha256");
  const extensions = extensionsOf(spec, keyIdentifier, issuer?.keyIdentifier ?? keyIdentifier);
  const tbs = sequence(
    ...(spec.version === 1 ? [] : [tlv(0xa0, integer(2))]),
    integer(serialNumber),
    algorithm,
    name(spec.issuer ?? issuer?.subject ?? subject),
    sequence(
      time(spec.notBefore ?? new Date("2026-01-01T00:00:00Z")),
      time(spec.notAfter ?? new Date("2027-01-01T00:00:00Z")),
    ),
    name(subject),
    keys.publicKey.export({ format: "der", type: "spki" }),
    ...(spec.version === 1 || extensions.length === 0 ? [] : [tlv(0xa3, sequence(...extensions))]),
  );
  const der = sequence(tbs, algorithm, bits(signDer(tbs, signingKeys.privateKey, spec.hash ?? "sha256")));
  return {
    der,
    pem: pemOf(der, "CERTIFICATE"),
    base64: der.toString("base64"),
    keys,
    subject,
    serialNumber,
    keyIdentifier,
  };
}

/** A certificate authority: CA:true, keyCertSign and cRLSign. */
export function makeAuthority(spec: CertificateSpec = {}, issuer?: Issued): Issued {
  return makeCertificate(
    {
      subject: [["CN", "Root"]],
      serialNumber: 1n,
      basicConstraints: { ca: true },
      keyUsage: ["keyCertSign", "cRLSign"],
      ...spec,
    },
    issuer,
  );
}

export function pemOf(der: Uint8Array, label: string): string {
  const lines = Buffer.from(der)
    .toString("base64")
    .replaceAll(/.{1,64}/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}

/** AlgorithmIdentifier for a signature by this key. */
export function signatureAlgorithm(key: KeyObject, hash: keyof typeof RSA_SIGNATURE): Buffer {
  const type: string | undefined = key.asymmetricKeyType;
  if (type === "rsa") return sequence(oid(`1.2.840.113549.1.1.${RSA_SIGNATURE[hash]}`), nothing);
  if (type === "ec") return sequence(oid(`1.2.840.10045.4.${ECDSA_SIGNATURE[hash]}`));
  const mlDsa = { "ml-dsa-44": 17, "ml-dsa-65": 18, "ml-dsa-87": 19 }[type ?? ""];
  if (mlDsa === undefined) throw new Error(`no signature algorithm for ${type}`);
  return sequence(oid(`2.16.840.1.101.3.4.3.${mlDsa}`));
}

export function signDer(data: Uint8Array, key: KeyObject, hash: string): Buffer {
  return sign(key.asymmetricKeyType === "rsa" || key.asymmetricKeyType === "ec" ? hash : null, data, key);
}

function extensionsOf(spec: CertificateSpec, own: string, authority: string): Buffer[] {
  const found: Buffer[] = [];
  const { basicConstraints = { ca: false }, keyUsage = ["digitalSignature"] } = spec;
  if (basicConstraints !== null) {
    const { ca, pathLength } = basicConstraints;
    const parts = [
      ...(ca ? [boolean(true)] : []),
      ...(pathLength === undefined ? [] : [integer(pathLength)]),
    ];
    found.push(extension("2.5.29.19", true, sequence(...parts)));
  }
  if (keyUsage !== null) found.push(extension("2.5.29.15", true, usageBits(keyUsage)));
  if (spec.extendedKeyUsage !== undefined) {
    found.push(extension("2.5.29.37", false, sequence(...spec.extendedKeyUsage.map(oid))));
  }
  const alternatives = [
    ...(spec.dns ?? []).map((value) => tlv(0x82, Buffer.from(value))),
    ...(spec.uri ?? []).map((value) => tlv(0x86, Buffer.from(value))),
    ...(spec.email ?? []).map((value) => tlv(0x81, Buffer.from(value))),
    ...(spec.ip ?? []).map((value) => tlv(0x87, value)),
    ...(spec.directoryName === undefined ? [] : [tlv(0xa4, name(spec.directoryName))]),
  ];
  if (alternatives.length > 0) found.push(extension("2.5.29.17", false, sequence(...alternatives)));
  const { subjectKeyIdentifier = own, authorityKeyIdentifier = authority } = spec;
  if (subjectKeyIdentifier !== null) {
    found.push(extension("2.5.29.14", false, octets(Buffer.from(subjectKeyIdentifier, "hex"))));
  }
  if (authorityKeyIdentifier !== null) {
    found.push(
      extension("2.5.29.35", false, sequence(tlv(0x80, Buffer.from(authorityKeyIdentifier, "hex")))),
    );
  }
  return [...found, ...(spec.extra ?? [])];
}

function usageBits(usages: readonly string[]): Buffer {
  let byte = 0;
  for (const usage of usages) byte |= 0x80 >> USAGE_BITS.indexOf(usage);
  const unused = byte === 0 ? 0 : 31 - Math.clz32(byte & -byte);
  return bits(byte === 0 ? Buffer.alloc(0) : Buffer.from([byte]), unused);
}

function keyIdentifierOf(key: KeyObject): string {
  return createHash("sha1")
    .update(key.export({ format: "der", type: "spki" }))
    .digest("hex");
}
