import { sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { fromDer } from "../der/decode.ts";
import { bitString, explicit, integer, nullValue, oid, sequence, time, toDer } from "../der/encode.ts";
import type { Asn1 } from "../der/encode.ts";
import { writePem } from "../pem.ts";
import type { Validity } from "./validity.ts";

const SHA256_WITH_RSA_ENCRYPTION = "1.2.840.113549.1.1.11";

export interface CertificateContent {
  readonly serialNumber: Uint8Array;
  readonly issuer: Asn1;
  readonly validity: Validity;
  readonly subject: Asn1;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Asn1[];
}

/**
 * Assembles an X.509 v3 certificate, signs it with RSA and SHA-256, and returns its PEM.
 *
 * The certificate is built from ASN.1 values of node-forge, not with its certificate class: that class takes RSA keys
 * only, and encodes the issuer's name anew, which must have the same octets as in the CA certificate.
 *
 * @see RFC 5280 §4.1; RFC 4055 §5 for the algorithm identifier with its NULL
 */
export function signCertificate(certificate: CertificateContent, issuerKey: KeyObject): string {
  if (issuerKey.asymmetricKeyType !== "rsa") {
    throw new TypeError(
      `the key of the issuer must be RSA, not ${issuerKey.asymmetricKeyType ?? issuerKey.type}`,
    );
  }
  const algorithm = sequence(oid(SHA256_WITH_RSA_ENCRYPTION), nullValue());
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.of(2))), // version 3
    integer(certificate.serialNumber),
    algorithm,
    certificate.issuer,
    sequence(time(certificate.validity.notBefore), time(certificate.validity.notAfter)),
    certificate.subject,
    fromDer(certificate.publicKey.export({ type: "spki", format: "der" })),
    explicit(3, sequence(...certificate.extensions)),
  );
  const signature = sign("sha256", toDer(toBeSigned), issuerKey);
  return writePem("CERTIFICATE", toDer(sequence(toBeSigned, algorithm, bitString(signature))));
}
