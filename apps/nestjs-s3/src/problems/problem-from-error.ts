import { HttpException } from "@nestjs/common";
import type { CredentialsSettings } from "../config/credentials-settings.ts";
import type { Settings } from "../config/settings.ts";
import { CredentialsUnavailableError } from "../credentials/credentials-unavailable-error.ts";
import { oneLineReason } from "../credentials/one-line-reason.ts";
import type { Problem } from "./problem.ts";

/** What the advice in a problem is made of. */
export type ProblemContext = Pick<Settings, "credentials" | "bucket" | "region">;

/** The parts of an AWS SDK error, or of a socket's, that tell what happened. */
interface UpstreamError {
  /** AWS's error code, such as `AccessDenied`. */
  readonly name: string;
  /** The system's error code, such as `ECONNREFUSED`. */
  readonly code: string | undefined;
  /** The HTTP status that AWS answered with; undefined when it did not answer. */
  readonly status: number | undefined;
  readonly reason: string;
}

const ACCESS_DENIED = new Set(["AccessDenied", "AccessDeniedException", "AllAccessDisabled"]);
const CREDENTIALS_REJECTED = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidToken",
  "RequestExpired",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
  "TokenRefreshRequired",
  "UnrecognizedClientException",
]);
const THROTTLED = new Set(["SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException"]);
const TIMED_OUT = new Set(["ETIMEDOUT", "ESOCKETTIMEDOUT", "TimeoutError"]);
const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
]);

/**
 * Turns whatever was thrown into the problem to answer with. Where AWS refused this server, the client is
 * not told 403 or 404, since it asked for nothing wrong: the fault lies between this server (502, 503, 504)
 * and AWS.
 *
 * @param error - Whatever was thrown.
 * @param context - The settings that the advice names.
 */
export function problemFromError(error: unknown, context: ProblemContext): Problem {
  if (error instanceof HttpException) {
    const status = error.getStatus();
    return { title: "Request not served", status, detail: error.message, code: "HTTP_ERROR" };
  }
  if (error instanceof CredentialsUnavailableError) {
    return {
      title: "No AWS credentials",
      status: 503,
      detail: adviceWithoutCredentials(error.message, context.credentials),
      code: "CREDENTIALS_UNAVAILABLE",
    };
  }
  const upstream = readUpstreamError(error);
  if (upstream !== undefined) {
    const problem = problemFromUpstream(upstream, context);
    if (problem !== undefined) return problem;
  }
  return {
    title: "Internal error",
    status: 500,
    detail: "this server failed in a way it does not know; its log says how",
    code: "INTERNAL_ERROR",
  };
}

function problemFromUpstream(
  { name, code = "", status, reason }: UpstreamError,
  { credentials, bucket, region }: ProblemContext,
): Problem | undefined {
  if (TIMED_OUT.has(code) || TIMED_OUT.has(name)) {
    return {
      title: "AWS did not answer in time",
      status: 504,
      detail: `no answer from AWS in ${region}: ${reason}; check the network and AWS_ENDPOINT_URL, then try again`,
      code: "AWS_TIMEOUT",
    };
  }
  if (UNREACHABLE.has(code)) {
    return {
      title: "AWS cannot be reached",
      status: 502,
      detail: `no connection to AWS in ${region}: ${reason}; check REGION, the network, the proxy and AWS_ENDPOINT_URL`,
      code: "AWS_UNREACHABLE",
    };
  }
  if (status === undefined) return undefined;
  if (CREDENTIALS_REJECTED.has(name)) {
    return {
      title: "AWS rejected the credentials",
      status: 503,
      detail: `AWS answered ${name}: ${reason}; new credentials are fetched for the next request: try again, and compare this machine's clock with the real time if it persists`,
      code: "CREDENTIALS_REJECTED",
    };
  }
  if (ACCESS_DENIED.has(name) || status === 403) {
    return {
      title: "AWS denied access",
      status: 502,
      detail: `AWS answered ${name}: ${reason}; ${roleOf(credentials)} and the session policies of its Roles Anywhere profile must allow s3:ListBucket on bucket "${bucket}" and s3:GetObject on its objects`,
      code: "ACCESS_DENIED",
    };
  }
  if (name === "NoSuchBucket") {
    return {
      title: "The bucket does not exist",
      status: 502,
      detail: `bucket "${bucket}" does not exist as seen from ${region}; check BUCKET and REGION`,
      code: "BUCKET_NOT_FOUND",
    };
  }
  if (THROTTLED.has(name) || status === 429 || (name === "ServiceUnavailable" && status === 503)) {
    return {
      title: "AWS is throttling",
      status: 503,
      detail: `AWS answered ${name}: ${reason}; try again later`,
      code: "AWS_THROTTLED",
    };
  }
  return {
    title: "AWS answered with an error",
    status: 502,
    detail: `AWS answered ${name} (HTTP ${status}): ${reason}; check REGION ("${region}") and BUCKET ("${bucket}")`,
    code: "AWS_ERROR",
  };
}

function adviceWithoutCredentials(reason: string, credentials: CredentialsSettings): string {
  return credentials.source === "profile"
    ? `profile "${credentials.profile}" gave no credentials: ${reason}; run its credential_process (ra-signer credential-process …) by hand, as this server's user, to see more`
    : `Roles Anywhere gave this server no session: ${reason}; run ra-signer doctor with the same certificate, key and ARNs, as this server's user, to see more`;
}

function roleOf(credentials: CredentialsSettings): string {
  return credentials.source === "profile"
    ? `the role behind profile "${credentials.profile}"`
    : `role ${credentials.roleArn}`;
}

/** The SDK's service errors have `$metadata`; an error of a socket has a code. Undefined for all others. */
function readUpstreamError(error: unknown): UpstreamError | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const metadata: unknown = "$metadata" in error ? error.$metadata : undefined;
  const status =
    typeof metadata === "object" &&
    metadata !== null &&
    "httpStatusCode" in metadata &&
    typeof metadata.httpStatusCode === "number"
      ? metadata.httpStatusCode
      : undefined;
  // Node reports a name with several addresses that all refuse as an AggregateError without a message.
  const reason = error.message === "" && code !== undefined ? code : oneLineReason(error);
  return { name: error.name, code, status, reason };
}
