import { hash, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { content, dottedOid, fromDer, isExplicitTag, items } from "../der/decode.ts";
import type { Asn1 } from "../der/encode.ts";
import { PkiError } from "../errors.ts";
import { readPem } from "../pem.ts";
import { readDistinguishedName } from "./distinguished-name.ts";
import type { DistinguishedName } from "./distinguished-name.ts";
import { readExtensions } from "./read-extensions.ts";
import type { ReadExtensions } from "./read-extensions.ts";
import { readCertificateSignature } from "./certificate-signature.ts";
import type { CertificateSignature } from "./certificate-signature.ts";

/** What an inspection reads in a certificate, of this package or of another CA. */
export interface ParsedCertificate {
  /** SHA-256 of the DER in lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly version: number;
  readonly serialNumber: bigint;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly signatureAlgorithm: CertificateSignature;
  readonly extensions: ReadExtensions;
  /** Absent when OpenSSL does not know the algorithm of the key. */
  readonly publicKey: KeyObject | undefined;
  /** For example `RSA 2048`, `EC prime256v1` or `ML-DSA-65`. */
  readonly keyType: string;
  /** What is not as RFC 5280 wants it although the certificate can be read. */
  readonly malformed: readonly string[];
  /** For the signature. */
  readonly x509: X509Certificate;
}

/**
 * Reads the certificates of a PEM text, or one certificate in DER.
 *
 * @param what names the certificate in the error, for example a path
 * @throws {PkiError} ERR_PKI_CERTIFICATE_INVALID when there is none, or one cannot be read
 */
export function parseCertificates(input: string | Uint8Array, what: string): ParsedCertificate[] {
  const text = typeof input === "string" ? input : Buffer.from(input).toString("latin1");
  const blocks = readPem(text).filter(({ label }) => /^(?:X509 |TRUSTED )?CERTIFICATE$/.test(label));
  if (blocks.length > 0) return blocks.map((block) => parse(block.text, what));
  if (typeof input !== "string" && input[0] === 0x30) return [parse(input, what)];
  throw new PkiError(
    "ERR_PKI_CERTIFICATE_INVALID",
    `${what} has no certificate; give PEM with -----BEGIN CERTIFICATE-----, or DER`,
  );
}

function parse(input: string | Uint8Array, what: string): ParsedCertificate {
  try {
    return readCertificate(new X509Certificate(input));
  } catch (cause) {
    throw new PkiError(
      "ERR_PKI_CERTIFICATE_INVALID",
      `a certificate in ${what} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}; ` +
        "ask its CA for another one",
      { cause },
    );
  }
}

// Certificate and TBSCertificate: RFC 5280 §4.1.
function readCertificate(x509: X509Certificate): ParsedCertificate {
  const [toBeSigned, algorithm] = items(fromDer(x509.raw));
  const [first, ...others] = items(toBeSigned);
  const hasVersion = first !== undefined && isExplicitTag(first, 0);
  const [serial, , issuer, , subject, keyInfo, ...optional] = hasVersion ? others : items(toBeSigned);
  const octets = content(serial);
  const publicKey = publicKeyOf(x509);
  return {
    fingerprint: hash("sha256", x509.raw),
    version: hasVersion ? (content(items(first)[0]).at(0) ?? 0) + 1 : 1,
    serialNumber: BigInt.asIntN(octets.length * 8, BigInt(`0x${octets.toString("hex") || "0"}`)),
    subject: readDistinguishedName(subject),
    issuer: readDistinguishedName(issuer),
    notBefore: x509.validFromDate,
    notAfter: x509.validToDate,
    signatureAlgorithm: readCertificateSignature(algorithm),
    extensions: readExtensions(items(optional.find((field) => isExplicitTag(field, 3)))[0]),
    publicKey,
    keyType: keyTypeOf(publicKey, keyInfo),
    malformed: [
      ...(octets.length > 20
        ? [`its serial number has ${octets.length} octets, and 20 are allowed (RFC 5280 §4.1.2.2)`]
        : []),
      ...(hasExplicitCurve(keyInfo)
        ? ["its key spells out the parameters of its curve instead of naming it (RFC 5480 §2.1.1)"]
        : []),
    ],
    x509,
  };
}

/** `undefined` for a key whose algorithm this OpenSSL does not know. */
function publicKeyOf(x509: X509Certificate): KeyObject | undefined {
  try {
    return x509.publicKey;
  } catch {
    return undefined;
  }
}

function keyTypeOf(key: KeyObject | undefined, keyInfo: Asn1 | undefined): string {
  const { modulusLength, namedCurve } = key?.asymmetricKeyDetails ?? {};
  switch (key?.asymmetricKeyType) {
    case undefined:
      return dottedOid(items(items(keyInfo)[0])[0]);
    case "rsa":
      return `RSA ${modulusLength}`;
    case "ec":
      return `EC ${namedCurve ?? "of an unnamed curve"}`;
    default:
      return key?.asymmetricKeyType?.toUpperCase() ?? "";
  }
}

const EC_PUBLIC_KEY = "1.2.840.10045.2.1";

function hasExplicitCurve(keyInfo: Asn1 | undefined): boolean {
  const [identifier, parameters] = items(items(keyInfo)[0]);
  return dottedOid(identifier) === EC_PUBLIC_KEY && parameters?.constructed === true;
}
