import type { PkiWarning } from "../errors.ts";
import { parseSlashName } from "./subject.ts";
import type { NameAttributes } from "./subject.ts";
import type { SubjectAlternativeName } from "./subject-alternative-name.ts";

/** The names in a certificate that Roles Anywhere turns into a source identity and session tags. */
export interface MappedNames {
  readonly subject?: NameAttributes | undefined;
  readonly issuer?: NameAttributes | undefined;
  readonly alternativeNames?: readonly SubjectAlternativeName[] | undefined;
  /** @default the first directory name among the alternative names */
  readonly directoryName?: NameAttributes | undefined;
}

/** The attributes of a name that become session tags: those of the user guide, and UID, which the API reference names. */
export const TAGGED_ATTRIBUTES = ["C", "ST", "L", "O", "OU", "CN", "UID"] as const;
/** The characters of a session tag's value and of a source identity. */
const ALLOWED = String.raw`\p{L}\p{Z}\p{N}_.:/=+\-@`;
const REFUSED = new RegExp(`[^${ALLOWED}]+`, "gu");
const LONGEST_TAG = 256;
const SOURCE_IDENTITY = new RegExp(`^[${ALLOWED}]{2,64}$`, "u");

/** Whether STS accepts a text as the value of a session tag. */
export function isSessionTagValue(text: string): boolean {
  return refusedCharacters(text) === undefined && [...text].length <= LONGEST_TAG;
}

/** Whether STS accepts a text as source identity: 2 to 64 characters. */
export function isSourceIdentity(text: string): boolean {
  return SOURCE_IDENTITY.test(text);
}

/**
 * Finds the names of a certificate that cannot become the source identity or a session tag when Roles Anywhere assumes the
 * role. AWS does not document what happens then; users report that CreateSession is refused with AccessDenied.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html "Source identity" and "Session tags"
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html the characters and the length
 */
export function sessionAttributeWarnings(names: MappedNames): PkiWarning[] {
  const { subject = {}, issuer = {}, alternativeNames = [] } = names;
  const { directoryName = directoryNameIn(alternativeNames) } = names;
  const commonName = valuesOf(subject, "CN")[0] ?? "";
  const warnings: PkiWarning[] = [];
  if (refusedCharacters(commonName) !== undefined) {
    warnings.push({
      code: "WARN_PKI_NOT_A_SOURCE_IDENTITY",
      message:
        `the common name ${JSON.stringify(commonName)} cannot become the source identity of a session, ` +
        `so AWS refuses one: it has ${refusedCharacters(commonName)}; choose ${suggestion(commonName)}`,
    });
  }
  for (const type of TAGGED_ATTRIBUTES) {
    // The common name was checked above, by stricter rules.
    if (type !== "CN") warnings.push(...tagWarning("x509Subject", type, valuesOf(subject, type).join("/")));
  }
  for (const type of TAGGED_ATTRIBUTES)
    warnings.push(...tagWarning("x509Issuer", type, valuesOf(issuer, type).join("/")));
  for (const { type, value } of alternativeNames) {
    // E-mail and IP addresses become no tags.
    if (type === "dns" || type === "uri") {
      warnings.push(...tagWarning("x509SAN", type.toUpperCase(), value));
    }
  }
  for (const type of TAGGED_ATTRIBUTES)
    warnings.push(...tagWarning("x509SAN", `Name/${type}`, valuesOf(directoryName, type).join("/")));
  return warnings;
}

/** Of several, AWS maps the first one. */
function directoryNameIn(names: readonly SubjectAlternativeName[]): NameAttributes {
  const first = names.find(({ type }) => type === "directory");
  const values: Record<string, string[]> = {};
  for (const { type, value } of parseSlashName(first?.value ?? "") ?? []) (values[type] ??= []).push(value);
  return values;
}

function tagWarning(field: string, specifier: string, value: string): PkiWarning[] {
  const characters = refusedCharacters(value);
  const length = [...value].length;
  if (characters === undefined && length <= LONGEST_TAG) return [];
  const reason =
    characters === undefined
      ? `it has ${length} characters, and ${LONGEST_TAG} are allowed`
      : `it has ${characters}`;
  // The default mapping of subject and issuer has the specifier "*", and that of a directory name "Name/*".
  const mapping = field !== "x509SAN" ? "'*'" : specifier.startsWith("Name/") ? "'Name/*'" : specifier;
  return [
    {
      code: "WARN_PKI_NOT_A_SESSION_TAG",
      message:
        `${JSON.stringify(value)} cannot become the session tag ${field}/${specifier}, and AWS may refuse sessions ` +
        `because of it: ${reason}; choose ${characters === undefined ? "a shorter one" : suggestion(value)}, or delete the mapping: ` +
        `aws rolesanywhere delete-attribute-mapping --profile-id <id> --certificate-field ${field} --specifiers ${mapping}`,
    },
  ];
}

function valuesOf(attributes: NameAttributes, type: string): readonly string[] {
  const value = attributes[type];
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
}

/** The characters that AWS refuses, each one once; undefined when there are none. */
function refusedCharacters(value: string): string | undefined {
  const found = new Set((value.match(REFUSED) ?? []).join(""));
  return found.size === 0 ? undefined : Array.from(found, (character) => JSON.stringify(character)).join(" ");
}

function suggestion(value: string): string {
  const cleaned = value
    .replaceAll(REFUSED, "-")
    .replaceAll(/-(?=[\s.-])|(?<=[\s.])-(?=\s|$)/g, "")
    .replaceAll(/^[\s.-]+|[\s-]+$/g, "");
  const rule = 'letters, digits, spaces and "_.:/=+-@"';
  return cleaned === "" ? rule : `${rule}, for example ${JSON.stringify(cleaned)}`;
}
