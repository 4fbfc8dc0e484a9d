import { createHash, generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { bits, boolean, integer, nothing, octets, oid, sequence, set, time, tlv, utf8 } from "./der.ts";

/** A key pair that tests sign with. */
export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** One attribute of a name: `["CN", "client"]`. The type is a short name of RFC 4514 or a dotted object identifier. */
export type Rdn = readonly [type: string, value: string];

/** A certificate and its private key in PEM. */
export interface TestIdentity {
  readonly certificatePem: string;
  /** PKCS#8. */
  readonly privateKeyPem: string;
}

/** The contents of a certificate. The defaults make a valid end-entity certificate. */
export interface CertificateSpec {
  subject?: readonly Rdn[] | undefined;
  issuer?: readonly Rdn[] | undefined;
  serialNumber?: bigint | undefined;
  version?: 1 | 3 | undefined;
  /** @default 2020-01-01 */
  notBefore?: Date | undefined;
  /** @default the end of 2049 */
  notAfter?: Date | undefined;
  keys?: KeyPair | undefined;
  /** `null` leaves the extension out. */
  basicConstraints?: { ca: boolean; pathLength?: number } | null | undefined;
  /** Names of RFC 5280 §4.2.1.3; `null` leaves the extension out. */
  keyUsage?: readonly string[] | null | undefined;
  extendedKeyUsage?: readonly string[] | undefined;
  dns?: readonly string[] | undefined;
  uri?: readonly string[] | undefined;
  email?: readonly string[] | undefined;
  ip?: readonly Uint8Array[] | undefined;
  directoryName?: readonly Rdn[] | undefined;
  subjectKeyIdentifier?: string | null | undefined;
  authorityKeyIdentifier?: string | null | undefined;
  /** Encoded Extension values to append. */
  extra?: readonly Buffer[] | undefined;
  hash?: "sha1" | "sha224" | "sha256" | "sha384" | "sha512" | undefined;
}

/** A certificate with its key, and what issuing other certificates with it needs. */
export interface Issued extends TestIdentity {
  readonly der: Buffer;
  /** The DER in base64, as the header `X-Amz-X509` takes it. */
  readonly base64: string;
  readonly keys: KeyPair;
  readonly subject: readonly Rdn[];
  readonly serialNumber: bigint;
  /** Identifier of the subject's key, in hexadecimal. */
  readonly keyIdentifier: string;
}

const VALIDITY = {
  notBefore: new Date("2020-01-01T00:00:00Z"),
  notAfter: new Date("2049-12-31T23:59:59Z"),
} as const;

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

/** Key usages in the order of their bits (RFC 5280 §4.2.1.3). */
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

/** Makes an elliptic curve key pair. */
export function ecKeys(namedCurve = "P-256"): KeyPair {
  return generateKeyPairSync("ec", { namedCurve });
}

/** Makes an RSA key pair. */
export function rsaKeys(modulusLength = 2048): KeyPair {
  return generateKeyPairSync("rsa", { modulusLength });
}

/** The parameter sets of ML-DSA that this Node.js can use; none before Node.js 24. */
export const ML_DSA: readonly MlDsaParameterSet[] = supportsMlDsa()
  ? ["ml-dsa-44", "ml-dsa-65", "ml-dsa-87"]
  : [];

export type MlDsaParameterSet = "ml-dsa-44" | "ml-dsa-65" | "ml-dsa-87";

/** Makes an ML-DSA key pair. */
export function mlDsaKeys(parameterSet: MlDsaParameterSet): KeyPair {
  return generateKeyPairSync(parameterSet);
}

function supportsMlDsa(): boolean {
  try {
    mlDsaKeys("ml-dsa-44");
    return true;
  } catch {
    return false;
  }
}

/** A distinguished name. */
export function distinguishedName(rdns: readonly Rdn[]): Buffer {
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

/** An Extension of a certificate or a CRL. */
export function extension(identifier: string, critical: boolean, value: Uint8Array): Buffer {
  return sequence(oid(identifier), ...(critical ? [boolean(true)] : []), octets(value));
}

/**
 * Issues a certificate.
 *
 * @param spec the differences from a valid end-entity certificate
 * @param issuer the CA that signs. @default the certificate's own key: the certificate is self-signed
 */
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
    distinguishedName(spec.issuer ?? issuer?.subject ?? subject),
    sequence(time(spec.notBefore ?? VALIDITY.notBefore), time(spec.notAfter ?? VALIDITY.notAfter)),
    distinguishedName(subject),
    keys.publicKey.export({ format: "der", type: "spki" }),
    ...(spec.version === 1 || extensions.length === 0 ? [] : [tlv(0xa3, sequence(...extensions))]),
  );
  const der = sequence(tbs, algorithm, bits(signDer(tbs, signingKeys.privateKey, spec.hash ?? "sha256")));
  return {
    der,
    certificatePem: pemOf(der, "CERTIFICATE"),
    privateKeyPem: keys.privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    base64: der.toString("base64"),
    keys,
    subject,
    serialNumber,
    keyIdentifier,
  };
}

/** Issues the certificate of a certificate authority: CA:TRUE, keyCertSign and cRLSign. */
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

/** Makes a self-signed certificate for a server on 127.0.0.1 and localhost, which clients can trust as a CA. */
export function makeServerIdentity(): Issued {
  return makeCertificate({
    subject: [["CN", "server"]],
    basicConstraints: { ca: true },
    keyUsage: ["digitalSignature", "keyCertSign"],
    dns: ["localhost"],
    ip: [Buffer.from([127, 0, 0, 1])],
  });
}

/** The contents of a CRL. */
export interface CrlSpec {
  /** Serial numbers. */
  revoked?: readonly bigint[] | undefined;
  /** The certificate whose key signs. @default the issuer */
  signer?: Issued | undefined;
  thisUpdate?: Date | undefined;
  nextUpdate?: Date | undefined;
  /** `null` leaves the extension out. */
  authorityKeyIdentifier?: string | null | undefined;
}

/** Makes a CRL of this CA, as the bytes of a PEM file. */
export function makeCrl(issuer: Issued, spec: CrlSpec = {}): Buffer {
  const signer = spec.signer ?? issuer;
  const algorithm = signatureAlgorithm(signer.keys.privateKey, "sha256");
  const { revoked = [], authorityKeyIdentifier = issuer.keyIdentifier } = spec;
  const revokedAt = time(new Date("2026-05-01T00:00:00Z"));
  const tbs = sequence(
    integer(1),
    algorithm,
    distinguishedName(issuer.subject),
    time(spec.thisUpdate ?? new Date("2026-06-01T00:00:00Z")),
    time(spec.nextUpdate ?? new Date("2026-07-01T00:00:00Z")),
    ...(revoked.length === 0
      ? []
      : [sequence(...revoked.map((serial) => sequence(integer(serial), revokedAt)))]),
    tlv(
      0xa0,
      sequence(
        ...(authorityKeyIdentifier === null
          ? []
          : [extension("2.5.29.35", false, sequence(tlv(0x80, Buffer.from(authorityKeyIdentifier, "hex"))))]),
        extension("2.5.29.20", false, integer(1)),
      ),
    ),
  );
  const der = sequence(tbs, algorithm, bits(signDer(tbs, signer.keys.privateKey, "sha256")));
  return Buffer.from(pemOf(der, "X509 CRL"));
}

/** DER as PEM, 64 characters a line. */
export function pemOf(der: Uint8Array, label: string): string {
  const lines = Buffer.from(der)
    .toString("base64")
    .replaceAll(/.{1,64}/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}

/** The AlgorithmIdentifier of a signature by this key. */
export function signatureAlgorithm(key: KeyObject, hash: keyof typeof RSA_SIGNATURE): Buffer {
  const type: string | undefined = key.asymmetricKeyType;
  if (type === "rsa") return sequence(oid(`1.2.840.113549.1.1.${RSA_SIGNATURE[hash]}`), nothing);
  if (type === "ec") return sequence(oid(`1.2.840.10045.4.${ECDSA_SIGNATURE[hash]}`));
  const mlDsa = { "ml-dsa-44": 17, "ml-dsa-65": 18, "ml-dsa-87": 19 }[type ?? ""];
  if (mlDsa === undefined) throw new Error(`no signature algorithm for ${type}`);
  return sequence(oid(`2.16.840.1.101.3.4.3.${mlDsa}`));
}

/** Signs DER as certificates and CRLs are signed: by hash for RSA and EC, without one for ML-DSA. */
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
    ...(spec.directoryName === undefined ? [] : [tlv(0xa4, distinguishedName(spec.directoryName))]),
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
