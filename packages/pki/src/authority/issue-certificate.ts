import type { KeyObject } from "node:crypto";
import type { CertificateDescription } from "../certificate/description.ts";
import { signCertificate } from "../certificate/encode-certificate.ts";
import type { SignedCertificate } from "../certificate/issued-certificate.ts";
import { keyIdentifier } from "../certificate/key-identifier.ts";
import { drawSerialNumber } from "../certificate/serial-number.ts";
import { sessionAttributeWarnings } from "../certificate/session-attributes.ts";
import { relativeNames } from "../certificate/distinguished-name.ts";
import { generalName } from "../certificate/subject-alternative-name.ts";
import type { SubjectAlternativeName } from "../certificate/subject-alternative-name.ts";
import { commonNameOf, nameAttributes, writeSlashName } from "../certificate/subject.ts";
import type { NameAttribute } from "../certificate/subject.ts";
import { backdate, resolveValidity, toIsoSeconds } from "../certificate/validity.ts";
import type { Validity, ValidityOptions } from "../certificate/validity.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { toDer } from "../der/encode.ts";
import { PkiError } from "../errors.ts";
import { readDistinguishedName } from "../inspection/distinguished-name.ts";
import { forbiddenNames } from "../inspection/name-constraints.ts";
import { readGeneralName } from "../inspection/read-extensions.ts";
import { supportedKeyType, toSpki } from "../keys/key-pair.ts";
import type { AuthorityContent } from "./read-certificate-authority.ts";

/** What {@link issueCertificate} decides about the extensions by itself. */
type OwnExtensions = "subjectKeyIdentifier" | "authorityKeyIdentifier";

/** What a CA is asked to certify. */
export interface IssueInit extends ValidityOptions {
  /** The subject, with exactly one common name. */
  readonly subject: readonly NameAttribute[];
  readonly publicKey: KeyObject;
  readonly defaultValidityDays: number;
  readonly extensions: Omit<CertificateDescription["extensions"], OwnExtensions>;
}

/**
 * Has a CA sign a certificate for a public key.
 *
 * @param authority the CA, as `readCertificateAuthority` returns it
 * @throws {PkiError} ERR_PKI_INVALID_SUBJECT, ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME, ERR_PKI_INVALID_NAME_CONSTRAINT,
 *   ERR_PKI_NAME_CONSTRAINT_VIOLATED,
 *   ERR_PKI_INVALID_VALIDITY, ERR_PKI_AUTHORITY_NOT_YET_VALID, ERR_PKI_AUTHORITY_EXPIRED, ERR_PKI_OUTLIVES_AUTHORITY,
 *   ERR_PKI_KEY_UNSUPPORTED, ERR_PKI_SIGNATURE
 */
export async function issueCertificate(
  authority: AuthorityContent,
  init: IssueInit,
  { now, randomBytes }: Pick<PkiDependencies, "now" | "randomBytes">,
): Promise<SignedCertificate> {
  const { subject, publicKey, extensions } = init;
  checkNames(authority, subject, extensions.subjectAlternativeNames);
  const keyType = supportedKeyType(publicKey);
  const validity = validityUnder(authority, init, init.defaultValidityDays, now());
  const serialNumber = drawSerialNumber(randomBytes);
  const certificatePem = await signCertificate(
    {
      serialNumber,
      issuer: authority.subject,
      subject: toDer(relativeNames(subject)),
      publicKey: toSpki(publicKey),
      extensions: {
        ...extensions,
        subjectKeyIdentifier: keyIdentifier(publicKey),
        authorityKeyIdentifier: authority.keyIdentifier,
      },
      ...validity,
    },
    authority.algorithm,
    authority.sign,
  );
  return {
    certificatePem,
    chainPem: authority.chainPem,
    commonName: commonNameOf(subject),
    subject: writeSlashName(subject),
    keyType,
    serialNumber: serialNumber.toString("hex").toUpperCase(),
    warnings: sessionAttributeWarnings({
      subject: nameAttributes(subject),
      issuer: authority.attributes,
      alternativeNames: extensions.subjectAlternativeNames,
    }),
    ...validity,
  };
}

/**
 * Refuses names that the name constraints of a CA do not allow: whoever verifies the certificate would refuse it.
 *
 * @throws {PkiError} ERR_PKI_NAME_CONSTRAINT_VIOLATED
 */
export function checkNames(
  { nameConstraints }: AuthorityContent,
  subject: readonly NameAttribute[],
  alternativeNames: readonly SubjectAlternativeName[] = [],
): void {
  if (nameConstraints.length === 0) return;
  const names = {
    subject: readDistinguishedName(relativeNames(subject)),
    alternativeNames: alternativeNames.map((name) => readGeneralName(generalName(name))),
  };
  const [forbidden] = nameConstraints.flatMap((constraints) => forbiddenNames(names, constraints));
  if (forbidden === undefined) return;
  throw new PkiError(
    "ERR_PKI_NAME_CONSTRAINT_VIOLATED",
    `the CA, or one above it, may not certify ${forbidden} (nameConstraints); leave that name out, or sign with another CA`,
  );
}

/** The validity asked for, when the CA is in force and lives as long. */
export function validityUnder(
  authority: Validity,
  options: ValidityOptions,
  defaultValidityDays: number,
  now: Date,
): Validity {
  checkInForce(authority, now);
  const validity = resolveValidity(options, {
    validityDays: defaultValidityDays,
    notBefore: latest(backdate(now), authority.notBefore),
  });
  checkWithinLifeOf(authority, validity);
  return validity;
}

/** For how many whole days a CA outlives the default beginning of a certificate. */
export function wholeDaysLeft(authority: Validity, options: ValidityOptions, now: Date): number {
  const notBefore = options.notBefore ?? latest(backdate(now), authority.notBefore);
  return Math.floor((authority.notAfter.getTime() - notBefore.getTime()) / 86_400_000);
}

function checkInForce(authority: Validity, now: Date): void {
  if (now < authority.notBefore) {
    throw new PkiError(
      "ERR_PKI_AUTHORITY_NOT_YET_VALID",
      `the CA is valid from ${toIsoSeconds(authority.notBefore)}, and now it is ${toIsoSeconds(now)}; ` +
        "check the clock, or wait",
    );
  }
  if (now > authority.notAfter) {
    throw new PkiError(
      "ERR_PKI_AUTHORITY_EXPIRED",
      `the CA expired at ${toIsoSeconds(authority.notAfter)}, and now it is ${toIsoSeconds(now)}; make a new CA`,
    );
  }
}

// RFC 5280 lets a certificate outlive its CA. But such a certificate would stop working before its own notAfter.
function checkWithinLifeOf(authority: Validity, validity: Validity): void {
  if (validity.notAfter <= authority.notAfter) {
    return;
  }
  const wholeDays = Math.floor((authority.notAfter.getTime() - validity.notBefore.getTime()) / 86_400_000);
  throw new PkiError(
    "ERR_PKI_OUTLIVES_AUTHORITY",
    `the certificate would be valid until ${toIsoSeconds(validity.notAfter)}, ` +
      `longer than its CA (${toIsoSeconds(authority.notAfter)}); ` +
      (wholeDays >= 1 ? `ask for at most ${wholeDays} days` : "make a new CA"),
  );
}

function latest(a: Date, b: Date): Date {
  return a > b ? a : b;
}
