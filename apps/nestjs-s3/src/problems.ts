import type { IncomingMessage, ServerResponse } from "node:http";
import { Catch, HttpException, Inject, Injectable } from "@nestjs/common";
import type { ArgumentsHost, ExceptionFilter } from "@nestjs/common";
import { ApiDefaultResponse } from "@nestjs/swagger";
import type { Logger } from "pino";
import { z } from "zod";
import { CredentialsUnavailableError } from "./credentials.ts";
import type { SharedCredentials } from "./credentials.ts";
import { printable, reasonOf } from "./log.ts";
import { CREDENTIALS } from "./roles-anywhere.ts";
import { SETTINGS } from "./settings.ts";
import type { Settings } from "./settings.ts";

/**
 * What can go wrong, with status and title. When AWS refuses this server, the status is 502 or 503 and not 403 or 404: the
 * client's request was right, and the fault lies between this server and AWS.
 */
export const PROBLEMS = {
  CREDENTIALS_UNAVAILABLE: [503, "No AWS credentials"],
  CREDENTIALS_REJECTED: [503, "AWS rejected the credentials"],
  AWS_UNREACHABLE: [503, "AWS cannot be reached"],
  AWS_TIMEOUT: [503, "AWS did not answer in time"],
  AWS_THROTTLED: [503, "AWS is throttling"],
  AWS_UNAVAILABLE: [503, "AWS is not available"],
  NOT_READY: [503, "Not ready"],
  ACCESS_DENIED: [502, "AWS denied access"],
  BUCKET_NOT_FOUND: [502, "The bucket does not exist"],
  AWS_ERROR: [502, "AWS answered with an error"],
  CURSOR_INVALID: [400, "The cursor is not valid"],
  PARAMETER_INVALID: [400, "A parameter is not valid"],
  HOST_REFUSED: [403, "Unknown host name"],
  ORIGIN_REFUSED: [403, "Request of another site"],
  RATE_LIMITED: [429, "Too many requests"],
  HTTP_ERROR: [400, "Request not served"],
  INTERNAL_ERROR: [500, "Internal error"],
} as const satisfies Record<string, readonly [status: number, title: string]>;
export type ProblemCode = keyof typeof PROBLEMS;

/**
 * The body of every response that is not a success, sent as `application/problem+json`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export interface Problem {
  /** A URN, the same for every occurrence of `code`. */
  readonly type: string;
  readonly title: string;
  /** The HTTP status. */
  readonly status: number;
  /** What failed, and what to do. The words of AWS or of a credential process are only in the log. */
  readonly detail: string;
  readonly code: ProblemCode;
  /** With `NOT_READY`: what each check found. */
  readonly checks?: unknown;
}

/** Describes the problems of a controller for OpenAPI. `instance` names the request as the log does. */
export const ApiProblems = (): ClassDecorator & MethodDecorator =>
  ApiDefaultResponse({
    description: "a problem (RFC 9457); `detail` says what to do",
    content: {
      "application/problem+json": {
        schema: {
          type: "object",
          required: ["type", "title", "status", "detail", "code", "instance"],
          properties: {
            ...Object.fromEntries(
              ["type", "title", "detail", "instance"].map((name) => [name, { type: "string" }]),
            ),
            status: { type: "integer" },
            code: { type: "string", enum: Object.keys(PROBLEMS) },
          },
        },
      },
    },
  });

export function problem(code: ProblemCode, detail: string, more: Partial<Problem> = {}): Problem {
  const [status, title] = PROBLEMS[code];
  const type = `urn:roles-anywhere-kit:problem:${code.toLowerCase().replaceAll("_", "-")}`;
  return { type, title, status, code, detail, ...more };
}

/** Names of errors of AWS, the SDK and sockets. */
const NAMES: readonly (readonly [ProblemCode, RegExp])[] = [
  ["AWS_TIMEOUT", /^(ETIMEDOUT|ESOCKETTIMEDOUT|TimeoutError|AbortError)$/],
  ["AWS_UNREACHABLE", /^(ECONNREFUSED|ECONNRESET|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EPIPE)$/],
  [
    "CREDENTIALS_REJECTED",
    /^(ExpiredToken|ExpiredTokenException|InvalidAccessKeyId|InvalidClientTokenId|InvalidToken|RequestExpired|RequestTimeTooSkewed|SignatureDoesNotMatch|TokenRefreshRequired|UnrecognizedClientException)$/,
  ],
  ["BUCKET_NOT_FOUND", /^NoSuchBucket$/],
  // Of the parameters that clients choose, S3 can refuse the cursor only.
  ["CURSOR_INVALID", /^InvalidArgument$/],
  ["AWS_THROTTLED", /^(SlowDown|Throttling|ThrottlingException|TooManyRequestsException)$/],
  ["ACCESS_DENIED", /^(AccessDenied|AccessDeniedException|AllAccessDisabled)$/],
];
const STATUSES: Readonly<Record<number, ProblemCode>> = { 403: "ACCESS_DENIED", 429: "AWS_THROTTLED" };

const errorOfAws = z.object({
  name: z.string(),
  code: z.string().optional().catch(undefined),
  $metadata: z.object({ httpStatusCode: z.int().optional() }).optional().catch(undefined),
});

/** The settings that the advice in a problem names. */
export type ProblemContext = Pick<Settings, "credentials" | "bucket" | "region">;

/**
 * Turns a thrown value into the problem that the client gets.
 *
 * @param error - Whatever was thrown.
 * @param context - The settings that the advice names.
 */
export function problemFromError(error: unknown, context: ProblemContext): Problem {
  if (error instanceof HttpException) return problemFromHttp(error);
  if (error instanceof CredentialsUnavailableError) {
    return problem("CREDENTIALS_UNAVAILABLE", advice("CREDENTIALS_UNAVAILABLE", "", context));
  }
  const { name = "", code = "", $metadata } = errorOfAws.safeParse(error).data ?? {};
  const status = $metadata?.httpStatusCode;
  const fits = ([, pattern]: (typeof NAMES)[number]): boolean =>
    pattern.test(code) || (pattern.test(name) && (status !== undefined || name === "TimeoutError"));
  const found = NAMES.find(fits)?.[0];
  if (found === undefined && status === undefined) {
    return problem("INTERNAL_ERROR", "this server failed in a way it does not know; its log says how");
  }
  const kind = found ?? STATUSES[status ?? 0] ?? ((status ?? 0) >= 500 ? "AWS_UNAVAILABLE" : "AWS_ERROR");
  const said = status === undefined ? printable(code || name) : `${printable(name)}, HTTP ${status}`;
  return problem(kind, advice(kind, said, context));
}

function advice(code: ProblemCode, said: string, { credentials, bucket, region }: ProblemContext): string {
  const profile = "profile" in credentials ? credentials.profile : undefined;
  switch (code) {
    case "CREDENTIALS_UNAVAILABLE":
      return profile === undefined
        ? "Roles Anywhere gave this server no session; the log of this server says why, and so does ra-signer doctor when this server's user runs it with the same certificate, key and ARNs"
        : `profile "${profile}" gave no credentials; the log of this server says why, and ra-signer doctor --profile "${profile}" says what to do when this server's user runs it`;
    case "CREDENTIALS_REJECTED":
      return `AWS did not accept the credentials (${said}); new ones are fetched for the next request: try again, and compare this machine's clock with the real time if it persists`;
    case "AWS_TIMEOUT":
      return `no answer from AWS in ${region} (${said}); check the network and AWS_ENDPOINT_URL, then try again`;
    case "AWS_UNREACHABLE":
      return `no connection to AWS in ${region} (${said}); check REGION, AWS_ENDPOINT_URL and the network: this server uses no proxy`;
    case "AWS_THROTTLED":
    case "AWS_UNAVAILABLE":
      return `AWS answered ${said}; try again later`;
    case "ACCESS_DENIED": {
      const role =
        "roleArn" in credentials ? `role ${credentials.roleArn}` : `the role behind profile "${profile}"`;
      return `AWS answered ${said}; ${role} and the session policies of its Roles Anywhere profile must allow s3:ListBucket on bucket "${bucket}" and s3:GetObject on its objects`;
    }
    case "BUCKET_NOT_FOUND":
      return `bucket "${bucket}" does not exist as seen from ${region}; check BUCKET and REGION`;
    case "CURSOR_INVALID":
      return "S3 does not know this cursor; take nextCursor of a page with the same prefix, or begin without a cursor";
    default:
      return `AWS answered ${said}; check REGION ("${region}") and BUCKET ("${bucket}")`;
  }
}

/** Parameters of a request that do not match their schema. */
export class InvalidParameters extends HttpException {
  constructor(issues: readonly { readonly message: string; readonly path?: unknown }[]) {
    const named = issues.map(({ path, message }) => `${[path ?? "query"].flat().join(".")}: ${message}`);
    super(named.join("; "), 400);
  }
}

/** What terminus throws when a check fails. */
const failedChecks = z.object({ details: z.record(z.string(), z.looseObject({ status: z.string() })) });

/** The problem for what Nest, its guards and pipes, and terminus throw. */
function problemFromHttp(error: HttpException): Problem {
  const status = error.getStatus();
  const { details } = failedChecks.safeParse(error.getResponse()).data ?? {};
  if (details !== undefined) {
    const failed = Object.entries(details).filter(([, check]) => check.status === "down");
    const detail = failed
      .map(([name, check]) => `${name}: ${String(check["message"])}`)
      .join("; ")
      .replaceAll(
        /timeout of (\d+)ms exceeded/g,
        "no answer in $1 ms; check the network and AWS_ENDPOINT_URL",
      );
    return problem("NOT_READY", detail, { checks: details });
  }
  if (error instanceof InvalidParameters) {
    return problem("PARAMETER_INVALID", `${printable(error.message)}; /docs says what each one takes`);
  }
  if (status === 429) {
    return problem(
      "RATE_LIMITED",
      "this address has made too many requests; wait as long as Retry-After says",
    );
  }
  if (status === 404) {
    return problem("HTTP_ERROR", "there is no such route; /docs lists those that there are", {
      title: "No such route",
      status,
    });
  }
  return problem("HTTP_ERROR", printable(error.message), { status });
}

/** A client may try again after this time, in seconds, when the status is 503. */
const RETRY_AFTER_SECONDS = 5;

/** Sends the problem as the whole response. */
export function sendProblem(request: IncomingMessage, response: ServerResponse, body: Problem): void {
  response.statusCode = body.status;
  if (body.status === 503) response.setHeader("Retry-After", RETRY_AFTER_SECONDS);
  response.setHeader("Content-Type", "application/problem+json; charset=utf-8");
  response.setHeader("Cache-Control", "no-store");
  response.end(JSON.stringify({ ...body, instance: `urn:uuid:${String(request.id)}` }));
}

/** Explains what was thrown: a problem for the client, the reason for the log. */
@Injectable()
export class Problems {
  constructor(
    @Inject(SETTINGS) private readonly settings: ProblemContext,
    @Inject(CREDENTIALS) private readonly credentials: SharedCredentials,
  ) {}

  explain(error: unknown, log: Logger): Problem {
    const found = problemFromError(error, this.settings);
    const { code, status, detail } = found;
    if (code === "CREDENTIALS_REJECTED") this.credentials.forget();
    // The checks of NOT_READY have been explained one by one.
    if (status >= 500 && code !== "NOT_READY") {
      const stack = code === "INTERNAL_ERROR" && error instanceof Error ? error.stack : undefined;
      log.error({ code, reason: reasonOf(error), stack }, detail);
    }
    return found;
  }
}

/** Answers every error with a problem, and logs the errors that are this server's or AWS's. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(Problems) private readonly problems: Problems) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<IncomingMessage>();
    const response = http.getResponse<ServerResponse>();
    const body = this.problems.explain(error, request.log);
    // The response has begun: cutting it is the only way left to say that it is not complete.
    if (response.headersSent) response.destroy();
    else sendProblem(request, response, body);
  }
}
