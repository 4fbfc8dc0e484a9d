import type { Certificate } from "../../trust/certificate.ts";
import { DerError } from "../../trust/der.ts";
import { trustAnchorCertificates } from "../../trust/trust-anchor-certificates.ts";
import { validationError } from "../../errors/service-error.ts";

/** Certificates per trust anchor, a quota that AWS does not raise. */
export const MAX_CERTIFICATES = 2;

/**
 * Checks that a PEM bundle holds one or two certificates that may act as certificate authorities.
 *
 * @throws {ServiceError} 400
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html#signature-verification
 */
export function checkCertificateBundle(pem: string): void {
  const certificates = read(pem);
  if (certificates.length > MAX_CERTIFICATES) {
    throw validationError(
      `Certificate bundle contains ${certificates.length} certificates; at most ${MAX_CERTIFICATES} are allowed`,
    );
  }
  for (const certificate of certificates) checkAuthority(certificate);
}

function read(pem: string): readonly Certificate[] {
  try {
    return trustAnchorCertificates(pem);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw validationError(
      `Invalid certificate bundle; one or two PEM-encoded X.509 certificates are required: ${error.message}`,
    );
  }
}

function checkAuthority({ version, extensions, signatureAlgorithm }: Certificate): void {
  if (version !== 3) throw validationError("Incorrect version for CA certificate; X.509 v3 is required");
  if (extensions.basicConstraints?.ca !== true) {
    throw validationError("Incorrect basic constraints for CA certificate");
  }
  if (extensions.keyUsage?.has("keyCertSign") !== true) {
    throw validationError("Incorrect key usage for CA certificate; keyCertSign is required");
  }
  if (!signatureAlgorithm.strong) {
    throw validationError(
      `Incorrect signature algorithm for CA certificate; SHA-256 or stronger is required, not ${signatureAlgorithm.name}`,
    );
  }
}
