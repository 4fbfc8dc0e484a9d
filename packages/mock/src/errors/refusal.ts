import { MAX_MESSAGE_LENGTH, printable } from "./printable.ts";
import { ServiceError } from "./service-error.ts";
import type { ServiceErrorType } from "./service-error.ts";

/** Reasons that have one message. The remedy says what the caller should change. A check gives what is empty here. */
function reasons<Code extends string>(message: string, remedies: Readonly<Record<Code, string>>) {
  const entries = Object.entries<string>(remedies).map(([code, remedy]) => [code, { message, remedy }]);
  return Object.fromEntries(entries) as Readonly<Record<Code, { message: string; remedy: string }>>;
}

/** Every reason with the message that people have reported from AWS, word for word. */
const REASONS = {
  ...reasons("Invalid signature", {
    AUTHORIZATION_MISSING: "sign the request with the private key of the certificate",
    AUTHORIZATION_MALFORMED: "build the Authorization header as the signing process describes",
    ALGORITHM_UNSUPPORTED:
      "use the token of the key's type; the digest is SHA-256 for every RSA key and every curve",
    ALGORITHM_KEY_MISMATCH: "sign with the private key that belongs to the certificate in X-Amz-X509",
    HEADER_DUPLICATED: "",
    SIGNED_HEADER_MISSING:
      "sign host, x-amz-x509 and, when it is sent, x-amz-x509-chain; send every header that is signed",
    DATE_MISSING: "send the time of signing in UTC",
    DATE_MALFORMED: "send the time of signing in UTC, basic format of ISO 8601, to the second",
    REQUEST_EXPIRED: "set the client's clock (NTP), and sign each attempt anew",
    REQUEST_NOT_YET_VALID: "set the client's clock (NTP), and sign each attempt anew",
    SCOPE_DATE_MISMATCH: "take both from the same clock reading",
    SCOPE_REGION_MISMATCH: "sign for the region of the endpoint, which is the trust anchor's",
    SCOPE_SERVICE_MISMATCH: "sign for the service rolesanywhere",
    SERIAL_MISMATCH: "write the serial number of the certificate in X-Amz-X509 in decimal, not in hex",
    SIGNATURE_MALFORMED:
      "write the signature in hex, not in base64; an ECDSA signature is the DER SEQUENCE{r,s}",
    SIGNATURE_MISMATCH: "compare canonicalRequest and stringToSign of this record with the signer's own",
  }),
  ...reasons("Untrusted Signing Certificate", {
    CERTIFICATE_MISSING: "send the end-entity certificate",
    CERTIFICATE_MALFORMED: "send the body of the PEM block without line breaks",
    CHAIN_MALFORMED: "send the body of each PEM block without line breaks",
    CHAIN_TOO_LONG: "send only the intermediates between the certificate and the trust anchor",
    CHAIN_UNTRUSTED:
      "name the trust anchor of the CA that issued the certificate, and send every intermediate in X-Amz-X509-Chain",
    CERTIFICATE_EXPIRED: "renew that certificate; if it is the trust anchor's, update the trust anchor",
    CERTIFICATE_NOT_YET_VALID: "wait, or correct the clock of the CA or of this server",
    CRITICAL_EXTENSION_UNKNOWN:
      "issue that certificate without the extension, or with the extension not critical",
    EXTENSION_DUPLICATED: "issue that certificate again",
    ISSUER_NOT_CA: "issue the certificate below it from a CA certificate",
    ISSUER_KEY_USAGE_MISSING: "issue that CA certificate with keyUsage = critical, keyCertSign, cRLSign",
    PATH_LENGTH_EXCEEDED: "issue the certificate from a CA higher up, or that CA with a larger pathlen",
    NAME_CONSTRAINT_VIOLATED: "issue the certificate for names that its CA may certify",
    CRL_REVOKED: "issue a new certificate; if it was revoked by mistake, import a CRL without it",
    CRL_INVALID: "update or disable that CRL",
    TRUST_ANCHOR_UNSUPPORTED:
      "update the trust anchor with the CA's certificate; a private CA service is not emulated",
  }),
  ...reasons("Untrusted certificate. Insufficient certificate", {
    CERTIFICATE_VERSION_UNSUPPORTED: "issue the certificate with extensions, which makes it version 3",
    CERTIFICATE_IS_CA: "sign with an end-entity certificate, not with the CA's own",
    SUBJECT_EMPTY: "issue the certificate with a subject, for example CN=<host name>",
    KEY_USAGE_MISSING: "issue the certificate with keyUsage = critical, digitalSignature",
    EXTENDED_KEY_USAGE_UNSUITABLE: "issue the certificate with extendedKeyUsage = clientAuth",
    KEY_TYPE_UNSUPPORTED:
      "issue the certificate for another key; ML-DSA needs a Node.js whose OpenSSL knows it (24 and later)",
    SIGNATURE_HASH_WEAK: "issue that certificate again with SHA-256",
    EXTENSION_INVALID: "issue the certificate with keyUsage = critical, digitalSignature",
  }),
  // These messages name a parameter, a resource or the role.
  ...reasons("", {
    BODY_MALFORMED: "correct the parameters; they may stand in the query or in a JSON body",
    PARAMETER_INVALID: "correct the parameters; they may stand in the query or in a JSON body",
    PARAMETER_CONFLICT: "send each parameter once, in the query or in the body",
    TRUST_ANCHOR_UNKNOWN: "create it first, or correct the ARN; state lives in memory only",
    TRUST_ANCHOR_DISABLED: "",
    PROFILE_UNKNOWN: "create it first, or correct the ARN; state lives in memory only",
    PROFILE_DISABLED: "",
    ACCOUNT_MISMATCH: "name a resource of the mock's account, or start the mock with --account",
    REGION_MISMATCH: "name a resource of the mock's region, or start the mock with --region",
    ROLE_NOT_IN_PROFILE:
      "add the role to the profile with update-profile --role-arns, or ask for one that it has",
    ROLE_SESSION_NAME_NOT_ACCEPTED:
      "leave roleSessionName out, or update the profile with acceptRoleSessionName true",
    ATTRIBUTE_MAPPING_FAILED:
      "delete that mapping from the profile (delete-attribute-mapping), or issue the certificate with such values",
    SOURCE_IDENTITY_INVALID: "issue the certificate with a common name of such characters, or with none",
    ROLE_UNKNOWN: "create the role, or correct the ARN in the profile and in the request",
    TRUST_POLICY_DENIED: "",
    TRUST_POLICY_MALFORMED: "correct the role's trust policy; IAM in AWS would not have stored it",
    MAX_SESSION_DURATION_EXCEEDED: "ask for less, or raise the role's MaxSessionDuration",
    ASSUME_ROLE_REFUSED: "correct what STS names",
    STS_UNAVAILABLE: "start LocalStack, or correct --sts-endpoint and --iam-endpoint",
    FAULT_INJECTED: "retry, as a client must after this error",
  }),
};

export type ReasonCode = keyof typeof REASONS;

/**
 * The reasons why a CreateSession call is refused, one stable code per check. Codes are never renamed; new ones may
 * appear. AWS does not tell the reason: its response has only a status, an error type and a short message.
 */
export const REASON_CODES = Object.keys(REASONS) as readonly ReasonCode[];

/** The check that failed and how to satisfy it. AWS does not tell this. */
export interface Explanation {
  /** What the check requires. */
  readonly expected: string;
  /** What the request has instead. */
  readonly received: string;
  /** What the caller should change. */
  readonly remedy: string;
}

/** The explanation of a refusal, and where it differs from the reason's own, the error that the client sees. */
interface RefusalInit extends Omit<Explanation, "remedy"> {
  readonly remedy?: string;
  /** @default AccessDeniedException */
  readonly type?: ServiceErrorType;
  readonly message?: string;
  readonly cause?: unknown;
}

/** The refusal of a CreateSession call: the error that the client sees, and the reason that only the audit shows. */
export class Refusal extends ServiceError {
  override readonly name = "Refusal";
  readonly reason: ReasonCode;
  /** For logs and the audit: text that others wrote is made printable. */
  readonly explanation: Explanation;

  constructor(reason: ReasonCode, init: RefusalInit) {
    const { expected, received, remedy, type = "AccessDeniedException", message, cause } = init;
    super(type, message ?? REASONS[reason].message, { cause });
    this.reason = reason;
    this.explanation = {
      expected: printable(expected, MAX_MESSAGE_LENGTH),
      received: printable(received, MAX_MESSAGE_LENGTH),
      remedy: printable(remedy ?? REASONS[reason].remedy, MAX_MESSAGE_LENGTH),
    };
  }

  /** The reason and its explanation in one sentence. */
  explain(): string {
    const { expected, received, remedy } = this.explanation;
    return `${this.reason}: expected ${expected}; received ${received}; remedy: ${remedy}`;
  }
}

/**
 * Refuses a CreateSession call unless the condition holds.
 *
 * @param explain is called for a refusal alone: most calls are not refused, and writing explanations takes time
 */
export function requireThat(holds: boolean, reason: ReasonCode, explain: () => RefusalInit): asserts holds {
  if (!holds) throw new Refusal(reason, explain());
}

/** The message of a role that is not assumed. AWS has reported it word for word so. */
export const unableToAssume = (roleArn: string): string => `Unable to assume role for ${roleArn}.`;
