import { authorityBasicConstraints, keyUsage, subjectKeyIdentifier } from "../certificate/extensions.ts";
import type { IssuedCertificate } from "../certificate/issued-certificate.ts";
import { keyIdentifier } from "../certificate/key-identifier.ts";
import { drawSerialNumber } from "../certificate/serial-number.ts";
import { signCertificate } from "../certificate/sign-certificate.ts";
import { sessionAttributeWarnings } from "../certificate/session-attributes.ts";
import { nameAttributes, subjectName } from "../certificate/subject.ts";
import type { SubjectAttribute } from "../certificate/subject.ts";
import { backdate, resolveValidity } from "../certificate/validity.ts";
import type { ValidityOptions } from "../certificate/validity.ts";
import { systemDependencies } from "../dependencies.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { toPkcs8Pem } from "../keys/generate-key-pair.ts";

export interface RootCertificateAuthorityOptions extends ValidityOptions {
  /** @default "MyRootCA" */
  readonly commonName?: string | undefined;
  /** Further parts of the subject, written before the common name. @default none */
  readonly subjectAttributes?: readonly SubjectAttribute[] | undefined;
}

export const DEFAULT_AUTHORITY_COMMON_NAME = "MyRootCA";
export const DEFAULT_AUTHORITY_VALIDITY_DAYS = 3650;

/**
 * Makes a self-signed root CA: RSA 2048, SHA-256, critical basicConstraints `CA:TRUE`, critical keyUsage
 * digitalSignature + keyCertSign + cRLSign, subjectKeyIdentifier. AWS accepts it as a trust anchor.
 *
 * @param options the name of the CA, and how long it is valid (3650 days by default)
 * @example
 * const { certificatePem, privateKeyPem } = await createRootCertificateAuthority({ commonName: "Example Root" });
 *
 * @throws {PkiError} ERR_PKI_INVALID_SUBJECT, ERR_PKI_INVALID_VALIDITY
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
 */
export async function createRootCertificateAuthority(
  options: RootCertificateAuthorityOptions = {},
  dependencies: Partial<PkiDependencies> = {},
): Promise<IssuedCertificate> {
  const { now, randomBytes, generateKeyPair } = { ...systemDependencies, ...dependencies };
  const commonName = options.commonName ?? DEFAULT_AUTHORITY_COMMON_NAME;
  const subject = subjectName(commonName, options.subjectAttributes);
  const validity = resolveValidity(options, {
    validityDays: DEFAULT_AUTHORITY_VALIDITY_DAYS,
    notBefore: backdate(now()),
  });
  const serialNumber = drawSerialNumber(randomBytes);
  const { publicKey, privateKey } = await generateKeyPair();

  const certificatePem = signCertificate(
    {
      serialNumber,
      issuer: subject,
      validity,
      subject,
      publicKey,
      extensions: [
        authorityBasicConstraints(),
        keyUsage("digitalSignature", "keyCertSign", "cRLSign"),
        subjectKeyIdentifier(keyIdentifier(publicKey)),
      ],
    },
    privateKey,
  );
  return {
    certificatePem,
    privateKeyPem: toPkcs8Pem(privateKey),
    commonName,
    serialNumber: serialNumber.toString("hex").toUpperCase(),
    // The subject of this CA becomes the issuer of every certificate that it signs.
    warnings: sessionAttributeWarnings({ issuer: nameAttributes(commonName, options.subjectAttributes) }),
    ...validity,
  };
}
