import type { IncomingMessage, ServerResponse } from "node:http";
import { Catch, HttpException, Inject, Logger } from "@nestjs/common";
import type { ArgumentsHost, ExceptionFilter } from "@nestjs/common";
import { CREDENTIALS, CredentialsUnavailableError } from "./credentials.ts";
import type { SharedCredentials } from "./credentials.ts";
import { printable, reasonOf } from "./log-text.ts";
import { SETTINGS } from "./settings.ts";
import type { CredentialsSettings, Settings } from "./settings.ts";

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
  | "HOST_REFUSED"
  | "ORIGIN_REFUSED"
  | "HTTP_ERROR"
  | "INTERNAL_ERROR";

/**
 * The body of every response that is not a success, sent as `application/problem+json`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export interface Problem {
  /** The same for every occurrence of `code`. */
  readonly title: string;
  /** The HTTP status. */
  readonly status: number;
  /** What failed, and what to do. The words of AWS or of a credential process are only in the log. */
  readonly detail: string;
  readonly code: ProblemCode;
}

/** The settings that the advice in a problem names. */
export type ProblemContext = Pick<Settings, "credentials" | "bucket" | "region">;

/** The parts of an error of the AWS SDK or of a socket that say what happened. */
interface UpstreamError {
  /** AWS's error code, such as `AccessDenied`. */
  readonly name: string;
  /** The system's error code, such as `ECONNREFUSED`. */
  readonly code: string | undefined;
  /** The HTTP status of AWS's response; undefined when there was none. */
  readonly status: number | undefined;
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
 * Turns a thrown value into the problem that the client gets. When AWS refuses this server, the status is 502, 503 or 504
 * and not 403 or 404: the client's request was right, and the fault lies between this server and AWS.
 *
 * @param error - Whatever was thrown.
 * @param context - The settings that the advice names.
 */
export function problemFromError(error: unknown, context: ProblemContext): Problem {
  if (error instanceof HttpException) {
    const status = error.getStatus();
    return { title: "Request not served", status, detail: printable(error.message), code: "HTTP_ERROR" };
  }
  if (error instanceof CredentialsUnavailableError) {
    return {
      title: "No AWS credentials",
      status: 503,
      detail: adviceWithoutCredentials(context.credentials),
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
  { name, code = "", status }: UpstreamError,
  { credentials, bucket, region }: ProblemContext,
): Problem | undefined {
  if (TIMED_OUT.has(code) || TIMED_OUT.has(name)) {
    return {
      title: "AWS did not answer in time",
      status: 504,
      detail: `no answer from AWS in ${region} (${code || name}); check the network and AWS_ENDPOINT_URL, then try again`,
      code: "AWS_TIMEOUT",
    };
  }
  if (UNREACHABLE.has(code)) {
    return {
      title: "AWS cannot be reached",
      status: 502,
      detail: `no connection to AWS in ${region} (${code}); check REGION, the network, the proxy and AWS_ENDPOINT_URL`,
      code: "AWS_UNREACHABLE",
    };
  }
  if (status === undefined) return undefined;
  if (CREDENTIALS_REJECTED.has(name)) {
    return {
      title: "AWS rejected the credentials",
      status: 503,
      detail: `AWS answered ${name}; new credentials are fetched for the next request: try again, and compare this machine's clock with the real time if it persists`,
      code: "CREDENTIALS_REJECTED",
    };
  }
  if (ACCESS_DENIED.has(name) || status === 403) {
    return {
      title: "AWS denied access",
      status: 502,
      detail: `AWS answered ${name}; ${roleOf(credentials)} and the session policies of its Roles Anywhere profile must allow s3:ListBucket on bucket "${bucket}" and s3:GetObject on its objects`,
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
      detail: `AWS answered ${name}; try again later`,
      code: "AWS_THROTTLED",
    };
  }
  return {
    title: "AWS answered with an error",
    status: 502,
    detail: `AWS answered ${name} (HTTP ${status}); check REGION ("${region}") and BUCKET ("${bucket}")`,
    code: "AWS_ERROR",
  };
}

function adviceWithoutCredentials(credentials: CredentialsSettings): string {
  return credentials.source === "profile"
    ? `profile "${credentials.profile}" gave no credentials; the log of this server says why, and so does its credential_process (ra-signer credential-process …) when this server's user runs it by hand`
    : `Roles Anywhere gave this server no session; the log of this server says why, and so does ra-signer doctor when this server's user runs it with the same certificate, key and ARNs`;
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
  return { name: printable(error.name), code, status };
}

/** Sends the problem as the whole response. */
export function sendProblem(response: ServerResponse, problem: Problem): void {
  response.statusCode = problem.status;
  response.setHeader("Content-Type", "application/problem+json; charset=utf-8");
  response.setHeader("Cache-Control", "no-store");
  response.end(JSON.stringify(problem));
}

/** Answers every error with a problem, and logs the errors that are this server's or AWS's. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger("Problem");

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(CREDENTIALS) private readonly credentials: SharedCredentials,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const problem = problemFromError(error, this.settings);
    if (problem.code === "CREDENTIALS_REJECTED") this.credentials.forget();

    const http = host.switchToHttp();
    const request = http.getRequest<IncomingMessage>();
    const response = http.getResponse<ServerResponse>();
    if (problem.status >= 500) {
      const path = request.url?.split("?")[0] ?? "";
      this.logger.error(
        `${request.method} ${printable(path)} answered ${problem.status} ${problem.code}: ${reasonOf(error)}; ${problem.detail}`,
      );
      if (problem.code === "INTERNAL_ERROR" && error instanceof Error) {
        for (const line of error.stack?.split("\n").slice(1) ?? []) this.logger.error(printable(line));
      }
    }
    // The response has begun: cutting it is the only way left to say that it is not complete.
    if (response.headersSent) response.destroy();
    else sendProblem(response, problem);
  }
}
