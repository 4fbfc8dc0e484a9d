import { X509Certificate } from "node:crypto";
import { InfraError } from "../errors.ts";

/** A trust anchor holds one certificate, or two while one CA replaces another. */
const MAXIMUM_CERTIFICATES = 2;

const PEM_BLOCK = /-----BEGIN ([^\r\n-]+)-----([\s\S]*?)-----END \1-----/g;
/** Lines `Name: value` before the base64. OpenSSL writes them, and RFC 7468 lets a reader skip them. */
const PEM_HEADERS = /^\s*(?:[\w-]+:.*(?:\r\n?|\n)(?:[ \t]+\S.*(?:\r\n?|\n))*)+/;
const BASE64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/;

/**
 * Checks the CA certificates of a trust anchor and returns them without the text around them.
 *
 * This function refuses what would fail later, in CloudFormation or at the first session: no certificate, more than two, a
 * block that is not a certificate (above all a private key, which must never be in a template), an end-entity certificate,
 * an expired CA.
 *
 * @example
 * const caCertificatePem = readCaBundle(await readFile("pki/rootCA.pem", "utf8"));
 *
 * @param pem one or two CA certificates in PEM, in any layout of RFC 7468 §3 "laxtextualmsg"; text outside the blocks is
 *   dropped
 * @param now the moment at which the certificates must not have expired, the current time by default
 * @returns the certificates in strict PEM, in the order given, ending in a line feed
 * @throws {InfraError} ERR_INFRA_CA_CERTIFICATE_INVALID when one of those rules is broken
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html "Signature validation"
 */
export function readCaBundle(pem: string, now: Date = new Date()): string {
  if (typeof pem !== "string")
    throw invalid(`it is ${String(pem)}; pass the text of the CA certificate file`);
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
  const certificates = blocks.map(([, , body = ""]) => strictPem(body));
  for (const certificate of certificates) {
    requireCurrentCa(parseCertificate(certificate), now);
  }
  return certificates.join("");
}

/** Writes a block in strict form: OpenSSL, and so Node, refuses blank lines, long lines, white space and header lines. */
function strictPem(body: string): string {
  const base64 = body.slice(PEM_HEADERS.exec(body)?.[0].length ?? 0).replaceAll(/\s/g, "");
  if (!BASE64.test(base64)) throw damaged();
  return [
    "-----BEGIN CERTIFICATE-----",
    ...(base64.match(/.{1,64}/g) ?? []),
    "-----END CERTIFICATE-----",
    "",
  ].join("\n");
}

function damaged(options?: ErrorOptions): InfraError {
  return invalid("a CERTIFICATE block is not an X.509 certificate; copy the file again, unchanged", options);
}

function parseCertificate(block: string): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (cause) {
    throw damaged({ cause });
  }
}

function requireCurrentCa(certificate: X509Certificate, now: Date): void {
  // Node returns undefined for an empty name, although its types say string.
  const name: string | undefined = certificate.subject;
  if (name === undefined || name === "") {
    throw invalid(
      "it has no subject, and the certificates of a CA must name one as their issuer (RFC 5280 §4.1.2.6); " +
        "make a CA that has a common name",
    );
  }
  const subject = name.replaceAll("\n", ", ");
  // `ca` is true for CA:TRUE (RFC 5280 §4.2.1.9) when keyUsage is absent or includes keyCertSign (§4.2.1.3).
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
