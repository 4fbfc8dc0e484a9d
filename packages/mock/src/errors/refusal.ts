import { MAX_MESSAGE_LENGTH, printable } from "./printable.ts";
import { ServiceError } from "./service-error.ts";
import type { ServiceErrorType } from "./service-error.ts";

// The messages that people have reported from AWS, word for word, and for the audit what the caller should change.
// A check gives the remedy that is left out here, and the message where it names what was sent.
const signature = (remedy = "") => ({ message: "Invalid signature", remedy });
const untrusted = (remedy: string) => ({ message: "Untrusted Signing Certificate", remedy });
const insufficient = (remedy: string) => ({
  message: "Untrusted certificate. Insufficient certificate",
  remedy,
});
const named = (remedy = "") => ({ message: "", remedy });

const SIGNING_CERTIFICATE = "issue the certificate with keyUsage = critical, digitalSignature";
const CREATE_RESOURCE = "create it first, or correct the ARN; state lives in memory only";
const CORRECT_PARAMETERS = "correct the parameters; they may stand in the query or in a JSON body";
const SET_CLOCK = "set the client's clock (NTP), and sign each attempt anew";

const REASONS = {
  // The request and its signature
  AUTHORIZATION_MISSING: signature("sign the request with the private key of the certificate"),
  AUTHORIZATION_MALFORMED: signature("build the Authorization header as the signing process describes"),
  ALGORITHM_UNSUPPORTED: signature(
    "use the token of the key's type; the digest is SHA-256 for every RSA key and every curve",
  ),
  ALGORITHM_KEY_MISMATCH: signature(
    "sign with the private key that belongs to the certificate in X-Amz-X509",
  ),
  HEADER_DUPLICATED: signature(),
  SIGNED_HEADER_MISSING: signature(
    "sign host, x-amz-x509 and, when it is sent, x-amz-x509-chain; send every header that is signed",
  ),
  DATE_MISSING: signature("send the time of signing in UTC"),
  DATE_MALFORMED: signature("send the time of signing in UTC, basic format of ISO 8601, to the second"),
  REQUEST_EXPIRED: signature(SET_CLOCK),
  REQUEST_NOT_YET_VALID: signature(SET_CLOCK),
  SCOPE_DATE_MISMATCH: signature("take both from the same clock reading"),
  SCOPE_REGION_MISMATCH: signature("sign for the region of the endpoint, which is the trust anchor's"),
  SCOPE_SERVICE_MISMATCH: signature("sign for the service rolesanywhere"),
  SERIAL_MISMATCH: signature(
    "write the serial number of the certificate in X-Amz-X509 in decimal, not in hex",
  ),
  SIGNATURE_MALFORMED: signature(
    "write the signature in hex, not in base64; an ECDSA signature is the DER SEQUENCE{r,s}",
  ),
  SIGNATURE_MISMATCH: signature(
    "compare canonicalRequest and stringToSign of this record with the signer's own",
  ),
  BODY_MALFORMED: named(CORRECT_PARAMETERS),
  PARAMETER_INVALID: named(CORRECT_PARAMETERS),
  PARAMETER_CONFLICT: named("send each parameter once, in the query or in the body"),
  // The certificates
  CERTIFICATE_MISSING: untrusted("send the end-entity certificate"),
  CERTIFICATE_MALFORMED: untrusted("send the body of the PEM block without line breaks"),
  CHAIN_MALFORMED: untrusted("send the body of each PEM block without line breaks"),
  CHAIN_TOO_LONG: untrusted("send only the intermediates between the certificate and the trust anchor"),
  CHAIN_UNTRUSTED: untrusted(
    "name the trust anchor of the CA that issued the certificate, and send every intermediate in X-Amz-X509-Chain",
  ),
  CERTIFICATE_EXPIRED: untrusted(
    "renew that certificate; if it is the trust anchor's, update the trust anchor",
  ),
  CERTIFICATE_NOT_YET_VALID: untrusted("wait, or correct the clock of the CA or of this server"),
  CERTIFICATE_VERSION_UNSUPPORTED: insufficient(
    "issue the certificate with extensions, which makes it version 3",
  ),
  CERTIFICATE_IS_CA: insufficient("sign with an end-entity certificate, not with the CA's own"),
  SUBJECT_EMPTY: insufficient("issue the certificate with a subject, for example CN=<host name>"),
  KEY_USAGE_MISSING: insufficient(SIGNING_CERTIFICATE),
  EXTENDED_KEY_USAGE_UNSUITABLE: insufficient("issue the certificate with extendedKeyUsage = clientAuth"),
  KEY_TYPE_UNSUPPORTED: insufficient(
    "issue the certificate for another key; ML-DSA needs a Node.js whose OpenSSL knows it (24 and later)",
  ),
  SIGNATURE_HASH_WEAK: insufficient("issue that certificate again with SHA-256"),
  CRITICAL_EXTENSION_UNKNOWN: untrusted(
    "issue that certificate without the extension, or with the extension not critical",
  ),
  EXTENSION_DUPLICATED: untrusted("issue that certificate again"),
  EXTENSION_INVALID: insufficient(SIGNING_CERTIFICATE),
  ISSUER_NOT_CA: untrusted("issue the certificate below it from a CA certificate"),
  ISSUER_KEY_USAGE_MISSING: untrusted(
    "issue that CA certificate with keyUsage = critical, keyCertSign, cRLSign",
  ),
  PATH_LENGTH_EXCEEDED: untrusted(
    "issue the certificate from a CA higher up, or that CA with a larger pathlen",
  ),
  NAME_CONSTRAINT_VIOLATED: untrusted("issue the certificate for names that its CA may certify"),
  CRL_REVOKED: untrusted("issue a new certificate; if it was revoked by mistake, import a CRL without it"),
  CRL_INVALID: untrusted("update or disable that CRL"),
  // The resources
  TRUST_ANCHOR_UNKNOWN: named(CREATE_RESOURCE),
  TRUST_ANCHOR_DISABLED: named(),
  TRUST_ANCHOR_UNSUPPORTED: untrusted(
    "update the trust anchor with the CA's certificate; a private CA service is not emulated",
  ),
  PROFILE_UNKNOWN: named(CREATE_RESOURCE),
  PROFILE_DISABLED: named(),
  ACCOUNT_MISMATCH: named("name a resource of the mock's account, or start the mock with --account"),
  REGION_MISMATCH: named("name a resource of the mock's region, or start the mock with --region"),
  ROLE_NOT_IN_PROFILE: named(
    "add the role to the profile with update-profile --role-arns, or ask for one that it has",
  ),
  // The session
  ROLE_SESSION_NAME_NOT_ACCEPTED: named(
    "leave roleSessionName out, or update the profile with acceptRoleSessionName true",
  ),
  ATTRIBUTE_MAPPING_FAILED: named(
    "delete that mapping from the profile (delete-attribute-mapping), or issue the certificate with such values",
  ),
  SOURCE_IDENTITY_INVALID: named("issue the certificate with a common name of such characters, or with none"),
  ROLE_UNKNOWN: named("create the role, or correct the ARN in the profile and in the request"),
  TRUST_POLICY_DENIED: named(),
  TRUST_POLICY_MALFORMED: named("correct the role's trust policy; IAM in AWS would not have stored it"),
  MAX_SESSION_DURATION_EXCEEDED: named("ask for less, or raise the role's MaxSessionDuration"),
  ASSUME_ROLE_REFUSED: named("correct what STS names"),
  STS_UNAVAILABLE: named("start LocalStack, or correct --sts-endpoint and --iam-endpoint"),
  // The lab
  FAULT_INJECTED: named("retry, as a client must after this error"),
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

/** The message of a role that is not assumed. AWS has reported it word for word so. */
export const unableToAssume = (roleArn: string): string => `Unable to assume role for ${roleArn}.`;
