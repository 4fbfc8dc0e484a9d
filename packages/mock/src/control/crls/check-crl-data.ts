import { readRevocationLists } from "../../trust/certificate-revocation-list.ts";
import { DerError } from "../../trust/der.ts";
import { validationError } from "../../errors/service-error.ts";

/**
 * Checks that bytes are a PEM certificate revocation list. Its issuer, signature and dates are checked when it is
 * used, not here.
 *
 * @throws {ServiceError} 400
 */
export function checkCrlData(bytes: Uint8Array): void {
  try {
    readRevocationLists(bytes);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw validationError(
      `Invalid CRL; a PEM-encoded X.509 certificate revocation list is required: ${error.message}`,
    );
  }
}
