import type { AttributeMapping, CertificateField } from "../../state/records.ts";

/**
 * The mappings of every new profile.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/attribute-mapping.html
 */
export function defaultAttributeMappings(): AttributeMapping[] {
  return [
    mapping("x509Issuer", ["*"]),
    mapping("x509SAN", ["DNS", "URI", "Name/*"]),
    mapping("x509Subject", ["*"]),
  ];
}

/** Mappings with the rules of one field replaced; a field without rules maps nothing and is not listed. */
export function putMapping(
  mappings: readonly AttributeMapping[],
  field: CertificateField,
  specifiers: readonly string[],
): AttributeMapping[] {
  const replacement = mapping(field, [...new Set(specifiers.map(normalizeSpecifier))]);
  const known = mappings.some(({ certificateField }) => certificateField === field);
  const replaced = mappings.map((current) => (current.certificateField === field ? replacement : current));
  return (known ? replaced : [...mappings, replacement]).filter(hasRules);
}

/**
 * Mappings without the named rules of one field; those that it does not have are ignored.
 *
 * @param specifiers absent: all rules of the field
 */
export function removeRules(
  mappings: readonly AttributeMapping[],
  field: CertificateField,
  specifiers: readonly string[] | undefined,
): AttributeMapping[] {
  const removed = specifiers && new Set(specifiers.map(normalizeSpecifier));
  return mappings
    .map(({ certificateField, mappingRules }) => ({
      certificateField,
      mappingRules: mappingRules.filter(
        ({ specifier }) => certificateField !== field || (removed !== undefined && !removed.has(specifier)),
      ),
    }))
    .filter(hasRules);
}

/** `Name` and `Name/` are stored and shown as `Name/*`. */
function normalizeSpecifier(specifier: string): string {
  return specifier === "Name" || specifier === "Name/" ? "Name/*" : specifier;
}

function mapping(certificateField: CertificateField, specifiers: readonly string[]): AttributeMapping {
  return { certificateField, mappingRules: specifiers.map((specifier) => ({ specifier })) };
}

function hasRules({ mappingRules }: AttributeMapping): boolean {
  return mappingRules.length > 0;
}
