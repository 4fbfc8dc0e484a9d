import { dottedOid, items, stringIn } from "../der/decode.ts";
import type { Asn1 } from "../der/encode.ts";

/** One attribute of a name, for example `CN=server-1`. */
export interface NameAttribute {
  /** The short name of RFC 4514 or RFC 2985; the dotted identifier when there is none. */
  readonly type: string;
  readonly value: string;
}

/** A subject or issuer. */
export interface DistinguishedName {
  /** The relative names in the order of the certificate; most have one attribute. */
  readonly relativeNames: readonly (readonly NameAttribute[])[];
  /** RFC 4514 text, the last relative name first: `CN=server-1,O=Example,C=DE`. */
  readonly text: string;
  /** One text for each relative name; names that RFC 5280 §7.1 calls equal have equal ones. */
  readonly comparable: readonly string[];
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.4": "SN",
  "2.5.4.5": "serialNumber",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.9": "street",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "2.5.4.12": "title",
  "2.5.4.42": "GN",
  "0.9.2342.19200300.100.1.1": "UID",
  "0.9.2342.19200300.100.1.25": "DC",
  "1.2.840.113549.1.9.1": "emailAddress",
};

/**
 * Reads a Name, whatever string types its CA used.
 *
 * @throws {Error} when a value is no string, or not one of its type
 * @see RFC 5280 §4.1.2.4
 */
export function readDistinguishedName(name: Asn1 | undefined): DistinguishedName {
  const relativeNames = items(name).map((relativeName) =>
    items(relativeName).map((attribute) => {
      const [type, value] = items(attribute);
      const identifier = dottedOid(type);
      return { type: SHORT_NAMES[identifier] ?? identifier, value: readString(value) };
    }),
  );
  return {
    relativeNames,
    text: relativeNames
      .toReversed()
      .map((attributes) => attributes.map(({ type, value }) => `${type}=${escapeValue(value)}`).join("+"))
      .join(","),
    comparable: relativeNames.map((attributes) =>
      attributes
        .map(({ type, value }) => `${type}=${comparableValue(value)}`)
        .sort()
        .join("\0"),
    ),
  };
}

/** The values of an attribute type, in the order of the name. */
export function valuesOf({ relativeNames }: DistinguishedName, type: string): string[] {
  return relativeNames.flatMap((attributes) =>
    attributes.filter((attribute) => attribute.type === type).map(({ value }) => value),
  );
}

/** Whether two names are equal: letter case and runs of spaces do not count (RFC 5280 §7.1). */
export function isSameName(one: DistinguishedName, other: DistinguishedName): boolean {
  return one.comparable.length === other.comparable.length && isNameBelow(one, other);
}

/** Whether a name begins with the relative names of a base (RFC 5280 §4.2.1.10, directory names). */
export function isNameBelow(name: DistinguishedName, base: DistinguishedName): boolean {
  return base.comparable.every((text, index) => name.comparable[index] === text);
}

function readString(value: Asn1 | undefined): string {
  const text = stringIn(value);
  if (text !== undefined) return text;
  throw new Error(
    `a value of a name has the ASN.1 type ${value?.type ?? "(none)"}, or is no text of its type`,
  );
}

/** Upper case, because it makes "ß" and "SS", and the two small forms of sigma, equal as RFC 4518 §2.2 does. */
function comparableValue(value: string): string {
  return value
    .replaceAll(/\p{Cf}/gu, "")
    .normalize("NFKC")
    .toUpperCase()
    .replaceAll(/\s+/g, " ")
    .trim();
}

function escapeValue(value: string): string {
  return value.replaceAll(/[",+;<>\\]|^[ #]| $/g, String.raw`\$&`);
}
