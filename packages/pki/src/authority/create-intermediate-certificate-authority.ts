import type { IssuedCertificate } from "../certificate/issued-certificate.ts";
import { relativeNames } from "../certificate/distinguished-name.ts";
import { subjectOf } from "../certificate/subject.ts";
import type { SubjectOptions } from "../certificate/subject.ts";
import type { ValidityOptions } from "../certificate/validity.ts";
import { systemDependencies } from "../dependencies.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { PkiError } from "../errors.ts";
import { toPrivateKeyPem } from "../keys/encrypt-private-key.ts";
import { DEFAULT_KEY_TYPE } from "../keys/key-type.ts";
import type { KeyType } from "../keys/key-type.ts";
import { authorityExtensions } from "./create-root-certificate-authority.ts";
import type { AuthorityLimits } from "./create-root-certificate-authority.ts";
import { DEFAULT_INTERMEDIATE_PATH_LENGTH, DEFAULT_INTERMEDIATE_VALIDITY_DAYS } from "./defaults.ts";
import { checkNames, issueCertificate, wholeDaysLeft } from "./issue-certificate.ts";
import { readCertificateAuthority } from "./read-certificate-authority.ts";
import type { CertificateAuthority } from "./read-certificate-authority.ts";

export interface IntermediateCertificateAuthorityOptions
  extends SubjectOptions, ValidityOptions, AuthorityLimits {
  /** The CA that signs: a root, or another intermediate. */
  readonly authority: CertificateAuthority;
  /**
   * How many CAs may stand between this CA and an end-entity certificate, 0 to 127.
   *
   * @default 0: this CA issues end-entity certificates only
   */
  readonly pathLength?: number | undefined;
  /** @default "rsa-2048" */
  readonly keyType?: KeyType | undefined;
  /** Encrypts the new key. @default it is not encrypted */
  readonly keyPassphrase?: string | undefined;
}

/**
 * Makes a CA below another one: critical basicConstraints `CA:TRUE` with a path length, critical keyUsage digitalSignature +
 * keyCertSign + cRLSign, key identifiers of itself and its issuer, and name constraints where given.
 *
 * @param options the CA that signs, the name of the new one, how long it is valid (by default 1825
 *   days, or the whole days that its issuer has left), and what it may issue
 * @example
 * const { certificatePem, privateKeyPem, chainPem } = await createIntermediateCertificateAuthority({
 *   authority: root,
 *   commonName: "Issuing CA",
 *   nameConstraints: { permitted: [{ type: "dns", value: "example.org" }] },
 * });
 *
 * @throws {PkiError} as `issueClientCertificate`, and ERR_PKI_PATH_LENGTH when the issuer's path length does not allow
 *   this CA, ERR_PKI_INVALID_NAME_CONSTRAINT
 * @see RFC 5280 §4.2.1.9 and §4.2.1.10
 */
export async function createIntermediateCertificateAuthority(
  options: IntermediateCertificateAuthorityOptions,
  dependencies: Partial<PkiDependencies> = {},
): Promise<IssuedCertificate> {
  const { generateKeyPair, ...clockAndRandomness } = { ...systemDependencies, ...dependencies };
  const { keyType = DEFAULT_KEY_TYPE, pathLength = DEFAULT_INTERMEDIATE_PATH_LENGTH } = options;
  const authority = readCertificateAuthority(options.authority);
  relativeNames(subjectOf(options));
  checkNames(authority, subjectOf(options));
  const extensions = authorityExtensions({ ...options, pathLength });
  if (authority.pathLength !== undefined && pathLength >= authority.pathLength) {
    throw new PkiError(
      "ERR_PKI_PATH_LENGTH",
      authority.pathLength === 0
        ? "the path length of the CA is 0, so it issues end-entity certificates only; let a CA above it make this one"
        : `the path length asked for is ${pathLength}, and the CA allows at most ${authority.pathLength - 1}; ask for less`,
    );
  }
  const { publicKey, privateKey } = await generateKeyPair(keyType);
  const certificate = await issueCertificate(
    authority,
    {
      ...options,
      subject: subjectOf(options),
      publicKey,
      extensions,
      // Below another intermediate, so many days would always be more than that one has left.
      defaultValidityDays: Math.max(
        1,
        Math.min(
          DEFAULT_INTERMEDIATE_VALIDITY_DAYS,
          wholeDaysLeft(authority, options, clockAndRandomness.now()),
        ),
      ),
    },
    clockAndRandomness,
  );
  return { ...certificate, privateKeyPem: toPrivateKeyPem(privateKey, options.keyPassphrase) };
}
