import type { NameConstraints } from "./name-constraints.ts";
import type { SubjectAlternativeName } from "./subject-alternative-name.ts";
import type { Validity } from "./validity.ts";

/** What a key may be used for, by the names of RFC 5280 §4.2.1.3. */
export type KeyUsage = "digitalSignature" | "keyCertSign" | "cRLSign";

/** What a certificate is for, by the names of RFC 5280 §4.2.1.12. */
export type ExtendedKeyUsage = "clientAuth" | "serverAuth";

/**
 * What a certificate says, before it is encoded. Names and key are DER: the issuer has the octets of the CA's subject,
 * whatever string types the CA used, because verifiers compare octets.
 *
 * @see RFC 5280 §4.1
 */
export interface CertificateDescription extends Validity {
  /** At most 20 octets, positive (RFC 5280 §4.1.2.2). */
  readonly serialNumber: Uint8Array;
  /** DER of a Name. */
  readonly issuer: Uint8Array;
  /** DER of a Name. */
  readonly subject: Uint8Array;
  /** DER of SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  readonly extensions: CertificateExtensions;
}

/** The extensions of a certificate, in the order in which they are encoded. */
export interface CertificateExtensions {
  /** Critical in a CA certificate. Without a path length, any number of CAs may follow. */
  readonly basicConstraints: { readonly authority: boolean; readonly pathLength?: number | undefined };
  /** Critical. */
  readonly keyUsage: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly ExtendedKeyUsage[] | undefined;
  readonly subjectKeyIdentifier: Uint8Array;
  /** Identifier of the issuer's key; a self-signed certificate has none. */
  readonly authorityKeyIdentifier?: Uint8Array | undefined;
  readonly subjectAlternativeNames?: readonly SubjectAlternativeName[] | undefined;
  /** Critical; CA certificates only. */
  readonly nameConstraints?: NameConstraints | undefined;
}
