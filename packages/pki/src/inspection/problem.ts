import type { DistinguishedName } from "./distinguished-name.ts";

/**
 * Why IAM Roles Anywhere would refuse a certificate. AWS does not tell a client the reason; the names are those that the
 * audit of `ra-mock` uses.
 */
export type InspectionProblemCode =
  /** Its encoding is not that of RFC 5280, although it can be read. */
  | "CERTIFICATE_MALFORMED"
  /** More than five certificates go with it. */
  | "CHAIN_TOO_LONG"
  /** The key is not RSA, P-256, P-384, P-521 or ML-DSA. */
  | "KEY_TYPE_UNSUPPORTED"
  /** Not X.509 version 3. */
  | "CERTIFICATE_VERSION_UNSUPPORTED"
  /** No subject, which AWS needs for its Subject resource. */
  | "SUBJECT_EMPTY"
  /** basicConstraints CA:TRUE. */
  | "CERTIFICATE_IS_CA"
  /** No keyUsage, or one without digitalSignature. */
  | "KEY_USAGE_MISSING"
  /** keyUsage keyCertSign in a certificate that is not that of a CA. */
  | "EXTENSION_INVALID"
  /** An extendedKeyUsage without clientAuth. */
  | "EXTENDED_KEY_USAGE_UNSUITABLE"
  /** No chain of signatures from the certificate to the trust anchor. */
  | "CHAIN_UNTRUSTED"
  /** A certificate of the path is no longer valid. */
  | "CERTIFICATE_EXPIRED"
  /** A certificate of the path is not valid yet. */
  | "CERTIFICATE_NOT_YET_VALID"
  /** A certificate of the path is signed with a hash weaker than SHA-256. */
  | "SIGNATURE_HASH_WEAK"
  /** A certificate of the path has an extension twice. */
  | "EXTENSION_DUPLICATED"
  /** A certificate of the path has a critical extension that path validation does not know. */
  | "CRITICAL_EXTENSION_UNKNOWN"
  /** An issuer of the path is not a CA. */
  | "ISSUER_NOT_CA"
  /** An issuer of the path lacks keyUsage keyCertSign. */
  | "ISSUER_KEY_USAGE_MISSING"
  /** More intermediate certificates than an issuer's path length allows. */
  | "PATH_LENGTH_EXCEEDED"
  /** A name that an issuer's name constraints do not allow. */
  | "NAME_CONSTRAINT_VIOLATED"
  /** A certificate of the path is on a revocation list. */
  | "CRL_REVOKED"
  /** A revocation list of an issuer of the path cannot be used, so that AWS could not tell who is revoked. */
  | "CRL_INVALID"
  /** The common name cannot become the source identity of a session. */
  | "SOURCE_IDENTITY_INVALID";

/** One reason for a refusal. Programs use `code`, people read `message`. */
export interface InspectionProblem {
  readonly code: InspectionProblemCode;
  /** What is wrong, with which value, and what to do. */
  readonly message: string;
}

/** A certificate in a message. */
export function label({ subject }: { readonly subject: DistinguishedName }): string {
  return subject.text === "" ? "the certificate without a subject" : JSON.stringify(subject.text);
}
