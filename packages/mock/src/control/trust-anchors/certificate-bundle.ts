import { AsnConvert } from "@peculiar/asn1-schema";
import {
  BasicConstraints,
  Certificate,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  KeyUsage,
  KeyUsageFlags,
} from "@peculiar/asn1-x509";
import { type ServiceError, validationError } from "../service-error.ts";

/** Certificates per trust anchor, a quota that AWS does not raise. */
export const MAX_CERTIFICATES = 2;

const X509_V3 = 2;

/** Signature algorithms with MD2, MD5 or SHA-1. */
const WEAK_SIGNATURES = new Set([
  "1.2.840.113549.1.1.2",
  "1.2.840.113549.1.1.4",
  "1.2.840.113549.1.1.5",
  "1.3.14.3.2.29",
  "1.2.840.10040.4.3",
  "1.2.840.10045.4.1",
]);

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g;

/**
 * Checks that a PEM bundle holds one or two certificates that may act as certificate authorities.
 *
 * @throws {ServiceError} 400
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html#signature-verification
 */
export function checkCertificateBundle(pem: string): void {
  const certificates = [...pem.matchAll(PEM_CERTIFICATE)].map((match) => parse(match[1] ?? ""));
  if (certificates.length === 0) throw malformed();
  if (certificates.length > MAX_CERTIFICATES) {
    throw validationError(
      `Certificate bundle contains ${certificates.length} certificates; at most ${MAX_CERTIFICATES} are allowed`,
    );
  }
  for (const certificate of certificates) checkAuthority(certificate);
}

function parse(base64: string): Certificate {
  try {
    return AsnConvert.parse(Buffer.from(base64, "base64"), Certificate);
  } catch {
    throw malformed();
  }
}

function checkAuthority(certificate: Certificate): void {
  const { version, extensions = [] } = certificate.tbsCertificate;
  if (version !== X509_V3)
    throw validationError("Incorrect version for CA certificate; X.509 v3 is required");
  const extension = (oid: string) => extensions.find((candidate) => candidate.extnID === oid)?.extnValue;

  const basicConstraints = extension(id_ce_basicConstraints);
  if (basicConstraints === undefined || !AsnConvert.parse(basicConstraints, BasicConstraints).cA) {
    throw validationError("Incorrect basic constraints for CA certificate");
  }
  const keyUsage = extension(id_ce_keyUsage);
  const usages = keyUsage === undefined ? 0 : AsnConvert.parse(keyUsage, KeyUsage).toNumber();
  if ((usages & KeyUsageFlags.keyCertSign) === 0) {
    throw validationError("Incorrect key usage for CA certificate");
  }
  if (WEAK_SIGNATURES.has(certificate.signatureAlgorithm.algorithm)) {
    throw validationError(
      "Incorrect signature algorithm for CA certificate; SHA-256 or stronger is required",
    );
  }
}

function malformed(): ServiceError {
  return validationError("Invalid certificate bundle; PEM-encoded X.509 certificates are required");
}
