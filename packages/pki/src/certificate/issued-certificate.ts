import type { PkiWarning } from "../errors.ts";
import type { KeyType } from "../keys/key-type.ts";
import type { Validity } from "./validity.ts";

/** A new certificate. */
export interface SignedCertificate extends Validity {
  /** PEM, one `CERTIFICATE` block. */
  readonly certificatePem: string;
  /** PEM of the CA certificates between this certificate and its root, its issuer first; `""` when the root signed it. */
  readonly chainPem: string;
  readonly commonName: string;
  /** The whole subject in the order of its encoding, as `openssl -subj` takes it: `/O=Example/CN=server-1`. */
  readonly subject: string;
  readonly keyType: KeyType;
  /** 32 upper-case hexadecimal digits, as `openssl x509 -serial` prints them. */
  readonly serialNumber: string;
  /** Problems that Roles Anywhere will have with this certificate. Empty when there are none. */
  readonly warnings: readonly PkiWarning[];
}

/** A new certificate and its private key. `privateKeyPem` is a secret: store it 0600, never log it. */
export interface IssuedCertificate extends SignedCertificate {
  /** PEM, one PKCS#8 block: `PRIVATE KEY`, or `ENCRYPTED PRIVATE KEY` when a passphrase was given. */
  readonly privateKeyPem: string;
}
