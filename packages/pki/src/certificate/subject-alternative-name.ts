import { implicit } from "../der/encode.ts";
import type { Asn1 } from "../der/encode.ts";
import { PkiError } from "../errors.ts";

/** Another name of the certificate's subject, of one of the two types that AWS maps to session tags. */
export interface SubjectAlternativeName {
  readonly type: "dns" | "uri";
  readonly value: string;
}

// Letters, digits and hyphens, 63 at most per label; the first label may be the wildcard. RFC 5280 §4.2.1.6, RFC 1034 §3.5.
const DNS_NAME = /^(?=.{1,253}$)(?:\*\.)?(?!-)[a-z\d-]{1,63}(?<!-)(?:\.(?!-)[a-z\d-]{1,63}(?<!-))*$/i;

// The characters of RFC 3986 after a scheme; RFC 5280 allows no relative URI.
const ABSOLUTE_URI = /^[a-z][a-z\d+.-]*:[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/i;

/**
 * Encodes one GeneralName.
 *
 * @throws {PkiError} ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME when the value is no DNS name or no absolute URI.
 * @see RFC 5280 §4.2.1.6
 */
export function generalName({ type, value }: SubjectAlternativeName): Asn1 {
  if (!(type === "dns" ? DNS_NAME : ABSOLUTE_URI).test(value)) {
    throw new PkiError(
      "ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME",
      `invalid subject alternative name: ${type} ${JSON.stringify(value)}: ` +
        (type === "dns"
          ? "give a host name in ASCII (xn-- form for others)"
          : "give an absolute URI, for example spiffe://example.org/server"),
    );
  }
  return implicit(type === "dns" ? 2 : 6, Buffer.from(value, "latin1"));
}
