import { readRequest, signRequest } from "../certificate/certificate-request.ts";
import type { RequestContent } from "../certificate/certificate-request.ts";
import type { SignedCertificate } from "../certificate/issued-certificate.ts";
import { sessionAttributeWarnings } from "../certificate/session-attributes.ts";
import { generalName } from "../certificate/subject-alternative-name.ts";
import type { SubjectAlternativeName } from "../certificate/subject-alternative-name.ts";
import { relativeNames } from "../certificate/distinguished-name.ts";
import { nameAttributes, subjectOf, writeSlashName } from "../certificate/subject.ts";
import type { NameAttribute, SubjectAttribute, SubjectOptions } from "../certificate/subject.ts";
import type { ValidityOptions } from "../certificate/validity.ts";
import { systemDependencies } from "../dependencies.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { PkiError } from "../errors.ts";
import type { PkiWarning } from "../errors.ts";
import { supportedKeyType, toPkcs8Pem } from "../keys/key-pair.ts";
import { DEFAULT_KEY_TYPE } from "../keys/key-type.ts";
import type { KeyType } from "../keys/key-type.ts";
import { signatureAlgorithmOf, signOctets } from "../keys/signature-algorithm.ts";
import { DEFAULT_CLIENT_VALIDITY_DAYS } from "./defaults.ts";
import { clientExtensions } from "./issue-client-certificate.ts";
import { issueCertificate } from "./issue-certificate.ts";
import { readCertificateAuthority } from "./read-certificate-authority.ts";
import type { CertificateAuthority } from "./read-certificate-authority.ts";

export interface CertificateRequestOptions extends SubjectOptions {
  /** Names that the certificate shall have beside its subject. The CA decides. @default none */
  readonly subjectAlternativeNames?: readonly SubjectAlternativeName[] | undefined;
  /** @default "rsa-2048" */
  readonly keyType?: KeyType | undefined;
}

/** A request for a certificate, and the new key. `privateKeyPem` is a secret: store it 0600, never log it. */
export interface CertificateRequest {
  /** PEM, one `CERTIFICATE REQUEST` block. It is no secret. */
  readonly requestPem: string;
  /** PEM, one unencrypted PKCS#8 `PRIVATE KEY` block. */
  readonly privateKeyPem: string;
  readonly commonName: string;
  /** As `openssl -subj` takes it: `/O=Example/CN=server-1`. */
  readonly subject: string;
  readonly keyType: KeyType;
  /** Problems that Roles Anywhere will have with a certificate of these names. */
  readonly warnings: readonly PkiWarning[];
}

/**
 * Makes a key and a request for a client certificate (PKCS#10). The key stays where it is made; the request goes to the CA.
 *
 * @example
 * const { requestPem, privateKeyPem } = await createCertificateRequest({ commonName: "server-a" });
 *
 * @throws {PkiError} ERR_PKI_INVALID_SUBJECT, ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME, ERR_PKI_KEY_UNSUPPORTED
 * @see RFC 2986
 */
export async function createCertificateRequest(
  options: CertificateRequestOptions,
  dependencies: Partial<PkiDependencies> = {},
): Promise<CertificateRequest> {
  const { generateKeyPair } = { ...systemDependencies, ...dependencies };
  const { subjectAlternativeNames } = options;
  const subject = subjectOf(options);
  relativeNames(subject);
  subjectAlternativeNames?.forEach(generalName);
  const { publicKey, privateKey } = await generateKeyPair(options.keyType ?? DEFAULT_KEY_TYPE);
  const keyType = supportedKeyType(publicKey);
  const algorithm = signatureAlgorithmOf(privateKey);
  if (algorithm === undefined) throw new TypeError(`nothing signs with ${keyType}`);
  return {
    requestPem: await signRequest(
      { subject, publicKey, subjectAlternativeNames },
      algorithm,
      async (octets) => signOctets(algorithm, octets, privateKey),
    ),
    privateKeyPem: toPkcs8Pem(privateKey),
    commonName: options.commonName,
    subject: writeSlashName(subject),
    keyType,
    warnings: sessionAttributeWarnings({
      subject: nameAttributes(subject),
      alternativeNames: subjectAlternativeNames,
    }),
  };
}

/** What a request says. Whoever made it has the key. */
export interface CertificateRequestWishes {
  readonly commonName: string;
  /** As `openssl -subj` takes it: `/O=Example/CN=server-1`. */
  readonly subject: string;
  /** The parts of the subject beside the common name: `/O=Example`. `""` without any. */
  readonly subjectAttributes: string;
  readonly keyType: KeyType;
  /** What the certificate is wished to have: `keyUsage digitalSignature`, `dns:server-1.example.org`. */
  readonly wishes: readonly string[];
}

/**
 * Reads a request, checks its signature, and signs nothing.
 *
 * @throws {PkiError} ERR_PKI_REQUEST_INVALID, ERR_PKI_REQUEST_REFUSED, ERR_PKI_KEY_UNSUPPORTED
 */
export function readCertificateRequest(requestPem: string): CertificateRequestWishes {
  const request = readRequest(requestPem);
  return {
    commonName: request.commonName,
    subject: writeSlashName(request.subject),
    subjectAttributes: attributesOf(request.subject),
    keyType: supportedKeyType(request.publicKey),
    wishes: [...request.usual, ...request.refused, ...request.subjectAlternativeNames.map(describeName)],
  };
}

export interface SignRequestOptions extends ValidityOptions {
  /** The CA that signs. */
  readonly authority: CertificateAuthority;
  /** The request, PEM. */
  readonly requestPem: string;
  /** The common name that the request must have. Whoever made the request wrote its name; the CA says whose it is. */
  readonly commonName: string;
  /**
   * The attributes that the request must have beside the common name: these, in this order, and no others. They become
   * session tags, so the CA grants them.
   *
   * @default none
   */
  readonly subjectAttributes?: readonly SubjectAttribute[] | undefined;
  /**
   * Which of the alternative names in the request the certificate gets. They become session tags, so the CA grants them by
   * name or by a rule of its own.
   *
   * @default none
   */
  readonly grantName?: ((name: SubjectAlternativeName) => boolean) | undefined;
}

/** A certificate for the key of a request. */
export interface RequestedCertificate extends SignedCertificate {
  /** What the request asked for and the certificate has. */
  readonly granted: readonly string[];
  /** What the request asked for and the certificate does not have. */
  readonly notGranted: readonly string[];
}

/**
 * Signs a client certificate for the key of a request. The subject is that of the request, which must be the one that
 * `commonName` and `subjectAttributes` say; the common name may stand first or last. Whatever else the request asks for, the
 * certificate has the extensions of `issueClientCertificate`, and of the alternative names those that `grantName` accepts.
 *
 * @example
 * const certificate = await signCertificateRequest({
 *   authority,
 *   requestPem,
 *   commonName: "server-a",
 *   grantName: ({ type, value }) => type === "dns" && value === "server-a.example.org",
 * });
 *
 * @throws {PkiError} ERR_PKI_REQUEST_INVALID when the request cannot be read, is not signed by its own key, or is for
 *   another common name; ERR_PKI_REQUEST_REFUSED when it asks for a CA certificate, or has other attributes than
 *   `subjectAttributes`; ERR_PKI_KEY_UNSUPPORTED for a weak key; otherwise as `issueClientCertificate`
 */
export async function signCertificateRequest(
  options: SignRequestOptions,
  dependencies: Partial<PkiDependencies> = {},
): Promise<RequestedCertificate> {
  const { grantName = () => false } = options;
  const request = readRequest(options.requestPem);
  checkSubject(request, options);
  const names = request.subjectAlternativeNames.filter((name) => grantName(name));
  const certificate = await issueCertificate(
    readCertificateAuthority(options.authority),
    {
      ...options,
      subject: request.subject,
      publicKey: request.publicKey,
      extensions: clientExtensions(names),
      defaultValidityDays: DEFAULT_CLIENT_VALIDITY_DAYS,
    },
    { ...systemDependencies, ...dependencies },
  );
  return { ...certificate, ...wishesOf(request, names) };
}

function checkSubject(
  request: RequestContent,
  { commonName, subjectAttributes = [] }: Pick<SignRequestOptions, "commonName" | "subjectAttributes">,
): void {
  if (commonName !== request.commonName) {
    throw new PkiError(
      "ERR_PKI_REQUEST_INVALID",
      `the request is for ${JSON.stringify(request.commonName)}, not for ${JSON.stringify(commonName)}; ` +
        "sign the request of the right server",
    );
  }
  const asked = attributesOf(request.subject);
  const granted = writeSlashName(subjectAttributes);
  if (asked === granted) return;
  throw new PkiError(
    "ERR_PKI_REQUEST_REFUSED",
    `beside its common name the request has ${asked === "" ? "nothing" : JSON.stringify(asked)}, and granted is ` +
      `${granted === "" ? "nothing" : JSON.stringify(granted)}; these parts become session tags, so ` +
      (asked === ""
        ? "let the server make a request with them, or grant none"
        : "grant them as they are with --subject (subjectAttributes), or let the server make a request without them"),
  );
}

/** The parts of a subject beside the common name: `/O=Example/OU=Servers`. */
function attributesOf(subject: readonly NameAttribute[]): string {
  return writeSlashName(subject.filter(({ type }) => type !== "CN"));
}

function wishesOf(
  request: RequestContent,
  names: readonly SubjectAlternativeName[],
): Pick<RequestedCertificate, "granted" | "notGranted"> {
  return {
    granted: [...request.usual, ...names.map(describeName)],
    notGranted: [
      ...request.refused,
      ...request.subjectAlternativeNames.filter((name) => !names.includes(name)).map(describeName),
    ],
  };
}

function describeName({ type, value }: SubjectAlternativeName): string {
  return `${type}:${value}`;
}
