import { hash, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { valueOr } from "../errors/value-or.ts";
import { remember } from "./bounded-cache.ts";
import * as der from "./der.ts";
import type { DerNode } from "./der.ts";
import { readName } from "./distinguished-name.ts";
import type { DistinguishedName } from "./distinguished-name.ts";
import { readExtensions } from "./extensions.ts";
import type { Extensions } from "./extensions.ts";
import { pemBlocks } from "./pem.ts";
import { readSignatureAlgorithm } from "./signature-algorithm.ts";
import type { SignatureAlgorithm } from "./signature-algorithm.ts";

/** An X.509 certificate. Our own strict reader reads its fields, and OpenSSL its key and signature. */
export interface Certificate {
  readonly pem: string;
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
  /** The object identifier of the key's algorithm, or that of its curve. */
  readonly publicKeyAlgorithm: string;
  readonly x509: X509Certificate;
}

/** The certificates of a PEM bundle, such as a trust anchor's, read once per text. */
export const readCertificateBundle: (pem: string) => readonly Certificate[] = remember((pem) => {
  const blocks = pemBlocks(pem, "CERTIFICATE");
  if (blocks.length === 0) throw new der.DerError("the text holds no PEM certificate");
  return blocks.map(parseCertificate);
});

/** The serial number in hex, two digits a byte, letters in lower case; the form of session names and source identities. */
export function serialHex({ serialNumber }: Certificate): string {
  const digits = (serialNumber < 0n ? -serialNumber : serialNumber).toString(16);
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

/** Whether issuer and subject are the same name. */
export function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return issuer.comparisonKey === subject.comparisonKey;
}

/**
 * Whether a certificate or CRL with this issuer and authority key identifier names the certificate: by its name, and by
 * its key identifier where both have one, since a CA may have renewed its key.
 */
export function namesIssuer(
  issuer: DistinguishedName,
  keyIdentifier: string | undefined,
  { subject, extensions: { subjectKeyIdentifier = keyIdentifier } }: Certificate,
): boolean {
  const isSameKey = keyIdentifier === undefined || keyIdentifier === subjectKeyIdentifier;
  return isSameKey && issuer.comparisonKey === subject.comparisonKey;
}

/** Reads one certificate from its DER. */
export function parseCertificate(bytes: Uint8Array): Certificate {
  const { body, algorithm } = der.readSigned(bytes, "the certificate");
  const fields = der.children(body);
  const version = fields[0]?.tag === 0xa0 ? readVersion(fields[0]) : 1;
  if (version > 1) fields.shift();
  const [serial, innerAlgorithm, issuer, validity, subject, publicKeyInfo, ...optional] = fields;
  const signatureAlgorithm = readSignatureAlgorithm(innerAlgorithm, algorithm);
  const [notBefore, notAfter, ...extraTimes] = der.sequence(validity, "the validity");
  if (notBefore === undefined || notAfter === undefined || extraTimes.length > 0) {
    throw new der.DerError("the validity has not two times");
  }
  const x509 = openSslCertificate(bytes);
  return {
    pem: x509.toString(),
    fingerprint: hash("sha256", bytes),
    version,
    serialNumber: der.readInteger(der.expectTag(serial, der.TAG.integer, "the serial number")),
    issuer: readName(issuer, "the issuer"),
    subject: readName(subject, "the subject"),
    notBefore: der.readTime(notBefore),
    notAfter: der.readTime(notAfter),
    signatureAlgorithm,
    extensions: readExtensions(extensionsOf(optional, version)),
    publicKey: valueOr(undefined, () => x509.publicKey),
    publicKeyAlgorithm: readKeyAlgorithm(publicKeyInfo),
    x509,
  };
}

const EC_PUBLIC_KEY = "1.2.840.10045.2.1";

/** The object identifier of a SubjectPublicKeyInfo's algorithm, or that of its curve. */
function readKeyAlgorithm(publicKeyInfo: DerNode | undefined): string {
  const [algorithm] = der.sequence(publicKeyInfo, "the public key");
  const [identifier, parameters] = der.sequence(algorithm, "the key's algorithm");
  const oid = der.readOid(identifier, "the key's algorithm");
  // RFC 5480 §2.1.1: curves are named. Parameters written out could be those of a weak curve with the same points.
  return oid === EC_PUBLIC_KEY ? der.readOid(parameters, "the key's named curve") : oid;
}

function readVersion(node: DerNode): number {
  const version = der.expectTag(der.onlyChild(node, "the version"), der.TAG.integer, "the version");
  const number = der.readSmallInteger(version);
  if (number === 0) throw new der.DerError("the version is the default, which DER leaves out");
  return number + 1;
}

function extensionsOf(optional: readonly DerNode[], version: number): DerNode | undefined {
  let found: DerNode | undefined;
  let last = 0;
  for (const part of optional) {
    // The two unique identifiers and the extensions, each at most once and in this order (RFC 5280 §4.1).
    const number = [0x81, 0x82, 0xa3].indexOf(part.tag) + 1;
    if (number <= last)
      throw new der.DerError(`the certificate has a field of tag 0x${part.tag.toString(16)}`);
    last = number;
    const isExtensions = number === 3;
    if (version < (isExtensions ? 3 : 2)) {
      const name = isExtensions ? "extensions" : "unique identifiers";
      throw new der.DerError(`a version ${version} certificate has ${name}`);
    }
    if (isExtensions) found = der.onlyChild(part, "the extensions");
  }
  return found;
}

function openSslCertificate(bytes: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch (cause) {
    throw new der.DerError("OpenSSL cannot read the certificate", { cause });
  }
}
