import { content, dottedOid, fromDer, isExplicitTag, items } from "../der/decode.ts";
import { toDer } from "../der/encode.ts";
import type { Asn1 } from "../der/encode.ts";

/** The parts of a certificate that `X509Certificate` of node:crypto does not give. */
export interface CertificateParts {
  readonly subject: Asn1;
  /** Whether issuer and subject have the same octets, as in a root CA. */
  readonly isSelfIssued: boolean;
  /** The value of each extension by its object identifier. */
  readonly extensions: ReadonlyMap<string, Asn1>;
}

/**
 * Reads names and extensions of a certificate in DER.
 *
 * @throws {Error} when the octets are no certificate
 * @see RFC 5280 §4.1: Certificate ::= SEQUENCE { tbsCertificate, … }; the version [0] may be absent
 */
export function readCertificate(der: Uint8Array): CertificateParts {
  const [toBeSigned] = items(fromDer(der));
  const fields = items(toBeSigned).filter((field) => !isExplicitTag(field, 0));
  const [, , issuer, , subject] = fields;
  if (issuer === undefined || subject === undefined) {
    throw new Error("the certificate has no subject");
  }
  const list = items(fields.find((field) => isExplicitTag(field, 3)))[0];
  const extensions = items(list).map((extension): [string, Asn1] => {
    const parts = items(extension);
    return [dottedOid(parts[0]), fromDer(content(parts.at(-1)))];
  });
  return { subject, isSelfIssued: toDer(issuer).equals(toDer(subject)), extensions: new Map(extensions) };
}
