import type { Conditions } from "aws-cdk-lib/aws-iam";
import { Token } from "aws-cdk-lib/core";
import { InfraError } from "../errors.ts";
import { optionalList } from "../list.ts";

/**
 * The certificates that may assume a role. A certificate must have one of the values of every attribute that is given.
 * Values are compared exactly and with case, and cover every certificate that the CA issues with them, so renewals need
 * no change here.
 *
 * Roles Anywhere makes session tags of the certificate, and the trust policy compares these. It joins several values of a
 * subject or issuer attribute by `/` in the order of the certificate, and takes the first DNS name and the first URI only.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html "Trust policy"
 */
export interface CertificateAttributes {
  /** Common names (CN) of the subject. @default - any */
  readonly commonNames?: readonly string[] | undefined;
  /** Organizational units (OU) of the subject. @default - any */
  readonly organizationalUnits?: readonly string[] | undefined;
  /** Organizations (O) of the subject. @default - any */
  readonly organizations?: readonly string[] | undefined;
  /** The first DNS name of the subject alternative name. @default - any */
  readonly dnsNames?: readonly string[] | undefined;
  /** The first URI of the subject alternative name, for example a SPIFFE ID. @default - any */
  readonly uris?: readonly string[] | undefined;
  /** Common names (CN) of the CA that issued the certificate. They name no server by themselves. @default - any */
  readonly issuerCommonNames?: readonly string[] | undefined;
}

/** The session tag that holds each attribute: certificate field, and specifier of the attribute mapping. */
export const SESSION_TAGS = {
  commonNames: { field: "x509Subject", specifier: "CN" },
  organizationalUnits: { field: "x509Subject", specifier: "OU" },
  organizations: { field: "x509Subject", specifier: "O" },
  dnsNames: { field: "x509SAN", specifier: "DNS" },
  uris: { field: "x509SAN", specifier: "URI" },
  issuerCommonNames: { field: "x509Issuer", specifier: "CN" },
} as const satisfies Record<keyof CertificateAttributes, { field: string; specifier: string }>;

/** The names of the certificate attributes. */
export const ATTRIBUTE_NAMES: readonly (keyof CertificateAttributes)[] = [
  "commonNames",
  "organizationalUnits",
  "organizations",
  "dnsNames",
  "uris",
  "issuerCommonNames",
];

/**
 * The values that STS accepts for a session tag, such as `x509Subject/CN`. The service drops other values, so a condition
 * on such a value is never true.
 */
const SESSION_TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u;

/**
 * The conditions of a trust policy for these attributes. An attribute that is not given has no condition.
 *
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when a list is no list, is empty or has a value that can never match
 */
export function certificateConditions(attributes: CertificateAttributes): Record<string, readonly string[]> {
  const conditions: Record<string, readonly string[]> = {};
  for (const name of ATTRIBUTE_NAMES) {
    const values = attributes[name];
    if (values === undefined) continue;
    const { field, specifier } = SESSION_TAGS[name];
    conditions[`aws:PrincipalTag/${field}/${specifier}`] = matchableValues(name, values);
  }
  return conditions;
}

/**
 * Checks the values of one attribute. Values that only CloudFormation knows are not checked.
 *
 * @param property the name of the property, for the message
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when the list is no list, is empty or has a value that can never match
 */
export function matchableValues(property: string, values: readonly string[]): readonly string[] {
  optionalList(property, values);
  if (Token.isUnresolved(values)) return values;
  if (values.length === 0) {
    throw new InfraError(
      "ERR_INFRA_OPTION_INVALID",
      `${property} is empty, so that no certificate could assume the role; name at least one, or leave it out.`,
    );
  }
  for (const value of values) {
    if (!Token.isUnresolved(value) && !SESSION_TAG_VALUE.test(value)) {
      throw new InfraError(
        "ERR_INFRA_OPTION_INVALID",
        `${property} has ${JSON.stringify(value)}, which can never match: a name becomes a session tag only ` +
          "when it is 1 to 256 letters, digits, spaces and _ . : / = + - @.",
      );
    }
  }
  return [...values];
}

/** The longest common name that a certificate may have: RFC 5280 appendix A.1, ub-common-name. */
const MAXIMUM_COMMON_NAME_LENGTH = 64;

/**
 * The names that are longer than a common name may be. A `/` may separate several common names of one certificate.
 * Names that only CloudFormation knows are left out.
 */
export function tooLongCommonNames(names: readonly string[] | undefined): readonly string[] {
  if (names === undefined || Token.isUnresolved(names)) return [];
  return names.filter(
    (name) =>
      !Token.isUnresolved(name) &&
      name.split("/").some((part) => Array.from(part).length > MAXIMUM_COMMON_NAME_LENGTH),
  );
}

/** A key that holds a value of the certificate. */
const CERTIFICATE_KEY = /^aws:(PrincipalTag|RequestTag)\/x509(Subject|SAN|Issuer)\/|^sts:SourceIdentity$/i;

/** Operators that are true only when the key is there and has one of the values. */
const MATCHING_OPERATOR = /^(ForAnyValue:)?String(Equals|EqualsIgnoreCase|Like)$/;

/** What conditions written by hand say about the certificate. */
export interface HandWrittenTrust {
  /** Whether they let in only certificates with certain values. */
  readonly narrowed: boolean;
  /** The patterns with `*` or `?` among these values. */
  readonly patterns: readonly string[];
}

/** Looks for conditions on the certificate among conditions that the user wrote. */
export function readHandWritten(conditions: Conditions): HandWrittenTrust {
  let narrowed = false;
  const patterns: string[] = [];
  for (const [operator, keys] of Object.entries(conditions)) {
    if (!MATCHING_OPERATOR.test(operator)) continue;
    for (const [key, value] of Object.entries(Object(keys))) {
      if (!CERTIFICATE_KEY.test(key)) continue;
      const values = [value].flat().map(String);
      const wild = operator.endsWith("Like") ? values.filter((each) => /[*?]/.test(each)) : [];
      patterns.push(...wild);
      // A pattern of wildcards alone matches every certificate that has the attribute.
      if (!wild.some((each) => /^[*?]+$/.test(each))) narrowed = true;
    }
  }
  return { narrowed, patterns };
}
