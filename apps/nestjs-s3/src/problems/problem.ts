/** What went wrong, for programs. Stable. */
export type ProblemCode =
  | "CREDENTIALS_UNAVAILABLE"
  | "CREDENTIALS_REJECTED"
  | "ACCESS_DENIED"
  | "BUCKET_NOT_FOUND"
  | "AWS_THROTTLED"
  | "AWS_TIMEOUT"
  | "AWS_UNREACHABLE"
  | "AWS_ERROR"
  | "HTTP_ERROR"
  | "INTERNAL_ERROR";

/**
 * The body of every answer that is not a success, sent as `application/problem+json`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export interface Problem {
  /** The same for every occurrence of `code`. */
  readonly title: string;
  /** The HTTP status. */
  readonly status: number;
  /** This occurrence: what failed, what the other side said, what to do. */
  readonly detail: string;
  readonly code: ProblemCode;
}
