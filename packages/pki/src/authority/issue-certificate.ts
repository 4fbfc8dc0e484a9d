import type { KeyObject } from "node:crypto";
import type { CertificateDescription } from "../certificate/description.ts";
import { signCertificate } from "../certificate/encode-certificate.ts";
import type { SignedCertificate } from "../certificate/issued-certificate.ts";
import { keyIdentifier } from "../certificate/key-identifier.ts";
import { drawSerialNumber } from "../certificate/serial-number.ts";
import { sessionAttributeWarnings } from "../certificate/session-attributes.ts";
import { nameAttributes, subjectName, writeSlashName } from "../certificate/subject.ts";
import type { SubjectAttribute } from "../certificate/subject.ts";
import { backdate, resolveValidity, toIsoSeconds } from "../certificate/validity.ts";
import type { Validity, ValidityOptions } from "../certificate/validity.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { toDer } from "../der/encode.ts";
import { PkiError } from "../errors.ts";
import { describeKey, keyTypeOf, toSpki } from "../keys/key-pair.ts";
import type { KeyType } from "../keys/key-type.ts";
import type { AuthorityContent } from "./read-certificate-authority.ts";

/** Who a certificate is for. */
export interface SubjectOptions {
  /** 1 to 64 characters. */
  readonly commonName: string;
  /** Further parts of the subject, written before the common name. @default none */
  readonly subjectAttributes?: readonly SubjectAttribute[] | undefined;
}

/** What {@link issueCertificate} decides about the extensions by itself. */
type OwnExtensions = "subjectKeyIdentifier" | "authorityKeyIdentifier";

export interface CertificateRequestContent extends SubjectOptions, ValidityOptions {
  readonly publicKey: KeyObject;
  readonly defaultValidityDays: number;
  readonly extensions: Omit<CertificateDescription["extensions"], OwnExtensions>;
}

/**
 * Has a CA sign a certificate for a public key.
 *
 * @param authority the CA, as `readCertificateAuthority` returns it
 * @throws {PkiError} ERR_PKI_INVALID_SUBJECT, ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME, ERR_PKI_INVALID_NAME_CONSTRAINT,
 *   ERR_PKI_INVALID_VALIDITY, ERR_PKI_AUTHORITY_NOT_YET_VALID, ERR_PKI_AUTHORITY_EXPIRED, ERR_PKI_OUTLIVES_AUTHORITY,
 *   ERR_PKI_KEY_UNSUPPORTED, ERR_PKI_SIGNATURE
 */
export async function issueCertificate(
  authority: AuthorityContent,
  request: CertificateRequestContent,
  { now, randomBytes }: Pick<PkiDependencies, "now" | "randomBytes">,
): Promise<SignedCertificate> {
  const { commonName, subjectAttributes = [], publicKey, extensions } = request;
  const validity = validityUnder(authority, request, request.defaultValidityDays, now());
  const serialNumber = drawSerialNumber(randomBytes);
  const certificatePem = await signCertificate(
    {
      serialNumber,
      issuer: authority.subject,
      subject: toDer(subjectName(commonName, subjectAttributes)),
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
    commonName,
    subject: writeSlashName([...subjectAttributes, { type: "CN", value: commonName }]),
    keyType: supportedKeyType(publicKey),
    serialNumber: serialNumber.toString("hex").toUpperCase(),
    warnings: sessionAttributeWarnings({
      subject: nameAttributes(commonName, subjectAttributes),
      issuer: authority.attributes,
      alternativeNames: extensions.subjectAlternativeNames,
    }),
    ...validity,
  };
}

/**
 * The kind of a key that a certificate is asked for.
 *
 * @throws {PkiError} ERR_PKI_KEY_UNSUPPORTED for a short RSA key, another curve or another algorithm.
 */
export function supportedKeyType(publicKey: KeyObject): KeyType {
  const keyType = keyTypeOf(publicKey);
  if (keyType !== undefined) return keyType;
  throw new PkiError(
    "ERR_PKI_KEY_UNSUPPORTED",
    `the key is of the type ${describeKey(publicKey)}; use RSA with 2048, 3072 or 4096 bits, EC P-256, P-384 or P-521, or ML-DSA`,
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
