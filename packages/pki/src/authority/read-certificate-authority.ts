import { createPrivateKey, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { EXTENSION_OID, KEY_USAGE_BIT } from "../certificate/extensions.ts";
import { keyIdentifier } from "../certificate/key-identifier.ts";
import type { NameAttributes } from "../certificate/session-attributes.ts";
import type { Validity } from "../certificate/validity.ts";
import { bits, content, dottedOid, fromDer, isExplicitTag, items } from "../der/decode.ts";
import type { Asn1 } from "../der/encode.ts";
import { PkiError } from "../errors.ts";
import { readPem } from "../pem.ts";

/**
 * The certificate of a CA and its private key, both in PEM. Text around the blocks and white space within them do not
 * matter.
 */
export interface CertificateAuthority {
  readonly certificatePem: string;
  /** PKCS#8 or PKCS#1, unencrypted. */
  readonly privateKeyPem: string;
}

/** The facts about a CA that issuing a certificate needs. */
export interface AuthorityContent extends Validity {
  /** The subject name, as encoded in the certificate. */
  readonly subject: Asn1;
  /** The subject name, decoded. */
  readonly attributes: NameAttributes;
  readonly keyIdentifier: Buffer;
  readonly privateKey: KeyObject;
}

/**
 * Reads a CA and checks that it may issue certificates.
 *
 * @throws {PkiError} ERR_PKI_AUTHORITY_INVALID when the certificate or key is unreadable or not RSA, or the certificate
 *   lacks `CA:TRUE`, keyCertSign or a subject; ERR_PKI_AUTHORITY_KEY_MISMATCH when key and certificate do not belong together.
 */
export function readCertificateAuthority(authority: CertificateAuthority): AuthorityContent {
  const certificate = parse(
    "certificate",
    () => new X509Certificate(block(authority.certificatePem, "CERTIFICATE")),
  );
  const privateKey = parse("private key", () =>
    createPrivateKey(block(authority.privateKeyPem, "PRIVATE KEY")),
  );

  if (certificate.publicKey.asymmetricKeyType !== "rsa") {
    throw invalid(
      `its key is of the type ${certificate.publicKey.asymmetricKeyType ?? "unknown"}; use a CA with an RSA key`,
    );
  }
  const { subject, extensions } = parse("certificate", () => readContent(certificate.raw));
  const usages = bits(extensions.get(EXTENSION_OID.keyUsage)).at(0) ?? 0;
  if ((usages & KEY_USAGE_BIT.keyCertSign) === 0) {
    throw invalid("keyUsage does not include keyCertSign; use the certificate of a CA");
  }
  // Node's `ca` is false without keyCertSign as well, so keyUsage is checked first: the message must name the right cause.
  if (!certificate.ca) {
    throw invalid("basicConstraints does not say CA:TRUE; use the certificate of a CA");
  }
  if (items(subject).length === 0) {
    throw invalid(
      "it has no subject, and the certificates of a CA must name one as their issuer (RFC 5280 §4.1.2.6); " +
        "make a CA that has a common name",
    );
  }
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new PkiError(
      "ERR_PKI_AUTHORITY_KEY_MISMATCH",
      `the CA key is not the key of the CA certificate (${oneLine(certificate.subject)}); ` +
        "put back the key that was made with it, or make a new CA",
    );
  }
  return {
    subject,
    attributes: { ...certificate.toLegacyObject().subject },
    keyIdentifier:
      content(extensions.get(EXTENSION_OID.subjectKeyIdentifier)).length > 0
        ? content(extensions.get(EXTENSION_OID.subjectKeyIdentifier))
        : keyIdentifier(certificate.publicKey),
    privateKey,
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
  };
}

// Certificate ::= SEQUENCE { tbsCertificate, … }; the version [0] may be absent (RFC 5280 §4.1).
function readContent(der: Buffer): { subject: Asn1; extensions: Map<string, Asn1> } {
  const [toBeSigned] = items(fromDer(der));
  const fields = items(toBeSigned).filter((field) => !isExplicitTag(field, 0));
  const subject = fields[4];
  if (subject === undefined) {
    throw new Error("the certificate has no subject");
  }
  const list = items(fields.find((field) => isExplicitTag(field, 3)))[0];
  const extensions = items(list).map((extension): [string, Asn1] => {
    const parts = items(extension);
    return [dottedOid(parts[0]), fromDer(content(parts.at(-1)))];
  });
  return { subject, extensions: new Map(extensions) };
}

/** The first block whose label ends with `label`, in strict form; without one the whole text, which the parser refuses. */
function block(pem: string, label: string): string {
  return readPem(pem).find((candidate) => candidate.label.endsWith(label))?.text ?? pem;
}

function parse<Value>(what: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    throw new PkiError(
      "ERR_PKI_AUTHORITY_INVALID",
      `the CA ${what} cannot be read; give an unencrypted PEM ${what}`,
      { cause },
    );
  }
}

function invalid(reason: string): PkiError {
  return new PkiError("ERR_PKI_AUTHORITY_INVALID", `the CA certificate cannot issue: ${reason}`);
}

function oneLine(subject: string): string {
  return subject.replaceAll("\n", ", ");
}
