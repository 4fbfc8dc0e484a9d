import { MAX_MESSAGE_LENGTH, printable } from "./printable.ts";
import { ServiceError } from "./service-error.ts";
import type { ServiceErrorType } from "./service-error.ts";

/**
 * The reasons why a CreateSession call is refused, one stable code per check. Codes are never renamed; new ones may
 * appear. AWS does not tell the reason: its response has only a status, an error type and a short message.
 */
export const REASON_CODES = [
  // The request and its signature
  "AUTHORIZATION_MISSING",
  "AUTHORIZATION_MALFORMED",
  "ALGORITHM_UNSUPPORTED",
  "ALGORITHM_KEY_MISMATCH",
  "HEADER_DUPLICATED",
  "SIGNED_HEADER_MISSING",
  "DATE_MISSING",
  "DATE_MALFORMED",
  "REQUEST_EXPIRED",
  "REQUEST_NOT_YET_VALID",
  "SCOPE_DATE_MISMATCH",
  "SCOPE_REGION_MISMATCH",
  "SCOPE_SERVICE_MISMATCH",
  "SERIAL_MISMATCH",
  "SIGNATURE_MALFORMED",
  "SIGNATURE_MISMATCH",
  "BODY_MALFORMED",
  "PARAMETER_INVALID",
  "PARAMETER_CONFLICT",
  // The certificates
  "CERTIFICATE_MISSING",
  "CERTIFICATE_MALFORMED",
  "CHAIN_MALFORMED",
  "CHAIN_TOO_LONG",
  "CHAIN_UNTRUSTED",
  "CERTIFICATE_EXPIRED",
  "CERTIFICATE_NOT_YET_VALID",
  "CERTIFICATE_VERSION_UNSUPPORTED",
  "CERTIFICATE_IS_CA",
  "SUBJECT_EMPTY",
  "KEY_USAGE_MISSING",
  "EXTENDED_KEY_USAGE_UNSUITABLE",
  "KEY_TYPE_UNSUPPORTED",
  "SIGNATURE_HASH_WEAK",
  "CRITICAL_EXTENSION_UNKNOWN",
  "EXTENSION_DUPLICATED",
  "EXTENSION_INVALID",
  "ISSUER_NOT_CA",
  "ISSUER_KEY_USAGE_MISSING",
  "PATH_LENGTH_EXCEEDED",
  "NAME_CONSTRAINT_VIOLATED",
  "CRL_REVOKED",
  "CRL_INVALID",
  // The resources
  "TRUST_ANCHOR_UNKNOWN",
  "TRUST_ANCHOR_DISABLED",
  "TRUST_ANCHOR_UNSUPPORTED",
  "PROFILE_UNKNOWN",
  "PROFILE_DISABLED",
  "ACCOUNT_MISMATCH",
  "REGION_MISMATCH",
  "ROLE_NOT_IN_PROFILE",
  // The session
  "ROLE_SESSION_NAME_NOT_ACCEPTED",
  "ATTRIBUTE_MAPPING_FAILED",
  "SOURCE_IDENTITY_INVALID",
  "ROLE_UNKNOWN",
  "TRUST_POLICY_DENIED",
  "TRUST_POLICY_MALFORMED",
  "MAX_SESSION_DURATION_EXCEEDED",
  "ASSUME_ROLE_REFUSED",
  "STS_UNAVAILABLE",
  // The lab
  "FAULT_INJECTED",
] as const;

export type ReasonCode = (typeof REASON_CODES)[number];

/** The check that failed and how to satisfy it. AWS does not tell this. */
export interface Explanation {
  /** What the check requires. */
  expected: string;
  /** What the request has instead. */
  received: string;
  /** What the caller should change. */
  remedy: string;
}

/**
 * The refusal of a CreateSession call: the error that the client sees, and the reason that only the audit shows.
 */
export class Refusal extends ServiceError {
  override readonly name = "Refusal";
  readonly reason: ReasonCode;
  readonly explanation: Explanation;

  constructor(
    reason: ReasonCode,
    type: ServiceErrorType,
    message: string,
    explanation: Explanation,
    options?: ErrorOptions,
  ) {
    super(type, message, options);
    this.reason = reason;
    this.explanation = explanation;
  }

  /** The explanation for logs and the audit. Text that others wrote is made printable. */
  printedExplanation(): Explanation {
    const { expected, received, remedy } = this.explanation;
    return {
      expected: printable(expected, MAX_MESSAGE_LENGTH),
      received: printable(received, MAX_MESSAGE_LENGTH),
      remedy: printable(remedy, MAX_MESSAGE_LENGTH),
    };
  }

  /** The reason and its explanation in one sentence. */
  explain(): string {
    const { expected, received, remedy } = this.printedExplanation();
    return `${this.reason}: expected ${expected}; received ${received}; remedy: ${remedy}`;
  }
}

/** The messages of CreateSession that people have reported from AWS, word for word. */
export const AWS_MESSAGE = {
  untrusted: "Untrusted Signing Certificate",
  insufficient: "Untrusted certificate. Insufficient certificate",
  signature: "Invalid signature",
  roleSessionName: "Not authorized to set roleSessionName.",
  unableToAssume: (roleArn: string): string => `Unable to assume role for ${roleArn}.`,
  durationExceedsRole: (roleArn: string): string =>
    `Unable to assume role for ${roleArn}. The requested DurationSeconds exceeds the MaxSessionDuration set for this role.`,
} as const;

/** A refusal with status 403. */
export function denied(reason: ReasonCode, message: string, explanation: Explanation): Refusal {
  return new Refusal(reason, "AccessDeniedException", message, explanation);
}
