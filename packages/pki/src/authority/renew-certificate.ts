import { X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { EXTENSION_OID } from "../certificate/extensions.ts";
import type { SignedCertificate } from "../certificate/issued-certificate.ts";
import { readCertificate } from "../certificate/read-certificate.ts";
import { readGeneralName } from "../certificate/subject-alternative-name.ts";
import type { SubjectAlternativeName } from "../certificate/subject-alternative-name.ts";
import { readName } from "../certificate/distinguished-name.ts";
import type { NameAttribute } from "../certificate/subject.ts";
import type { ValidityOptions } from "../certificate/validity.ts";
import { systemDependencies } from "../dependencies.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { items } from "../der/decode.ts";
import { PkiError } from "../errors.ts";
import { supportedKeyType, toPkcs8Pem } from "../keys/key-pair.ts";
import type { KeyType } from "../keys/key-type.ts";
import { readPem } from "../pem.ts";
import { clientExtensions } from "./issue-client-certificate.ts";
import { issueCertificate } from "./issue-certificate.ts";
import { readCertificateAuthority } from "./read-certificate-authority.ts";
import type { CertificateAuthority } from "./read-certificate-authority.ts";

export interface RenewOptions extends ValidityOptions {
  /** The CA that signs: the one that signed the certificate, or one that takes its place. */
  readonly authority: CertificateAuthority;
  /** The certificate that the new one replaces. It may have expired. `authority` or one of `predecessorsPem` signed it. */
  readonly certificatePem: string;
  /**
   * Certificates of CAs whose certificates `authority` renews beside its own, because it takes their place, in PEM.
   *
   * @default none
   */
  readonly predecessorsPem?: string | undefined;
  /** Whether to make a new key. @default false: the new certificate has the key of the old one */
  readonly newKey?: boolean | undefined;
  /** The kind of a new key. @default that of the old one */
  readonly keyType?: KeyType | undefined;
}

/** A certificate that replaces another one. */
export interface RenewedCertificate extends SignedCertificate {
  /** The serial number of the old certificate. */
  readonly renews: string;
  /** PEM, PKCS#8; undefined when the key is the old one. A secret: store it 0600, never log it. */
  readonly privateKeyPem: string | undefined;
}

const DAY_MS = 86_400_000;

/**
 * Issues a client certificate with the names of another one, for the same key or a new one. By default it is valid for as
 * many days as the old one was. The old certificate stays valid until it expires or is revoked.
 *
 * @example
 * const { certificatePem } = await renewCertificate({ authority, certificatePem: old });
 *
 * @throws {PkiError} ERR_PKI_CERTIFICATE_INVALID when the old certificate cannot be read, is that of a CA, is signed by neither
 *   the CA nor a predecessor of it, or has names that this library does not write; otherwise as `issueClientCertificate`
 */
export async function renewCertificate(
  options: RenewOptions,
  dependencies: Partial<PkiDependencies> = {},
): Promise<RenewedCertificate> {
  const { generateKeyPair, ...clockAndRandomness } = { ...systemDependencies, ...dependencies };
  const authority = readCertificateAuthority(options.authority);
  const old = readOld(options.certificatePem, [
    ...certificatesIn(options.authority.certificatePem).slice(0, 1),
    ...certificatesIn(options.predecessorsPem ?? ""),
  ]);
  const pair =
    options.newKey === true
      ? await generateKeyPair(options.keyType ?? supportedKeyType(old.publicKey))
      : { publicKey: old.publicKey, privateKey: undefined };
  const certificate = await issueCertificate(
    authority,
    {
      ...options,
      subject: old.subject,
      publicKey: pair.publicKey,
      extensions: clientExtensions(old.subjectAlternativeNames),
      defaultValidityDays: old.validityDays,
    },
    clockAndRandomness,
  );
  return {
    ...certificate,
    renews: old.serialNumber,
    privateKeyPem: pair.privateKey === undefined ? undefined : toPkcs8Pem(pair.privateKey),
  };
}

interface OldCertificate {
  readonly subject: readonly NameAttribute[];
  readonly subjectAlternativeNames: readonly SubjectAlternativeName[];
  readonly publicKey: KeyObject;
  readonly serialNumber: string;
  readonly validityDays: number;
}

function certificatesIn(pem: string): X509Certificate[] {
  try {
    return readPem(pem).flatMap(({ label, text }) =>
      label === "CERTIFICATE" ? [new X509Certificate(text)] : [],
    );
  } catch (cause) {
    throw invalid("the certificate of a CA that may have signed it cannot be read; give PEM", cause);
  }
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function readOld(pem: string, issuers: readonly X509Certificate[]): OldCertificate {
  const block = readPem(pem).find(({ label }) => label === "CERTIFICATE");
  let certificate: X509Certificate;
  let content: ReturnType<typeof readCertificate>;
  try {
    certificate = new X509Certificate(block?.text ?? pem);
    content = readCertificate(certificate.raw);
  } catch (cause) {
    throw invalid("it cannot be read; give a PEM certificate", cause);
  }
  if (certificate.ca) throw invalid("it is that of a CA; make a new CA, and let both overlap");
  if (!issuers.some((issuer) => isIssuedBy(certificate, issuer))) {
    throw invalid("the CA has not signed it; use the CA that did, or issue a new certificate");
  }
  const subject = readName(content.subject);
  const names = items(content.extensions.get(EXTENSION_OID.subjectAlternativeName)).map(readGeneralName);
  const known = names.filter((name) => name !== undefined);
  if (subject === undefined || known.length < names.length) {
    throw invalid("it has names that ra-pki does not write; issue a new one");
  }
  const lifeMs = certificate.validToDate.getTime() - certificate.validFromDate.getTime();
  return {
    subject,
    subjectAlternativeNames: known,
    publicKey: certificate.publicKey,
    serialNumber: certificate.serialNumber.toUpperCase(),
    validityDays: Math.max(1, Math.round(lifeMs / DAY_MS)),
  };
}

function invalid(reason: string, cause?: unknown): PkiError {
  return new PkiError("ERR_PKI_CERTIFICATE_INVALID", `the certificate cannot be renewed: ${reason}`, {
    cause,
  });
}
