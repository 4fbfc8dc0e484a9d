import { isSessionTagValue, TAGGED_ATTRIBUTES } from "../certificate/session-attributes.ts";
import { valuesOf } from "./distinguished-name.ts";
import type { DistinguishedName } from "./distinguished-name.ts";
import type { ParsedCertificate } from "./parse-certificate.ts";

/** What IAM Roles Anywhere derives from a certificate for the session. */
export interface PredictedSession {
  /** The session name in the ARN of the assumed role: the serial number in lower-case hexadecimal. */
  readonly sessionName: string;
  /** `CN=` and the common name, or what AWS takes instead. */
  readonly sourceIdentity: string;
  /**
   * The session tags by key, for example `x509Subject/CN`. A trust policy sees each as `aws:PrincipalTag/<key>`.
   */
  readonly tags: Readonly<Record<string, string>>;
  /** The names that cannot become tags, for example `x509Subject/O`, or `x509SAN/DNS/2` for the second DNS name. */
  readonly unmapped: readonly string[];
}

/**
 * Predicts session name, source identity and tags, under the attribute mappings of a new profile and without a
 * `roleSessionName` in the request.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html "Source identity" and "Session tags"
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/attribute-mapping.html "Default mapping behavior"
 */
export function predictSession(certificate: ParsedCertificate): PredictedSession {
  const { serialNumber, subject, issuer, extensions } = certificate;
  const digits = (serialNumber < 0n ? -serialNumber : serialNumber).toString(16);
  const sessionName = digits.padStart(digits.length + (digits.length % 2), "0");
  const tags: Record<string, string> = {};
  const unmapped: string[] = [];
  const tag = (key: string, value: string): void => {
    if (value === "") return;
    if (isSessionTagValue(value)) tags[key] = value;
    else unmapped.push(key);
  };
  const tagName = (prefix: string, name: DistinguishedName): void => {
    // Attributes that come several times are one tag.
    for (const type of TAGGED_ATTRIBUTES) tag(`${prefix}/${type}`, valuesOf(name, type).join("/"));
  };
  tagName("x509Subject", subject);
  tagName("x509Issuer", issuer);
  for (const kind of ["dns", "uri"] as const) {
    const key = `x509SAN/${kind.toUpperCase()}`;
    const values = extensions.alternativeNames.flatMap((name) => (name.kind === kind ? name.text : []));
    for (const [index, value] of values.entries()) {
      if (!isSessionTagValue(value)) unmapped.push(`${key}/${index + 1}`);
      else if (index === 0 && value !== "") tags[key] = value;
    }
  }
  const directory = extensions.alternativeNames.find(({ kind }) => kind === "directory");
  if (directory?.kind === "directory") tagName("x509SAN/Name", directory.name);
  return { sessionName, sourceIdentity: sourceIdentityOf(subject, sessionName), tags, unmapped };
}

/** The longest source identity of STS is 64 characters, so that a long common name loses its prefix. */
const LONGEST_COMMON_NAME_WITH_PREFIX = 61;

function sourceIdentityOf(subject: DistinguishedName, serialNumber: string): string {
  const commonName = valuesOf(subject, "CN")[0] ?? "";
  if (commonName === "") return `ID=${serialNumber}`;
  return [...commonName].length > LONGEST_COMMON_NAME_WITH_PREFIX ? commonName : `CN=${commonName}`;
}
