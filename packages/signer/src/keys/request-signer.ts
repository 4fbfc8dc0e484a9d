import { sign } from "node:crypto";
import type { KeyObject } from "node:crypto";

import { SignerError } from "../errors.ts";
import { ALGORITHM_ECDSA, ALGORITHM_MLDSA, ALGORITHM_RSA } from "../sigv4-x509/constants.ts";
import type { RequestSigner } from "../sigv4-x509/sign-request.ts";

/**
 * A signer for a private key in memory. The algorithm follows the key, never the certificate.
 *
 * @param key Private key: RSA, EC or ML-DSA.
 * @throws {SignerError} ERR_SIGNER_KEY_UNSUPPORTED for any other type, such as Ed25519.
 */
export function requestSignerOf(key: KeyObject): RequestSigner {
  const type: string | undefined = key.asymmetricKeyType;
  switch (type) {
    case "rsa":
      return { algorithm: ALGORITHM_RSA, sign: (message) => sign("sha256", message, key) };
    case "ec":
      return { algorithm: ALGORITHM_ECDSA, sign: (message) => sign("sha256", message, key) };
    case "ml-dsa-44":
    case "ml-dsa-65":
    case "ml-dsa-87":
      return { algorithm: ALGORITHM_MLDSA, sign: (message) => sign(null, message, key) };
    default:
      throw new SignerError(
        "ERR_SIGNER_KEY_UNSUPPORTED",
        `private key is of type ${type ?? "unknown to this Node.js"}, and Roles Anywhere takes RSA, EC and ML-DSA keys; issue a certificate for one of those`,
      );
  }
}
