import { hash, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { remember } from "./bounded-cache.ts";
import {
  children,
  DerError,
  expectTag,
  onlyChild,
  readInteger,
  readOid,
  readSigned,
  readSmallInteger,
  readTime,
  TAG,
} from "./der.ts";
import type { DerNode } from "./der.ts";
import { readName } from "./distinguished-name.ts";
import type { DistinguishedName } from "./distinguished-name.ts";
import { readExtensions } from "./extensions.ts";
import type { Extensions } from "./extensions.ts";
import { pemBlocks } from "./pem.ts";
import { readSignatureAlgorithm, sameAlgorithm } from "./signature-algorithm.ts";
import type { SignatureAlgorithm } from "./signature-algorithm.ts";

/** An X.509 certificate. Our own strict reader reads its fields, and OpenSSL its key and signature. */
export interface Certificate {
  readonly der: Uint8Array;
  /** Lower-case hex SHA-256 of the DER. */
  readonly fingerprint: string;
  /** 1, 2 or 3. */
  readonly version: number;
  readonly serialNumber: bigint;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly extensions: Extensions;
  /** `undefined` when this build of OpenSSL does not know the key's algorithm. */
  readonly publicKey: KeyObject | undefined;
  /** The object identifier of the key's algorithm. */
  readonly publicKeyAlgorithm: string;
  readonly x509: X509Certificate;
}

/**
 * The certificates of a PEM bundle, such as a trust anchor's, read once per text.
 *
 * @throws {DerError} when the text holds no certificate or a malformed one
 */
export const readCertificateBundle: (pem: string) => readonly Certificate[] = remember((pem) => {
  const blocks = pemBlocks(pem, "CERTIFICATE");
  if (blocks === undefined || blocks.length === 0) throw new DerError("the text holds no PEM certificate");
  return blocks.map(parseCertificate);
});

const pems = new WeakMap<Certificate, string>();

/** The certificate as PEM text. */
export function toPem(certificate: Certificate): string {
  const known = pems.get(certificate);
  if (known !== undefined) return known;
  const pem = encodePem(certificate.der);
  pems.set(certificate, pem);
  return pem;
}

function encodePem(der: Uint8Array): string {
  const base64 = Buffer.from(der).toString("base64");
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`;
}

/** The serial number in hex, two digits a byte, letters in lower case; the form of session names and source identities. */
export function serialHex(certificate: Certificate): string {
  const serial = certificate.serialNumber < 0n ? -certificate.serialNumber : certificate.serialNumber;
  const digits = serial.toString(16);
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

/** Whether issuer and subject are the same name. */
export function isSelfIssued(certificate: Certificate): boolean {
  return certificate.issuer.comparisonKey === certificate.subject.comparisonKey;
}

/**
 * Whether a certificate or CRL names this issuer: by its name, and by its key identifier where both have one, since a
 * CA may have renewed its key.
 *
 * @param keyIdentifier the authority key identifier of the certificate or CRL
 */
export function namesIssuer(
  name: DistinguishedName,
  keyIdentifier: string | undefined,
  { subject, extensions: { subjectKeyIdentifier } }: Certificate,
): boolean {
  return (
    name.comparisonKey === subject.comparisonKey &&
    (keyIdentifier === undefined ||
      subjectKeyIdentifier === undefined ||
      keyIdentifier === subjectKeyIdentifier)
  );
}

/**
 * Reads one certificate from its DER.
 *
 * @throws {DerError} when the bytes are not exactly one well-formed certificate
 */
export function parseCertificate(bytes: Uint8Array): Certificate {
  const der = Uint8Array.from(bytes);
  const { body, algorithm: outer } = readSigned(der, "the certificate");
  const fields = children(body);
  const version = fields[0]?.tag === 0xa0 ? readVersion(fields[0]) : 1;
  if (version > 1) fields.shift();
  const [serial, innerAlgorithm, issuer, validity, subject, publicKeyInfo, ...optional] = fields;
  const algorithm = sameAlgorithm(innerAlgorithm, outer);
  const [notBefore, notAfter, ...extraTimes] = children(expectTag(validity, TAG.sequence, "the validity"));
  if (notBefore === undefined || notAfter === undefined || extraTimes.length > 0) {
    throw new DerError("the validity has not two times");
  }
  const key = expectTag(publicKeyInfo, TAG.sequence, "the public key");
  const x509 = openSslCertificate(der);
  return {
    der,
    fingerprint: hash("sha256", der),
    version,
    serialNumber: readInteger(expectTag(serial, TAG.integer, "the serial number")),
    issuer: readName(expectTag(issuer, TAG.sequence, "the issuer")),
    subject: readName(expectTag(subject, TAG.sequence, "the subject")),
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    signatureAlgorithm: readSignatureAlgorithm(algorithm),
    extensions: readExtensions(extensionsOf(optional, version)),
    publicKey: publicKeyOf(x509),
    publicKeyAlgorithm: readKeyAlgorithm(key),
    x509,
  };
}

const EC_PUBLIC_KEY = "1.2.840.10045.2.1";

/** The object identifier of a SubjectPublicKeyInfo's algorithm. */
function readKeyAlgorithm(publicKeyInfo: DerNode): string {
  const [algorithm] = children(publicKeyInfo);
  const [identifier, parameters] = children(expectTag(algorithm, TAG.sequence, "the key's algorithm"));
  const oid = readOid(expectTag(identifier, TAG.oid, "the key's algorithm"));
  // RFC 5480 §2.1.1: curves are named. Parameters written out could be those of a weak curve with the same points.
  if (oid === EC_PUBLIC_KEY) readOid(expectTag(parameters, TAG.oid, "the key's named curve"));
  return oid;
}

function readVersion(node: DerNode): number {
  const number = readSmallInteger(expectTag(onlyChild(node, "the version"), TAG.integer, "the version"));
  if (number === 0) throw new DerError("the version is the default, which DER leaves out");
  return number + 1;
}

function extensionsOf(optional: DerNode[], version: number): DerNode | undefined {
  let found: DerNode | undefined;
  let last = 0;
  for (const part of optional) {
    // The two unique identifiers and the extensions, each at most once and in this order (RFC 5280 §4.1).
    const number = [0x81, 0x82, 0xa3].indexOf(part.tag) + 1;
    if (number <= last) throw new DerError(`the certificate has a field of tag 0x${part.tag.toString(16)}`);
    last = number;
    if (version < (part.tag === 0xa3 ? 3 : 2)) {
      throw new DerError(
        `a version ${version} certificate has ${part.tag === 0xa3 ? "extensions" : "unique identifiers"}`,
      );
    }
    if (part.tag !== 0xa3) continue;
    found = onlyChild(part, "the extensions");
  }
  return found;
}

function openSslCertificate(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new DerError("OpenSSL cannot read the certificate", { cause });
  }
}

function publicKeyOf(x509: X509Certificate): KeyObject | undefined {
  try {
    return x509.publicKey;
  } catch {
    return undefined;
  }
}
