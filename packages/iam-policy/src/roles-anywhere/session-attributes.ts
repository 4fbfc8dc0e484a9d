/** One attribute of a distinguished name: its short name or dotted identifier, and its value. */
export interface NameAttribute {
  /** `CN`, `O`, …; letter case counts. */
  readonly type: string;
  readonly value: string;
}

/** The parts of a certificate that IAM Roles Anywhere makes session tags and the source identity of. */
export interface CertificateNames {
  /** The attributes of the subject in the order of the certificate. */
  readonly subject: readonly NameAttribute[];
  readonly issuer: readonly NameAttribute[];
  /** The DNS names among the alternative names, in order. */
  readonly dns: readonly string[];
  readonly uri: readonly string[];
  /** The first directory name among the alternative names. */
  readonly directoryName?: readonly NameAttribute[] | undefined;
}

/** The parts of a certificate that a profile can map. */
export type CertificateField = "x509Subject" | "x509Issuer" | "x509SAN";

/** Which values of one part become session tags, as a profile has it. */
export interface AttributeMapping {
  readonly certificateField: CertificateField;
  readonly mappingRules: readonly { readonly specifier: string }[];
}

/**
 * The mappings of every new profile.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/attribute-mapping.html
 */
export const DEFAULT_ATTRIBUTE_MAPPINGS: readonly AttributeMapping[] = [
  { certificateField: "x509Issuer", mappingRules: [{ specifier: "*" }] },
  {
    certificateField: "x509SAN",
    mappingRules: [{ specifier: "DNS" }, { specifier: "URI" }, { specifier: "Name/*" }],
  },
  { certificateField: "x509Subject", mappingRules: [{ specifier: "*" }] },
];

/** A tag of a session. */
export interface SessionTag {
  /** For example `x509Subject/CN`. */
  readonly key: string;
  readonly value: string;
}

/** The tags of a session, and the certificate values that were mapped but cannot be tags. */
export interface MappedAttributes {
  readonly tags: readonly SessionTag[];
  /** For example `CN` of the subject, or `DNS/2` for the second DNS name. */
  readonly failed: Readonly<Record<CertificateField, readonly string[]>>;
}

/** What STS accepts as source identity: 2 to 64 characters of the user guide's pattern. */
export const SOURCE_IDENTITY = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{2,64}$/u;

/** The relative names that become tags: those that the user guide lists, and `UID`, which the service model names. */
const RDN_TYPES = ["C", "O", "OU", "ST", "L", "CN", "UID"] as const;

/** The values that STS accepts for a session tag. */
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;

/**
 * The source identity of a session: `CN=` and the common name; the bare common name when the prefix would make it
 * longer than 64 characters; `ID=` and the serial number when there is no common name. Of several common names the
 * first counts. Whether STS accepts it, {@link SOURCE_IDENTITY} says.
 *
 * @param serialNumber the certificate's, in lower-case hex, two digits a byte
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html source identity rules
 */
export function sourceIdentityOf(subject: readonly NameAttribute[], serialNumber: string): string {
  const commonName = subject.find(({ type }) => type === "CN")?.value ?? "";
  if (commonName === "") return `ID=${serialNumber}`;
  return [...commonName].length <= 61 ? `CN=${commonName}` : commonName;
}

/**
 * Maps subject, issuer and alternative names to session tags as the profile's attribute mappings say. Repeated
 * relative names are joined by `/` in the order of the certificate; of alternative names the first of each kind is
 * taken; values that STS would not accept make no tag.
 *
 * @param mappings those of the profile; {@link DEFAULT_ATTRIBUTE_MAPPINGS} by default
 * @example
 * mapAttributes({ subject: [{ type: "CN", value: "server-a" }], issuer: [], dns: [], uri: [] }).tags;
 * // [{ key: "x509Subject/CN", value: "server-a" }]
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/attribute-mapping.html
 */
export function mapAttributes(
  names: CertificateNames,
  mappings: readonly AttributeMapping[] = DEFAULT_ATTRIBUTE_MAPPINGS,
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
  const addName = (
    field: CertificateField,
    name: readonly NameAttribute[],
    rules: readonly string[],
    prefix = "",
  ): void => {
    for (const type of RDN_TYPES) {
      if (!rules.includes("*") && !rules.includes(type)) continue;
      const values = name.filter((attribute) => attribute.type === type).map(({ value }) => value);
      add(field, prefix + type, values.join("/"));
    }
  };
  addName("x509Subject", names.subject, specifiersOf("x509Subject"));
  addName("x509Issuer", names.issuer, specifiersOf("x509Issuer"));
  const rules = specifiersOf("x509SAN");
  for (const [kind, values] of [["DNS", names.dns] as const, ["URI", names.uri] as const]) {
    if (!rules.includes(kind)) continue;
    for (const [index, value] of values.entries()) {
      // Only the first value becomes a tag. Others are reported when they could not be tags.
      if (index === 0 || !TAG_VALUE.test(value)) add("x509SAN", kind, value, `${kind}/${index + 1}`);
    }
  }
  const within = rules.filter((rule) => /^Name(\/|$)/.test(rule)).map((rule) => rule.slice(5) || "*");
  if (names.directoryName !== undefined) addName("x509SAN", names.directoryName, within, "Name/");
  return { tags, failed };
}
