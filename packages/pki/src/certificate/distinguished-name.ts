import { dottedOid, items, stringIn } from "../der/decode.ts";
import { oid, printableString, sequence, set, utf8String } from "../der/encode.ts";
import type { Asn1 } from "../der/encode.ts";
import { PkiError } from "../errors.ts";
import { ATTRIBUTE_RULES, ATTRIBUTE_TYPES } from "./subject.ts";
import type { NameAttribute, NameAttributes, SubjectAttributeType } from "./subject.ts";

/**
 * A Name of relative names with one attribute each, in the order given.
 *
 * @throws {PkiError} ERR_PKI_INVALID_SUBJECT when a value is empty, too long or has control characters, or a country
 *   is not two capital letters.
 * @see RFC 5280 §4.1.2.4 and §4.1.2.6
 */
export function relativeNames(attributes: readonly NameAttribute[]): Asn1 {
  return sequence(...attributes.map(({ type, value }) => relativeName(type, value)));
}

/**
 * Reads a Name.
 *
 * @returns undefined when it has an attribute that this library does not write, several attributes in one relative name, or
 *   a string that is not well formed
 */
export function readName(name: Asn1 | undefined): NameAttribute[] | undefined {
  const attributes: NameAttribute[] = [];
  for (const relativeName of items(name)) {
    const [attribute, ...others] = items(relativeName);
    const [identifier, text] = items(attribute);
    const type = ATTRIBUTE_TYPES.find((type) => ATTRIBUTE_RULES[type].oid === dottedOid(identifier));
    const value = text === undefined ? undefined : stringIn(text);
    if (type === undefined || value === undefined || others.length > 0) return undefined;
    attributes.push({ type, value });
  }
  return attributes;
}

const MAPPED_TYPES: ReadonlyMap<string, string> = new Map([
  ...ATTRIBUTE_TYPES.map((type): [string, string] => [ATTRIBUTE_RULES[type].oid, type]),
  ["0.9.2342.19200300.100.1.1", "UID"],
]);

/** The attributes of a Name, of any CA, that Roles Anywhere turns into session tags. What is no text is left out. */
export function mappedAttributes(name: Asn1): NameAttributes {
  const values: Record<string, string[]> = {};
  for (const attribute of items(name).flatMap(items)) {
    const [identifier, text] = items(attribute);
    const type = MAPPED_TYPES.get(dottedOid(identifier));
    const value = stringIn(text);
    if (type !== undefined && value !== undefined) (values[type] ??= []).push(value);
  }
  return values;
}

function relativeName(type: SubjectAttributeType | "CN", value: string): Asn1 {
  // Programs without types can leave a value out, or give another attribute.
  if (!Object.hasOwn(ATTRIBUTE_RULES, type)) {
    throw invalid(type, value, `the attributes are ${ATTRIBUTE_TYPES.join(", ")}`);
  }
  const rule = ATTRIBUTE_RULES[type];
  checkValue(type, value, rule.maxCharacters);
  return set(sequence(oid(rule.oid), type === "C" ? printableString(value) : utf8String(value)));
}

function checkValue(type: string, value: string, maxCharacters: number): void {
  if (typeof value !== "string") {
    throw invalid(type, value, `give ${type === "CN" ? "commonName" : "it"} as a string`);
  }
  // The bounds of X.520 count characters, not UTF-16 units.
  const characters = Array.from(value).length;
  if (value.trim() === "") {
    throw invalid(type, value, `give 1 to ${maxCharacters} characters`);
  }
  if (characters > maxCharacters) {
    throw invalid(type, value, `it has ${characters} characters; ${maxCharacters} are allowed`);
  }
  if (/\p{Cc}/u.test(value) || !value.isWellFormed()) {
    throw invalid(type, value, "leave out control characters and broken surrogate pairs");
  }
  if (type === "C" && !/^[A-Z]{2}$/.test(value)) {
    throw invalid(type, value, "give the two capital letters of ISO 3166, for example DE");
  }
}

function invalid(type: string, value: string, remedy: string): PkiError {
  return new PkiError(
    "ERR_PKI_INVALID_SUBJECT",
    `invalid subject: ${type}=${JSON.stringify(value)}: ${remedy}`,
  );
}
