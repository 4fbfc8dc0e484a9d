import type { PkiWarning } from "../errors.ts";
import type { Validity } from "./validity.ts";

/** A new certificate and its private key. `privateKeyPem` is a secret: store it 0600, never log it. */
export interface IssuedCertificate extends Validity {
  /** PEM, one `CERTIFICATE` block. */
  readonly certificatePem: string;
  /** PEM, one unencrypted PKCS#8 `PRIVATE KEY` block. */
  readonly privateKeyPem: string;
  readonly commonName: string;
  /** 32 upper-case hexadecimal digits, as `openssl x509 -serial` prints them. */
  readonly serialNumber: string;
  /** Problems that Roles Anywhere will have with this certificate. Empty when there are none. */
  readonly warnings: readonly PkiWarning[];
}
