import type { CfnProfile } from "aws-cdk-lib/aws-rolesanywhere";
import { InfraError } from "../errors.ts";
import { optionalList } from "../list.ts";

/** Which parts of one field of the certificate become session tags. */
export interface AttributeMapping {
  /** The subject, the issuer, or the subject alternative name. */
  readonly certificateField: "x509Subject" | "x509Issuer" | "x509SAN";

  /**
   * The parts: attribute types such as `CN` and `OU`, or `*` for all; of the subject alternative name `DNS`, `URI` and
   * `Name/…`. 1 to 60 characters each.
   */
  readonly specifiers: readonly string[];
}

const CERTIFICATE_FIELDS: readonly AttributeMapping["certificateField"][] = [
  "x509Subject",
  "x509Issuer",
  "x509SAN",
];

const MAXIMUM_SPECIFIER_LENGTH = 60;

/**
 * The attribute mappings in the form of CloudFormation.
 *
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when a field is unknown, named twice or has no specifier, or a specifier is too long
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/attribute-mapping.html
 */
export function readMappings(
  mappings: readonly AttributeMapping[] | undefined,
): CfnProfile.AttributeMappingProperty[] | undefined {
  const seen = new Set<string>();
  return optionalList("attributeMappings", mappings)?.map(({ certificateField, specifiers }) => {
    optionalList("specifiers", specifiers);
    if (!CERTIFICATE_FIELDS.includes(certificateField)) {
      throw invalid(
        `has the certificateField ${JSON.stringify(certificateField)}; use ${CERTIFICATE_FIELDS.join(", ")}`,
      );
    }
    if (seen.has(certificateField))
      throw invalid(`has ${certificateField} twice; give all specifiers in one entry`);
    seen.add(certificateField);
    if (specifiers.length === 0) throw invalid(`has no specifier for ${certificateField}; name at least one`);
    const bad = specifiers.find((text) => text === "" || text.length > MAXIMUM_SPECIFIER_LENGTH);
    if (bad !== undefined) {
      throw invalid(
        `has the specifier ${JSON.stringify(bad)}; use 1 to ${MAXIMUM_SPECIFIER_LENGTH} characters`,
      );
    }
    return { certificateField, mappingRules: specifiers.map((specifier) => ({ specifier })) };
  });
}

function invalid(what: string): InfraError {
  return new InfraError("ERR_INFRA_OPTION_INVALID", `attributeMappings ${what}.`);
}
