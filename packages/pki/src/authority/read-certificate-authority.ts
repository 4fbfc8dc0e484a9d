import { createPrivateKey, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { SignOctets } from "../certificate/encode-certificate.ts";
import { EXTENSION_OID, KEY_USAGE_BIT } from "../certificate/extensions.ts";
import { mappedAttributes } from "../certificate/distinguished-name.ts";
import { keyIdentifier } from "../certificate/key-identifier.ts";
import { readCertificate } from "../certificate/read-certificate.ts";
import type { NameAttributes } from "../certificate/subject.ts";
import type { Validity } from "../certificate/validity.ts";
import { bits, content, items } from "../der/decode.ts";
import { toDer } from "../der/encode.ts";
import { PkiError } from "../errors.ts";
import { readNameConstraints } from "../inspection/read-extensions.ts";
import type { NameConstraints } from "../inspection/read-extensions.ts";
import { isEncryptedKey } from "../keys/encrypt-private-key.ts";
import { describeKey, weaknessOf } from "../keys/key-pair.ts";
import { isSignatureOf, signatureAlgorithmOf, signOctets } from "../keys/signature-algorithm.ts";
import type { SignatureAlgorithm } from "../keys/signature-algorithm.ts";
import { readPem } from "../pem.ts";

/**
 * A CA: its certificate in PEM, and its key in PEM or a function that signs where the key is, in a KMS or an HSM. Text around
 * the PEM blocks and white space within them do not matter.
 */
export interface CertificateAuthority {
  readonly certificatePem: string;
  /** PKCS#8, PKCS#1 or SEC1. @default `sign` signs */
  readonly privateKeyPem?: string | undefined;
  /** Opens an encrypted `privateKeyPem`. */
  readonly passphrase?: string | undefined;
  /**
   * Signs with the key of the CA. It gets the DER of what is signed, undigested, and the algorithm, which follows from the
   * key of the certificate. An ECDSA signature is the DER of Ecdsa-Sig-Value, as AWS KMS returns it.
   *
   * @default `privateKeyPem` signs
   */
  readonly sign?: SignOctets | undefined;
  /** The CA certificates between this CA and the root, this CA's issuer first, in PEM. @default none */
  readonly chainPem?: string | undefined;
}

/** The facts about a CA that issuing a certificate needs. */
export interface AuthorityContent extends Validity {
  /** DER of the subject name, as encoded in the certificate. */
  readonly subject: Buffer;
  /** The subject name, decoded. */
  readonly attributes: NameAttributes;
  readonly keyIdentifier: Buffer;
  readonly algorithm: SignatureAlgorithm;
  readonly sign: SignOctets;
  /** Whether its keyUsage has cRLSign. */
  readonly signsRevocationLists: boolean;
  /** How many CAs may stand between this CA and an end-entity certificate; undefined for any number. */
  readonly pathLength: number | undefined;
  /** The name constraints of this CA and of the CAs above it that are known. */
  readonly nameConstraints: readonly NameConstraints[];
  /** What a client sends beside a certificate of this CA: the CA and the CAs above it without the root; `""` for a root. */
  readonly chainPem: string;
}

/**
 * Reads a CA and checks that it may issue certificates.
 *
 * @throws {PkiError} ERR_PKI_AUTHORITY_INVALID when the certificate or key is unreadable or of a kind that Roles Anywhere
 *   does not know, the key is shorter than 2048 bits (RSA), or the certificate lacks `CA:TRUE`, keyCertSign or a subject; ERR_PKI_PASSPHRASE when the key is
 *   encrypted and the passphrase does not open it; ERR_PKI_AUTHORITY_KEY_MISMATCH when key and certificate do not belong
 *   together.
 */
export function readCertificateAuthority(authority: CertificateAuthority): AuthorityContent {
  checkGiven(authority);
  const certificatePem = block(authority.certificatePem, "CERTIFICATE");
  const certificate = parse("certificate", () => new X509Certificate(certificatePem));
  const { publicKey } = certificate;
  const algorithm = signatureAlgorithmOf(publicKey);
  if (algorithm === undefined) {
    throw invalid(
      `its key is of the type ${describeKey(publicKey)}; use a CA with an RSA, EC (P-256, P-384, P-521) or ML-DSA key`,
    );
  }
  const weakness = weaknessOf(publicKey);
  if (weakness !== undefined) throw invalid(`its key ${weakness}`);
  const { subject, isSelfIssued, extensions } = parse("certificate", () => readCertificate(certificate.raw));
  const usages = bits(extensions.get(EXTENSION_OID.keyUsage)).at(0) ?? 0;
  if ((usages & KEY_USAGE_BIT.keyCertSign) === 0) {
    throw invalid("keyUsage does not include keyCertSign; use the certificate of a CA");
  }
  // Node's `ca` is false without keyCertSign as well, so keyUsage is checked first: the message must name the right cause.
  if (!certificate.ca) {
    throw invalid("basicConstraints does not say CA:TRUE; use the certificate of a CA");
  }
  if (items(subject).length === 0) {
    throw invalid(
      "it has no subject, and the certificates of a CA must name one as their issuer (RFC 5280 §4.1.2.6); " +
        "make a CA that has a common name",
    );
  }
  const [, pathLength] = items(extensions.get(EXTENSION_OID.basicConstraints));
  return {
    subject: toDer(subject),
    // toLegacyObject() gives them as well, and loads TLS with all the certificates that NODE_EXTRA_CA_CERTS names.
    attributes: mappedAttributes(subject),
    keyIdentifier:
      content(extensions.get(EXTENSION_OID.subjectKeyIdentifier)).length > 0
        ? content(extensions.get(EXTENSION_OID.subjectKeyIdentifier))
        : keyIdentifier(publicKey),
    algorithm,
    sign: signerOf(authority, certificate),
    signsRevocationLists: (usages & KEY_USAGE_BIT.cRLSign) !== 0,
    pathLength: pathLength === undefined ? undefined : Number(`0x${content(pathLength).toString("hex")}`),
    nameConstraints: parse("certificate", () =>
      [extensions, ...extensionsIn(authority.chainPem ?? "")].flatMap((values) => {
        const value = values.get(EXTENSION_OID.nameConstraints);
        return value === undefined ? [] : readNameConstraints(value);
      }),
    ),
    chainPem: isSelfIssued ? "" : certificatePem + certificatesIn(authority.chainPem ?? "").join(""),
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
  };
}

/** Programs without types can leave the CA out. */
function checkGiven(authority: Partial<CertificateAuthority> | undefined): void {
  if (typeof authority?.certificatePem === "string") return;
  throw new PkiError(
    "ERR_PKI_AUTHORITY_INVALID",
    "no CA is given, or one without certificatePem; give what loadCertificateAuthority or " +
      "createRootCertificateAuthority returns as authority",
  );
}

function signerOf(authority: CertificateAuthority, certificate: X509Certificate): SignOctets {
  const { privateKeyPem, sign } = authority;
  if (sign !== undefined) {
    return async (octets, algorithm) => {
      const signature = await sign(octets, algorithm);
      // A certificate with a wrong signature would be found out much later, by whoever verifies it.
      if (!isSignatureOf(algorithm, octets, certificate.publicKey, signature)) {
        throw new PkiError(
          "ERR_PKI_SIGNATURE",
          `what signs for the CA (${oneLine(certificate.subject)}) did not return a signature of its key by ${algorithm}; ` +
            "let it sign the octets themselves with the key of the CA certificate",
        );
      }
      return signature;
    };
  }
  if (privateKeyPem === undefined) {
    throw new PkiError("ERR_PKI_AUTHORITY_INVALID", "a CA needs privateKeyPem or sign; give one of them");
  }
  const privateKey = readPrivateKey(privateKeyPem, authority.passphrase);
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new PkiError(
      "ERR_PKI_AUTHORITY_KEY_MISMATCH",
      `the CA key is not the key of the CA certificate (${oneLine(certificate.subject)}); ` +
        "put back the key that was made with it, or make a new CA",
    );
  }
  return async (octets, algorithm) => signOctets(algorithm, octets, privateKey);
}

function readPrivateKey(pem: string, passphrase: string | undefined): KeyObject {
  const key = block(pem, "PRIVATE KEY");
  if (!isEncryptedKey(key)) return parse("private key", () => createPrivateKey(key));
  if (passphrase === undefined) {
    throw new PkiError("ERR_PKI_PASSPHRASE", "the CA key is encrypted; give its passphrase");
  }
  try {
    return createPrivateKey({ key, passphrase });
  } catch (cause) {
    throw new PkiError(
      "ERR_PKI_PASSPHRASE",
      "the passphrase does not open the CA key; give the one it was made with",
      {
        cause,
      },
    );
  }
}

/** The first block whose label ends with `label`, in strict form; without one the whole text, which the parser refuses. */
function block(pem: string, label: string): string {
  return readPem(pem).find((candidate) => candidate.label.endsWith(label))?.text ?? pem;
}

function certificatesIn(pem: string): string[] {
  return readPem(pem).flatMap(({ label, text }) => (label === "CERTIFICATE" ? text : []));
}

function extensionsIn(chainPem: string) {
  return certificatesIn(chainPem).map((pem) => readCertificate(new X509Certificate(pem).raw).extensions);
}

function parse<Value>(what: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    throw new PkiError("ERR_PKI_AUTHORITY_INVALID", `the CA ${what} cannot be read; give a PEM ${what}`, {
      cause,
    });
  }
}

function invalid(reason: string): PkiError {
  return new PkiError("ERR_PKI_AUTHORITY_INVALID", `the CA certificate cannot issue: ${reason}`);
}

function oneLine(subject: string): string {
  return subject.replaceAll("\n", ", ");
}
