/** Attributes that a subject may carry beside its common name: the ones that AWS maps to session tags. */
export type SubjectAttributeType = "C" | "ST" | "L" | "O" | "OU";

/** One relative distinguished name of a subject, for example `{ type: "OU", value: "Engineering" }`. */
export interface SubjectAttribute {
  readonly type: SubjectAttributeType;
  readonly value: string;
}

export interface AttributeRule {
  readonly oid: string;
  readonly maxCharacters: number;
}

// Object identifiers: X.520. Upper bounds: RFC 5280 appendix A.1 (ub-common-name and friends).
export const ATTRIBUTE_RULES: Record<SubjectAttributeType | "CN", AttributeRule> = {
  CN: { oid: "2.5.4.3", maxCharacters: 64 },
  C: { oid: "2.5.4.6", maxCharacters: 2 },
  L: { oid: "2.5.4.7", maxCharacters: 128 },
  ST: { oid: "2.5.4.8", maxCharacters: 128 },
  O: { oid: "2.5.4.10", maxCharacters: 64 },
  OU: { oid: "2.5.4.11", maxCharacters: 64 },
};

/** Who a certificate is for. */
export interface SubjectOptions {
  /** 1 to 64 characters. */
  readonly commonName: string;
  /** Further parts of the subject, written before the common name. @default none */
  readonly subjectAttributes?: readonly SubjectAttribute[] | undefined;
}

/** The relative names of a subject: the attributes in the order given, then the common name. */
export function subjectOf({ commonName, subjectAttributes = [] }: SubjectOptions): readonly NameAttribute[] {
  return [...subjectAttributes, { type: "CN", value: commonName }];
}

/** The first common name of a subject; `""` without one. */
export function commonNameOf(subject: readonly NameAttribute[]): string {
  return subject.find(({ type }) => type === "CN")?.value ?? "";
}

/** One relative name of a subject or of a directory name. */
export interface NameAttribute {
  readonly type: SubjectAttributeType | "CN";
  readonly value: string;
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

export const ATTRIBUTE_TYPES = ["C", "ST", "L", "O", "OU", "CN"] as const;

function isNameAttributeType(type: string): type is NameAttribute["type"] {
  return Object.hasOwn(ATTRIBUTE_RULES, type);
}

/** Attributes of a subject or issuer by their short names. */
export type NameAttributes = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Returns the values of a subject by attribute type. Values of a repeated type keep their order. */
export function nameAttributes(
  subject: readonly NameAttribute[],
): Readonly<Record<string, readonly string[]>> {
  const values: Record<string, string[]> = {};
  for (const { type, value } of subject) (values[type] ??= []).push(value);
  return values;
}
