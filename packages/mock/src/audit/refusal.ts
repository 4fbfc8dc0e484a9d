import type { ReasonCode } from "./reason-code.ts";

/** The error types of the service's answers. */
export type ServiceErrorType =
  | "AccessDeniedException"
  | "ResourceNotFoundException"
  | "SerializationException"
  | "ServiceUnavailableException"
  | "ThrottlingException"
  | "InternalServerException"
  | "RequestEntityTooLargeException"
  | "ValidationException";

const STATUS: Readonly<Record<ServiceErrorType, number>> = {
  AccessDeniedException: 403,
  ResourceNotFoundException: 404,
  SerializationException: 400,
  ServiceUnavailableException: 503,
  ThrottlingException: 429,
  InternalServerException: 500,
  RequestEntityTooLargeException: 413,
  ValidationException: 400,
};

/** What AWS keeps to itself: the check that failed and how to satisfy it. */
export interface Explanation {
  /** What the check wanted to find. */
  expected: string;
  /** What it found. */
  received: string;
  /** What the caller should change. */
  remedy: string;
}

/**
 * A CreateSession call that the service turns down: the answer that the client sees, and the reason that only the
 * audit sees. Thrown by the steps of the domain, caught where the answer is written.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly reason: ReasonCode;
  readonly errorType: ServiceErrorType;
  readonly status: number;
  readonly explanation: Explanation;

  constructor(
    reason: ReasonCode,
    errorType: ServiceErrorType,
    message: string,
    explanation: Explanation,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.reason = reason;
    this.errorType = errorType;
    this.status = STATUS[errorType];
    this.explanation = explanation;
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

/** Shorthand for the commonest refusal, 403. */
export function denied(reason: ReasonCode, message: string, explanation: Explanation): Refusal {
  return new Refusal(reason, "AccessDeniedException", message, explanation);
}
