import type { CertificateExtensions } from "../certificate/description.ts";
import type { IssuedCertificate } from "../certificate/issued-certificate.ts";
import { generalName } from "../certificate/subject-alternative-name.ts";
import type { SubjectAlternativeName } from "../certificate/subject-alternative-name.ts";
import { relativeNames } from "../certificate/distinguished-name.ts";
import { subjectOf } from "../certificate/subject.ts";
import type { SubjectOptions } from "../certificate/subject.ts";
import type { ValidityOptions } from "../certificate/validity.ts";
import { systemDependencies } from "../dependencies.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { PkiError } from "../errors.ts";
import { toPkcs8Pem } from "../keys/key-pair.ts";
import { DEFAULT_KEY_TYPE } from "../keys/key-type.ts";
import type { KeyType } from "../keys/key-type.ts";
import { DEFAULT_CLIENT_VALIDITY_DAYS } from "./defaults.ts";
import { checkNames, issueCertificate, validityUnder } from "./issue-certificate.ts";
import { readCertificateAuthority } from "./read-certificate-authority.ts";
import type { AuthorityContent, CertificateAuthority } from "./read-certificate-authority.ts";

/** What a client certificate says, apart from its key. */
export interface ClientCertificateContent extends SubjectOptions, ValidityOptions {
  /** DNS names, URIs, mail and IP addresses, directory names. @default none; the certificate then has no such extension */
  readonly subjectAlternativeNames?: readonly SubjectAlternativeName[] | undefined;
}

export interface ClientCertificateOptions extends ClientCertificateContent {
  /** The CA that signs. */
  readonly authority: CertificateAuthority;
  /** @default "rsa-2048" */
  readonly keyType?: KeyType | undefined;
}

/**
 * Issues a client certificate with a new key: basicConstraints `CA:FALSE`, critical keyUsage digitalSignature,
 * extendedKeyUsage clientAuth, subject and authority key identifiers.
 *
 * The default `notBefore` is never earlier than that of the CA. A given `notBefore` may be earlier, and a given `notAfter`
 * may lie in the past, so that tests can make expired certificates.
 *
 * @param options the CA, the name, the kind of key (RSA 2048 by default), and how long the certificate is valid (365 days by
 *   default)
 * @example
 * const authority = await loadCertificateAuthority("pki");
 * const { certificatePem, privateKeyPem } = await issueClientCertificate({ authority, commonName: "server-a" });
 *
 * @throws {PkiError} ERR_PKI_AUTHORITY_INVALID, ERR_PKI_AUTHORITY_KEY_MISMATCH, ERR_PKI_AUTHORITY_NOT_YET_VALID,
 *   ERR_PKI_AUTHORITY_EXPIRED, ERR_PKI_OUTLIVES_AUTHORITY, ERR_PKI_INVALID_SUBJECT,
 *   ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME, ERR_PKI_INVALID_VALIDITY, ERR_PKI_KEY_UNSUPPORTED, ERR_PKI_PASSPHRASE,
 *   ERR_PKI_SIGNATURE, ERR_PKI_NAME_CONSTRAINT_VIOLATED
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
 */
export async function issueClientCertificate(
  options: ClientCertificateOptions,
  dependencies: Partial<PkiDependencies> = {},
): Promise<IssuedCertificate> {
  return issueClient(readCertificateAuthority(options.authority), options, dependencies);
}

/** {@link issueClientCertificate} with a CA that was read before: opening an encrypted key takes long. */
export async function issueClient(
  authority: AuthorityContent,
  options: Omit<ClientCertificateOptions, "authority">,
  dependencies: Partial<PkiDependencies>,
): Promise<IssuedCertificate> {
  const { generateKeyPair, ...clockAndRandomness } = { ...systemDependencies, ...dependencies };
  checkClient(authority, options, clockAndRandomness.now());
  const { publicKey, privateKey } = await generateKeyPair(options.keyType ?? DEFAULT_KEY_TYPE);
  const certificate = await issueCertificate(
    authority,
    {
      ...options,
      subject: subjectOf(options),
      publicKey,
      extensions: clientExtensions(options.subjectAlternativeNames),
      defaultValidityDays: DEFAULT_CLIENT_VALIDITY_DAYS,
    },
    clockAndRandomness,
  );
  return { ...certificate, privateKeyPem: toPkcs8Pem(privateKey) };
}

/** Finds what is wrong with names or validity, before a key is made. */
export function checkClient(authority: AuthorityContent, client: ClientCertificateContent, now: Date): void {
  relativeNames(subjectOf(client));
  checkAlternativeNames(client.subjectAlternativeNames);
  checkNames(authority, subjectOf(client), client.subjectAlternativeNames);
  validityUnder(authority, client, DEFAULT_CLIENT_VALIDITY_DAYS, now);
}

/** Programs without types can give one name in place of a list. */
function checkAlternativeNames(names: unknown): void {
  if (names === undefined) return;
  if (!Array.isArray(names)) {
    throw new PkiError(
      "ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME",
      `subjectAlternativeNames is no array; give [{ type: "dns", value: "server.example.org" }]`,
    );
  }
  names.forEach(generalName);
}

/** The extensions of a client certificate, but for the key identifiers. */
export function clientExtensions(
  subjectAlternativeNames: readonly SubjectAlternativeName[] | undefined,
): Pick<
  CertificateExtensions,
  "basicConstraints" | "keyUsage" | "extendedKeyUsage" | "subjectAlternativeNames"
> {
  return {
    basicConstraints: { authority: false },
    keyUsage: ["digitalSignature"],
    extendedKeyUsage: ["clientAuth"],
    subjectAlternativeNames,
  };
}
