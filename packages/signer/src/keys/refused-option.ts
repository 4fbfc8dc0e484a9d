// What only callers in JavaScript meet, who may give anything.
import { SignerError } from "../errors.ts";
import type { RequestSigner } from "../sigv4-x509/sign-request.ts";

/** The option certificate is missing. */
export function noCertificate(): SignerError {
  return new SignerError(
    "ERR_SIGNER_CERTIFICATE_INVALID",
    "the option certificate is undefined, and has to be a path, PEM text or bytes; is the variable set that it comes from?",
  );
}

/**
 * What signs in place of a key, such as a KMS.
 *
 * @throws {SignerError} ERR_SIGNER_KEY_INVALID for anything else, such as a CryptoKey.
 */
export function customSigner(signer: RequestSigner | null): RequestSigner {
  if (typeof signer?.sign === "function") return signer;
  throw new SignerError(
    "ERR_SIGNER_KEY_INVALID",
    "the option privateKey is neither a path, PEM text, bytes or a KeyObject nor an object with a sign function; leave it out for the key in the certificate's file, and turn a CryptoKey into a KeyObject with KeyObject.from",
  );
}
