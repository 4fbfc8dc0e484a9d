import { oid, printableString, sequence, set, utf8String } from "../der/encode.ts";
import type { Asn1 } from "../der/encode.ts";
import { PkiError } from "../errors.ts";

/** Attributes that a subject may carry beside its common name: the ones that AWS maps to session tags. */
export type SubjectAttributeType = "C" | "ST" | "L" | "O" | "OU";

/** One relative distinguished name of a subject, for example `{ type: "OU", value: "Engineering" }`. */
export interface SubjectAttribute {
  readonly type: SubjectAttributeType;
  readonly value: string;
}

interface AttributeRule {
  readonly oid: string;
  readonly maxCharacters: number;
}

// Object identifiers: X.520. Upper bounds: RFC 5280 appendix A.1 (ub-common-name and friends).
const ATTRIBUTE_RULES: Record<SubjectAttributeType | "CN", AttributeRule> = {
  CN: { oid: "2.5.4.3", maxCharacters: 64 },
  C: { oid: "2.5.4.6", maxCharacters: 2 },
  L: { oid: "2.5.4.7", maxCharacters: 128 },
  ST: { oid: "2.5.4.8", maxCharacters: 128 },
  O: { oid: "2.5.4.10", maxCharacters: 64 },
  OU: { oid: "2.5.4.11", maxCharacters: 64 },
};

/**
 * Builds a subject name: the attributes in the order given, then the common name.
 *
 * @throws {PkiError} ERR_PKI_INVALID_SUBJECT when a value is empty, too long or has control characters, or a country
 *   is not two capital letters.
 * @see RFC 5280 §4.1.2.4 and §4.1.2.6
 */
export function subjectName(commonName: string, attributes: readonly SubjectAttribute[] = []): Asn1 {
  return relativeNames([...attributes, { type: "CN", value: commonName }]);
}

/** One relative name of a subject or of a directory name. */
export interface NameAttribute {
  readonly type: SubjectAttributeType | "CN";
  readonly value: string;
}

/**
 * A Name of relative names with one attribute each, in the order given.
 *
 * @throws {PkiError} ERR_PKI_INVALID_SUBJECT as {@link subjectName}.
 */
export function relativeNames(attributes: readonly NameAttribute[]): Asn1 {
  return sequence(...attributes.map(({ type, value }) => relativeName(type, value)));
}

/**
 * Reads a name in the form of `openssl -subj`: `/O=Example/CN=server-1`, with a backslash before a slash or backslash that
 * belongs to a value.
 *
 * @returns undefined when the text has another form, or an attribute that this library does not write
 */
export function parseSlashName(text: string): NameAttribute[] | undefined {
  if (!text.startsWith("/")) return undefined;
  const parts = text.slice(1).match(/(?:^|(?<=\/))(?:[^/\\]|\\.)*/gsu) ?? [];
  if (parts.join("/") !== text.slice(1)) return undefined;
  const attributes: NameAttribute[] = [];
  for (const part of parts) {
    const [, type = "", value = ""] = /^([A-Z]+)=(.+)$/su.exec(part) ?? [];
    if (!isNameAttributeType(type)) return undefined;
    attributes.push({ type, value: value.replaceAll(/\\(.)/gsu, "$1") });
  }
  return attributes;
}

/** Writes a name in the form that {@link parseSlashName} reads. */
export function writeSlashName(attributes: readonly NameAttribute[]): string {
  return attributes.map(({ type, value }) => `/${type}=${value.replaceAll(/[/\\]/g, "\\$&")}`).join("");
}

function isNameAttributeType(type: string): type is NameAttribute["type"] {
  return Object.hasOwn(ATTRIBUTE_RULES, type);
}

/** Returns the values of a subject by attribute type. Values of a repeated type keep their order. */
export function nameAttributes(
  commonName: string,
  attributes: readonly SubjectAttribute[] = [],
): Readonly<Record<string, readonly string[]>> {
  const values: Record<string, string[]> = { CN: [commonName] };
  for (const { type, value } of attributes) (values[type] ??= []).push(value);
  return values;
}

function relativeName(type: SubjectAttributeType | "CN", value: string): Asn1 {
  const rule = ATTRIBUTE_RULES[type];
  checkValue(type, value, rule.maxCharacters);
  return set(sequence(oid(rule.oid), type === "C" ? printableString(value) : utf8String(value)));
}

function checkValue(type: string, value: string, maxCharacters: number): void {
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
