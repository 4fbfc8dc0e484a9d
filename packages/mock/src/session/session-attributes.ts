import { clip, printable } from "../errors/printable.ts";
import { Refusal } from "../errors/refusal.ts";
import type { AttributeMapping, CertificateField } from "../state/records.ts";
import { serialHex } from "../trust/certificate.ts";
import type { Certificate } from "../trust/certificate.ts";
import { attributeValues } from "../trust/distinguished-name.ts";
import type { DistinguishedName } from "../trust/distinguished-name.ts";
import type { SessionTag } from "./aws.ts";

/** The serial number in hex, unless the caller names the session and the profile accepts that. */
export function sessionNameOf(
  certificate: Certificate,
  requested: string | undefined,
  acceptRoleSessionName: boolean,
): string {
  if (requested !== undefined && !acceptRoleSessionName) {
    throw new Refusal("ROLE_SESSION_NAME_NOT_ACCEPTED", {
      message: "Not authorized to set roleSessionName.",
      expected: "no roleSessionName: the profile has acceptRoleSessionName false",
      received: printable(requested, 64),
    });
  }
  // At most 40 digits: serial numbers have up to 20 octets (RFC 5280 §4.1.2.2).
  return requested ?? serialHex(certificate);
}

/** What STS accepts as source identity: 2 to 64 characters of the user guide's pattern. */
export const SOURCE_IDENTITY = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{2,64}$/u;

/**
 * The source identity of a session: `CN=` and the common name; the bare common name when the prefix would make it
 * longer than 64 characters; `ID=` and the serial number in hex when there is no common name. Of several common
 * names the first counts.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html source identity rules
 */
export function sourceIdentityOf(certificate: Certificate): string {
  const [commonName] = attributeValues(certificate.subject, "CN");
  if (commonName === undefined || commonName === "") return `ID=${serialHex(certificate)}`;
  return [...commonName].length <= 61 ? `CN=${commonName}` : commonName;
}

/** The relative names that become tags: those that the user guide lists, and `UID`, which the service model names. */
const RDN_TYPES = ["C", "O", "OU", "ST", "L", "CN", "UID"] as const;

/** The values that STS accepts for a session tag. */
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;

/** The tags of a session, and the certificate values that were mapped but cannot be tags. */
export interface MappedAttributes {
  readonly tags: readonly SessionTag[];
  /** For example `CN` of the subject, or `DNS/2` for the second DNS name. */
  readonly failed: Readonly<Record<CertificateField, readonly string[]>>;
}

/**
 * Maps subject, issuer and alternative names to session tags as the profile's attribute mappings say. Repeated
 * relative names are joined by `/` in the order of the certificate; of alternative names the first of each kind is
 * taken; values that STS would not accept make no tag.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/attribute-mapping.html
 */
export function mapAttributes(
  { subject, issuer, extensions: { subjectAltNames } }: Certificate,
  mappings: readonly AttributeMapping[],
): MappedAttributes {
  const tags: SessionTag[] = [];
  const failed: Record<CertificateField, string[]> = { x509Issuer: [], x509SAN: [], x509Subject: [] };
  const add = (field: CertificateField, key: string, value: string, label = key): void => {
    if (value === "") return;
    if (TAG_VALUE.test(value)) tags.push({ key: `${field}/${key}`, value });
    else failed[field].push(label);
  };
  const specifiersOf = (field: CertificateField): string[] =>
    mappings
      .filter(({ certificateField }) => certificateField === field)
      .flatMap(({ mappingRules }) => mappingRules.map(({ specifier }) => specifier));
  const addName = (field: CertificateField, name: DistinguishedName, rules: string[], prefix = ""): void => {
    for (const type of RDN_TYPES) {
      if (!rules.includes("*") && !rules.includes(type)) continue;
      add(field, prefix + type, attributeValues(name, type).join("/"));
    }
  };
  addName("x509Subject", subject, specifiersOf("x509Subject"));
  addName("x509Issuer", issuer, specifiersOf("x509Issuer"));
  const rules = specifiersOf("x509SAN");
  for (const kind of ["DNS", "URI"] as const) {
    if (!rules.includes(kind)) continue;
    const values = subjectAltNames.flatMap((name) =>
      name.kind === kind.toLowerCase() && typeof name.value === "string" ? [name.value] : [],
    );
    for (const [index, value] of values.entries()) {
      // Only the first value becomes a tag. Others are reported when they could not be tags.
      if (index === 0 || !TAG_VALUE.test(value)) add("x509SAN", kind, value, `${kind}/${index + 1}`);
    }
  }
  const directory = subjectAltNames.find((name) => name.kind === "directory");
  const within = rules.filter((rule) => /^Name(\/|$)/.test(rule)).map((rule) => rule.slice(5) || "*");
  if (directory !== undefined) addName("x509SAN", directory.value, within, "Name/");
  return { tags, failed };
}

/** The certificate values that were mapped but made no tag, for example `x509Subject/O` or `x509SAN/DNS/2`. */
export function unmappedAttributes({ failed }: MappedAttributes): string[] {
  return Object.entries(failed).flatMap(([field, labels]) => labels.map((label) => `${field}/${label}`));
}

/** The sentence that AWS appends to a refused AssumeRole when some values could not become tags, else "". */
export function failedAttributesSentence(attributes: MappedAttributes): string {
  if (unmappedAttributes(attributes).length === 0) return "";
  const { failed } = attributes;
  const list = (names: readonly string[]): string => `[ ${clip(names.join(", "), 1000)} ]`;
  return (
    ` Some attributes failed to be mapped into session tags. Issuer: ${list(failed.x509Issuer)};` +
    ` Subject: ${list(failed.x509Subject)}; SAN: ${list(failed.x509SAN)}`
  );
}
