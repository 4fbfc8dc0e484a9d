import type { KeyObject } from "node:crypto";

import { SignerError } from "../errors.ts";
import type { EndEntityCertificate } from "./load-certificate.ts";

/**
 * Finds what the service would refuse, before anything is sent: dates of the certificate, and a key that is not its own.
 *
 * @param certificate The end-entity certificate.
 * @param privateKey Its private key; left out when the key is elsewhere (a custom sign function).
 * @param moment Now.
 * @throws {SignerError} ERR_SIGNER_CERTIFICATE_NOT_YET_VALID, ERR_SIGNER_CERTIFICATE_EXPIRED or
 *   ERR_SIGNER_KEY_MISMATCH.
 */
export function checkIdentity(
  certificate: EndEntityCertificate,
  privateKey: KeyObject | undefined,
  moment: Date,
): void {
  const { x509, name } = certificate;
  if (moment < x509.validFromDate) {
    throw new SignerError(
      "ERR_SIGNER_CERTIFICATE_NOT_YET_VALID",
      `certificate ${name} is valid only from ${isoSeconds(x509.validFromDate)} and it is ${isoSeconds(moment)} here; check this machine's clock`,
    );
  }
  if (moment > x509.validToDate) {
    throw new SignerError(
      "ERR_SIGNER_CERTIFICATE_EXPIRED",
      `certificate ${name} expired at ${isoSeconds(x509.validToDate)} and it is ${isoSeconds(moment)} here; issue a new one, or set this machine's clock right`,
    );
  }
  if (privateKey !== undefined && !x509.checkPrivateKey(privateKey)) {
    throw new SignerError(
      "ERR_SIGNER_KEY_MISMATCH",
      `the private key does not belong to certificate ${name}; give the key that the certificate was issued for`,
    );
  }
}

/** A moment as RFC 3339 with whole seconds. */
export function isoSeconds(moment: Date): string {
  return `${moment.toISOString().slice(0, 19)}Z`;
}
