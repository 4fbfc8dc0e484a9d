import { explicit, implicit } from "../der/encode.ts";
import type { Asn1 } from "../der/encode.ts";
import { PkiError } from "../errors.ts";
import { encodeIpRange } from "./ip-address.ts";
import { GENERAL_NAME_TAG } from "./subject-alternative-name.ts";
import type { SubjectAlternativeNameType } from "./subject-alternative-name.ts";
import { relativeNames } from "./distinguished-name.ts";
import { parseSlashName } from "./subject.ts";

/**
 * A set of names: a domain (`dns example.org` has its subdomains as well), the host of a URI (`uri .example.org` has the
 * subdomains alone), a mailbox, a host or a domain (`email ops@example.org`), a range of addresses (`ip 10.0.0.0/8`), or the
 * beginning of a directory name (`directory /O=Example`).
 */
export interface NameConstraint {
  readonly type: SubjectAlternativeNameType;
  readonly value: string;
}

/**
 * The names that the certificates below a CA may have, and must not have. At least one of the two lists has an entry.
 *
 * @see RFC 5280 §4.2.1.10
 */
export interface NameConstraints {
  readonly permitted?: readonly NameConstraint[] | undefined;
  readonly excluded?: readonly NameConstraint[] | undefined;
}

const DOMAIN = /^(?=.{1,253}$)(?!-)[a-z\d-]{1,63}(?<!-)(?:\.(?!-)[a-z\d-]{1,63}(?<!-))*$/i;

const REMEDY: Readonly<Record<SubjectAlternativeNameType, string>> = {
  dns: "give a domain, for example example.org",
  uri: "give a host, or a domain that begins with a dot, for example .example.org",
  email: "give a mailbox, a host, or a domain that begins with a dot",
  ip: "give a range whose address has no bits beyond its length, for example 10.0.0.0/8",
  directory: "give the beginning of a name, for example /O=Example",
};

/**
 * Encodes the base of one GeneralSubtree.
 *
 * @throws {PkiError} ERR_PKI_INVALID_NAME_CONSTRAINT when the value is not of the type.
 */
export function constraintBase(constraint: NameConstraint): Asn1 {
  const { type, value } = constraint;
  const tag = GENERAL_NAME_TAG[type];
  switch (type) {
    case "dns":
      return text(constraint, DOMAIN.test(value));
    case "uri":
      return text(constraint, DOMAIN.test(value.replace(/^\./, "")));
    case "email": {
      const [host = "", local, ...rest] = value.split("@").toReversed();
      const isHost = DOMAIN.test(local === undefined ? host.replace(/^\./, "") : host);
      return text(constraint, isHost && local !== "" && rest.length === 0 && /^[!-~]+$/.test(value));
    }
    case "ip": {
      const range = encodeIpRange(value);
      if (range === undefined) throw invalidConstraint(constraint);
      return implicit(tag, range);
    }
    case "directory": {
      const attributes = parseSlashName(value);
      if (attributes === undefined) throw invalidConstraint(constraint);
      return explicit(tag, relativeNames(attributes));
    }
  }
}

function text(constraint: NameConstraint, isValid: boolean): Asn1 {
  if (!isValid) throw invalidConstraint(constraint);
  return implicit(GENERAL_NAME_TAG[constraint.type], Buffer.from(constraint.value, "latin1"));
}

function invalidConstraint({ type, value }: NameConstraint): PkiError {
  return new PkiError(
    "ERR_PKI_INVALID_NAME_CONSTRAINT",
    `invalid name constraint: ${type} ${JSON.stringify(value)}: ${REMEDY[type]}`,
  );
}
