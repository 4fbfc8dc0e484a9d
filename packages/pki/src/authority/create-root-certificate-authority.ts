import type { CertificateExtensions } from "../certificate/description.ts";
import { signCertificate } from "../certificate/encode-certificate.ts";
import type { IssuedCertificate } from "../certificate/issued-certificate.ts";
import { keyIdentifier } from "../certificate/key-identifier.ts";
import type { NameConstraints } from "../certificate/name-constraints.ts";
import { drawSerialNumber } from "../certificate/serial-number.ts";
import { sessionAttributeWarnings } from "../certificate/session-attributes.ts";
import { relativeNames } from "../certificate/distinguished-name.ts";
import { nameAttributes, subjectOf, writeSlashName } from "../certificate/subject.ts";
import type { SubjectAttribute } from "../certificate/subject.ts";
import { backdate, resolveValidity } from "../certificate/validity.ts";
import type { ValidityOptions } from "../certificate/validity.ts";
import { systemDependencies } from "../dependencies.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { toDer } from "../der/encode.ts";
import { PkiError } from "../errors.ts";
import { toPrivateKeyPem } from "../keys/encrypt-private-key.ts";
import { supportedKeyType, toSpki } from "../keys/key-pair.ts";
import { DEFAULT_KEY_TYPE } from "../keys/key-type.ts";
import type { KeyType } from "../keys/key-type.ts";
import { signatureAlgorithmOf, signOctets } from "../keys/signature-algorithm.ts";
import { DEFAULT_AUTHORITY_COMMON_NAME, DEFAULT_AUTHORITY_VALIDITY_DAYS } from "./defaults.ts";

/** What every CA certificate may limit. */
export interface AuthorityLimits {
  /** How many CAs may stand between this CA and an end-entity certificate, 0 to 127. @default any number */
  readonly pathLength?: number | undefined;
  /** The names that certificates below this CA may have. @default all */
  readonly nameConstraints?: NameConstraints | undefined;
}

export interface RootCertificateAuthorityOptions extends ValidityOptions, AuthorityLimits {
  /** @default "MyRootCA" */
  readonly commonName?: string | undefined;
  /** Further parts of the subject, written before the common name. @default none */
  readonly subjectAttributes?: readonly SubjectAttribute[] | undefined;
  /** @default "rsa-2048" */
  readonly keyType?: KeyType | undefined;
  /** Encrypts the new key. @default it is not encrypted */
  readonly keyPassphrase?: string | undefined;
}

/**
 * Makes a self-signed root CA: critical basicConstraints `CA:TRUE`, critical keyUsage digitalSignature + keyCertSign +
 * cRLSign, subjectKeyIdentifier. AWS accepts it as a trust anchor.
 *
 * @param options the name of the CA, its kind of key (RSA 2048 by default), how long it is valid (3650 days by default), and
 *   what it may issue
 * @example
 * const { certificatePem, privateKeyPem } = await createRootCertificateAuthority({ commonName: "Example Root" });
 *
 * @throws {PkiError} ERR_PKI_INVALID_SUBJECT, ERR_PKI_INVALID_VALIDITY, ERR_PKI_PATH_LENGTH,
 *   ERR_PKI_INVALID_NAME_CONSTRAINT, ERR_PKI_KEY_UNSUPPORTED
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
 */
export async function createRootCertificateAuthority(
  options: RootCertificateAuthorityOptions = {},
  dependencies: Partial<PkiDependencies> = {},
): Promise<IssuedCertificate> {
  const { now, randomBytes, generateKeyPair } = { ...systemDependencies, ...dependencies };
  const commonName = options.commonName ?? DEFAULT_AUTHORITY_COMMON_NAME;
  const attributes = subjectOf({ ...options, commonName });
  const subject = toDer(relativeNames(attributes));
  const extensions = authorityExtensions(options);
  const validity = resolveValidity(options, {
    validityDays: DEFAULT_AUTHORITY_VALIDITY_DAYS,
    notBefore: backdate(now()),
  });
  const serialNumber = drawSerialNumber(randomBytes);
  const { publicKey, privateKey } = await generateKeyPair(options.keyType ?? DEFAULT_KEY_TYPE);
  const keyType = supportedKeyType(publicKey);
  const algorithm = signatureAlgorithmOf(privateKey);
  if (algorithm === undefined) throw new TypeError(`nothing signs with ${keyType}`);

  const certificatePem = await signCertificate(
    {
      serialNumber,
      issuer: subject,
      subject,
      publicKey: toSpki(publicKey),
      extensions: { ...extensions, subjectKeyIdentifier: keyIdentifier(publicKey) },
      ...validity,
    },
    algorithm,
    async (octets) => signOctets(algorithm, octets, privateKey),
  );
  return {
    certificatePem,
    privateKeyPem: toPrivateKeyPem(privateKey, options.keyPassphrase),
    chainPem: "",
    commonName,
    subject: writeSlashName(attributes),
    keyType,
    serialNumber: serialNumber.toString("hex").toUpperCase(),
    // The subject of this CA becomes the issuer of every certificate that it signs.
    warnings: sessionAttributeWarnings({ issuer: nameAttributes(attributes) }),
    ...validity,
  };
}

/**
 * The extensions of a CA certificate, but for the key identifiers.
 *
 * @throws {PkiError} ERR_PKI_PATH_LENGTH when the path length is not a whole number from 0 to 127.
 */
export function authorityExtensions({
  pathLength,
  nameConstraints,
}: AuthorityLimits): Pick<CertificateExtensions, "basicConstraints" | "keyUsage" | "nameConstraints"> {
  if (pathLength !== undefined && !(Number.isInteger(pathLength) && pathLength >= 0 && pathLength <= 127)) {
    throw new PkiError(
      "ERR_PKI_PATH_LENGTH",
      `the path length is ${pathLength}; give a whole number from 0 to 127`,
    );
  }
  const { permitted = [], excluded = [] } = nameConstraints ?? {};
  return {
    basicConstraints: { authority: true, pathLength },
    keyUsage: ["digitalSignature", "keyCertSign", "cRLSign"],
    // RFC 5280 §4.2.1.10 forbids the extension without an entry.
    nameConstraints: permitted.length + excluded.length === 0 ? undefined : nameConstraints,
  };
}
