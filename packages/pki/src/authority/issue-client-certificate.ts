import {
  authorityKeyIdentifier,
  clientAuthentication,
  endEntityBasicConstraints,
  keyUsage,
  subjectAlternativeNames,
  subjectKeyIdentifier,
} from "../certificate/extensions.ts";
import type { IssuedCertificate } from "../certificate/issued-certificate.ts";
import { keyIdentifier } from "../certificate/key-identifier.ts";
import { drawSerialNumber } from "../certificate/serial-number.ts";
import { signCertificate } from "../certificate/sign-certificate.ts";
import type { SubjectAlternativeName } from "../certificate/subject-alternative-name.ts";
import { sessionAttributeWarnings } from "../certificate/session-attributes.ts";
import { nameAttributes, subjectName } from "../certificate/subject.ts";
import type { SubjectAttribute } from "../certificate/subject.ts";
import { backdate, resolveValidity, toIsoSeconds } from "../certificate/validity.ts";
import type { Validity, ValidityOptions } from "../certificate/validity.ts";
import { systemDependencies } from "../dependencies.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { PkiError } from "../errors.ts";
import { toPkcs8Pem } from "../keys/generate-key-pair.ts";
import { readCertificateAuthority } from "./read-certificate-authority.ts";
import type { CertificateAuthority } from "./read-certificate-authority.ts";

export interface ClientCertificateOptions extends ValidityOptions {
  /** The CA that signs. */
  readonly authority: CertificateAuthority;
  /** Who the certificate is for; 1 to 64 characters. */
  readonly commonName: string;
  /** Further parts of the subject, written before the common name. @default none */
  readonly subjectAttributes?: readonly SubjectAttribute[] | undefined;
  /** DNS names and URIs. @default none; the certificate then has no such extension */
  readonly subjectAlternativeNames?: readonly SubjectAlternativeName[] | undefined;
}

export const DEFAULT_CLIENT_VALIDITY_DAYS = 365;

/**
 * Issues a client certificate with a new RSA 2048 key: basicConstraints `CA:FALSE`, critical keyUsage digitalSignature,
 * extendedKeyUsage clientAuth, subject and authority key identifiers.
 *
 * The default `notBefore` is never earlier than that of the CA. A given `notBefore` may be earlier, and a given `notAfter`
 * may lie in the past, so that tests can make expired certificates.
 *
 * @param options the CA, the name, and how long the certificate is valid (365 days by default)
 * @example
 * const authority = await loadCertificateAuthority("pki");
 * const { certificatePem, privateKeyPem } = await issueClientCertificate({ authority, commonName: "server-a" });
 *
 * @throws {PkiError} ERR_PKI_AUTHORITY_INVALID, ERR_PKI_AUTHORITY_KEY_MISMATCH, ERR_PKI_AUTHORITY_NOT_YET_VALID,
 *   ERR_PKI_AUTHORITY_EXPIRED, ERR_PKI_OUTLIVES_AUTHORITY, ERR_PKI_INVALID_SUBJECT,
 *   ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME, ERR_PKI_INVALID_VALIDITY
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
 */
export async function issueClientCertificate(
  options: ClientCertificateOptions,
  dependencies: Partial<PkiDependencies> = {},
): Promise<IssuedCertificate> {
  const { now, randomBytes, generateKeyPair } = { ...systemDependencies, ...dependencies };
  const issuedAt = now();
  const subject = subjectName(options.commonName, options.subjectAttributes);
  const names = options.subjectAlternativeNames ?? [];
  const nameExtensions = names.length > 0 ? [subjectAlternativeNames(names)] : [];
  const authority = readCertificateAuthority(options.authority);
  checkInForce(authority, issuedAt);
  const validity = resolveValidity(options, {
    validityDays: DEFAULT_CLIENT_VALIDITY_DAYS,
    notBefore: latest(backdate(issuedAt), authority.notBefore),
  });
  checkWithinLifeOf(authority, validity);

  const serialNumber = drawSerialNumber(randomBytes);
  const { publicKey, privateKey } = await generateKeyPair();
  const certificatePem = signCertificate(
    {
      serialNumber,
      issuer: authority.subject,
      validity,
      subject,
      publicKey,
      extensions: [
        endEntityBasicConstraints(),
        keyUsage("digitalSignature"),
        clientAuthentication(),
        subjectKeyIdentifier(keyIdentifier(publicKey)),
        authorityKeyIdentifier(authority.keyIdentifier),
        ...nameExtensions,
      ],
    },
    authority.privateKey,
  );
  return {
    certificatePem,
    privateKeyPem: toPkcs8Pem(privateKey),
    commonName: options.commonName,
    serialNumber: serialNumber.toString("hex").toUpperCase(),
    warnings: sessionAttributeWarnings({
      subject: nameAttributes(options.commonName, options.subjectAttributes),
      issuer: authority.attributes,
      alternativeNames: names,
    }),
    ...validity,
  };
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
