import { content, isExplicitTag, items } from "../der/decode.ts";
import { explicit, implicit } from "../der/encode.ts";
import type { Asn1 } from "../der/encode.ts";
import { PkiError } from "../errors.ts";
import { decodeIpAddress, encodeIpAddress } from "./ip-address.ts";
import { readName, relativeNames } from "./distinguished-name.ts";
import { parseSlashName, writeSlashName } from "./subject.ts";

/**
 * Another name of the certificate's subject. AWS maps DNS names, URIs and directory names to session tags. A directory name
 * is written in the form of `openssl -subj`, in the order of its encoding: `/O=Example/CN=server-1`.
 */
export interface SubjectAlternativeName {
  readonly type: SubjectAlternativeNameType;
  readonly value: string;
}

export const SUBJECT_ALTERNATIVE_NAME_TYPES = ["dns", "uri", "email", "ip", "directory"] as const;

export type SubjectAlternativeNameType = (typeof SUBJECT_ALTERNATIVE_NAME_TYPES)[number];

// Letters, digits and hyphens, 63 at most per label; the first label may be the wildcard. RFC 5280 §4.2.1.6, RFC 1034 §3.5.
const DNS_NAME = /^(?=.{1,253}$)(?:\*\.)?(?!-)[a-z\d-]{1,63}(?<!-)(?:\.(?!-)[a-z\d-]{1,63}(?<!-))*$/i;

// The characters of RFC 3986 after a scheme; RFC 5280 allows no relative URI.
const ABSOLUTE_URI = /^[a-z][a-z\d+.-]*:[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/i;

// Mailbox of RFC 2821 in its plain form (RFC 5280 §4.2.1.6): no quotes, no address literal.
const MAILBOX = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@([^@]+)$/;

/** The tags of GeneralName (RFC 5280 §4.2.1.6). */
export const GENERAL_NAME_TAG: Readonly<Record<SubjectAlternativeNameType, number>> = {
  email: 1,
  dns: 2,
  directory: 4,
  uri: 6,
  ip: 7,
};

const REMEDY: Readonly<Record<SubjectAlternativeNameType, string>> = {
  dns: "give a host name in ASCII (xn-- form for others)",
  uri: "give an absolute URI, for example spiffe://example.org/server",
  email: "give a mailbox in ASCII, for example ops@example.org",
  ip: "give an IPv4 or IPv6 address",
  directory: "give a name such as /O=Example/CN=server-1",
};

/**
 * Encodes one GeneralName.
 *
 * @throws {PkiError} ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME when the value is not of the type.
 * @see RFC 5280 §4.2.1.6
 */
export function generalName(name: SubjectAlternativeName): Asn1 {
  if (!isAlternativeName(name)) {
    throw new PkiError(
      "ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME",
      `invalid subject alternative name: ${JSON.stringify(name)}: give an object such as ` +
        `{ type: "dns", value: "server.example.org" }; the types are ${SUBJECT_ALTERNATIVE_NAME_TYPES.join(", ")}`,
    );
  }
  const { type, value } = name;
  const tag = GENERAL_NAME_TAG[type];
  switch (type) {
    case "dns":
      if (!DNS_NAME.test(value)) throw invalidAlternativeName(name);
      return implicit(tag, Buffer.from(value, "latin1"));
    case "uri":
      if (!ABSOLUTE_URI.test(value)) throw invalidAlternativeName(name);
      return implicit(tag, Buffer.from(value, "latin1"));
    case "email": {
      const host = MAILBOX.exec(value)?.[1];
      if (host === undefined || !DNS_NAME.test(host)) throw invalidAlternativeName(name);
      return implicit(tag, Buffer.from(value, "latin1"));
    }
    case "ip": {
      const octets = encodeIpAddress(value);
      if (octets === undefined) throw invalidAlternativeName(name);
      return implicit(tag, octets);
    }
    case "directory": {
      // directoryName is a CHOICE, so its tag is explicit.
      const attributes = parseSlashName(value);
      if (attributes === undefined) throw invalidAlternativeName(name);
      return explicit(tag, relativeNames(attributes));
    }
  }
}

/** Programs without types can give anything. */
function isAlternativeName(name: unknown): name is SubjectAlternativeName {
  return (
    typeof name === "object" &&
    name !== null &&
    "type" in name &&
    SUBJECT_ALTERNATIVE_NAME_TYPES.some((type) => type === name.type) &&
    "value" in name &&
    typeof name.value === "string"
  );
}

/**
 * Reads one GeneralName.
 *
 * @returns undefined for a type or a value that {@link generalName} does not write
 */
export function readGeneralName(name: Asn1): SubjectAlternativeName | undefined {
  const type = SUBJECT_ALTERNATIVE_NAME_TYPES.find((type) => isExplicitTag(name, GENERAL_NAME_TAG[type]));
  switch (type) {
    case "dns":
    case "uri":
    case "email":
      return { type, value: content(name).toString("latin1") };
    case "ip": {
      const octets = content(name);
      return [4, 16].includes(octets.length) ? { type, value: decodeIpAddress(octets) } : undefined;
    }
    case "directory": {
      const attributes = readName(items(name)[0]);
      return attributes === undefined ? undefined : { type, value: writeSlashName(attributes) };
    }
    default:
      return undefined;
  }
}

function invalidAlternativeName({ type, value }: SubjectAlternativeName): PkiError {
  return new PkiError(
    "ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME",
    `invalid subject alternative name: ${type} ${JSON.stringify(value)}: ${REMEDY[type]}`,
  );
}
