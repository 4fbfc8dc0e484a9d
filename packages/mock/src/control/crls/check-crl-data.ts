import { AsnConvert } from "@peculiar/asn1-schema";
import { CertificateList } from "@peculiar/asn1-x509";
import { validationError } from "../service-error.ts";

const PEM_CRL = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]*)-----END X509 CRL-----/;

/**
 * Checks that bytes are a PEM certificate revocation list. Its issuer, signature and dates are checked when it is
 * used, not here.
 *
 * @throws {ServiceError} 400
 */
export function checkCrlData(bytes: Uint8Array): void {
  const base64 = PEM_CRL.exec(Buffer.from(bytes).toString("latin1"))?.[1];
  try {
    AsnConvert.parse(Buffer.from(base64 ?? "", "base64"), CertificateList);
  } catch {
    throw validationError("Invalid CRL; a PEM-encoded X.509 certificate revocation list is required");
  }
}
