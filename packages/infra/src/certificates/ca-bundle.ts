import { X509Certificate } from "node:crypto";
import { InfraError } from "../errors.ts";

/** A trust anchor holds at most two certificates, so that a CA can be replaced without a gap. */
const MAXIMUM_CERTIFICATES = 2;

const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/**
 * Checks the CA certificates of a trust anchor and returns them without the text around them.
 *
 * Everything that would otherwise fail later, in CloudFormation or at the first session, is refused here:
 * no certificate, more than two, a block that is not a certificate (above all a private key, which must
 * never reach a template), an end-entity certificate, an expired CA.
 *
 * @param pem one or two CA certificates in PEM; text outside the PEM blocks is dropped
 * @param now the moment at which the certificates must not have expired, the current time by default
 * @returns the certificates in PEM, in the order given, ending in a line feed
 * @throws {InfraError} ERR_INFRA_CA_CERTIFICATE_INVALID when one of those rules is broken
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html "Signature validation"
 */
export function readCaBundle(pem: string, now: Date = new Date()): string {
  const blocks = [...pem.matchAll(PEM_BLOCK)];
  if (blocks.length === 0) {
    throw invalid(
      "it holds no PEM block; pass the text of the CA certificate file, from -----BEGIN CERTIFICATE----- on",
    );
  }
  for (const [, label] of blocks) {
    if (label !== "CERTIFICATE") {
      throw invalid(`it holds a ${label} block; pass certificates only, a key never belongs in a template`);
    }
  }
  if (blocks.length > MAXIMUM_CERTIFICATES) {
    throw invalid(
      `it holds ${blocks.length} certificates; a trust anchor takes one, or two while a CA is being replaced`,
    );
  }
  for (const [block] of blocks) {
    requireCurrentCa(parseCertificate(block), now);
  }
  return blocks.map(([block]) => `${block.replaceAll("\r\n", "\n")}\n`).join("");
}

function parseCertificate(block: string): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (cause) {
    throw invalid("a CERTIFICATE block is not an X.509 certificate; copy the file again, unchanged", {
      cause,
    });
  }
}

function requireCurrentCa(certificate: X509Certificate, now: Date): void {
  const subject = certificate.subject.replaceAll("\n", ", ");
  // OpenSSL answers true for CA:TRUE (RFC 5280 §4.2.1.9) whose keyUsage, where there is one, has keyCertSign (§4.2.1.3).
  if (!certificate.ca) {
    throw invalid(
      `"${subject}" is not a CA; pass the certificate of the CA that issues the clients' certificates ` +
        "(basicConstraints CA:TRUE, keyUsage keyCertSign)",
    );
  }
  if (certificate.validToDate <= now) {
    throw invalid(
      `"${subject}" expired at ${certificate.validToDate.toISOString()}; pass a CA certificate that is still valid`,
    );
  }
}

function invalid(reason: string, options?: ErrorOptions): InfraError {
  return new InfraError(
    "ERR_INFRA_CA_CERTIFICATE_INVALID",
    `The CA certificate cannot be used: ${reason}.`,
    options,
  );
}
