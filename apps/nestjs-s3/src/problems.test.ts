import { S3ServiceException } from "@aws-sdk/client-s3";
import { NotFoundException } from "@nestjs/common";
import { describe, expect, it } from "vitest";
import { ARNS } from "../test/support/client-certificate.ts";
import { CredentialsUnavailableError } from "./credentials.ts";
import { problemFromError } from "./problems.ts";
import type { ProblemContext } from "./problems.ts";

const context: ProblemContext = {
  credentials: { profile: "roles-anywhere" },
  bucket: "docs",
  region: "eu-central-1",
};
const serviceError = (name: string, httpStatusCode: number, message = "as AWS says") =>
  new S3ServiceException({
    name,
    message,
    $fault: httpStatusCode < 500 ? "client" : "server",
    $metadata: { httpStatusCode },
  });
const socketError = (code: string, message: string) => Object.assign(new Error(message), { code });
const named = (name: string, message: string) => Object.assign(new Error(message), { name });

describe("problemFromError", () => {
  it.each([
    [
      new CredentialsUnavailableError(new Error("expired")),
      503,
      "CREDENTIALS_UNAVAILABLE",
      'ra-signer doctor --profile "roles-anywhere"',
    ],
    [serviceError("ExpiredToken", 400), 503, "CREDENTIALS_REJECTED", "try again"],
    [serviceError("InvalidAccessKeyId", 403), 503, "CREDENTIALS_REJECTED", "try again"],
    [serviceError("InvalidClientTokenId", 403), 503, "CREDENTIALS_REJECTED", "try again"],
    [serviceError("RequestTimeTooSkewed", 403), 503, "CREDENTIALS_REJECTED", "clock"],
    [serviceError("AccessDenied", 403), 502, "ACCESS_DENIED", 's3:ListBucket on bucket "docs"'],
    [serviceError("Forbidden", 403), 502, "ACCESS_DENIED", 'profile "roles-anywhere"'],
    [serviceError("NoSuchBucket", 404), 502, "BUCKET_NOT_FOUND", 'bucket "docs" does not exist'],
    [serviceError("SlowDown", 503), 503, "AWS_THROTTLED", "try again later"],
    [serviceError("Whatever", 429), 503, "AWS_THROTTLED", "try again later"],
    [serviceError("InvalidArgument", 400), 400, "CURSOR_INVALID", "begin without a cursor"],
    [serviceError("ServiceUnavailable", 503), 503, "AWS_UNAVAILABLE", "ServiceUnavailable, HTTP 503"],
    [serviceError("PermanentRedirect", 301), 502, "AWS_ERROR", 'check REGION ("eu-central-1")'],
    [serviceError("InternalError", 500), 503, "AWS_UNAVAILABLE", "InternalError, HTTP 500"],
    [
      socketError("ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:1"),
      503,
      "AWS_UNREACHABLE",
      "(ECONNREFUSED)",
    ],
    [socketError("ECONNREFUSED", ""), 503, "AWS_UNREACHABLE", "ECONNREFUSED"],
    [socketError("ENOTFOUND", "getaddrinfo ENOTFOUND x"), 503, "AWS_UNREACHABLE", "(ENOTFOUND)"],
    [socketError("EHOSTUNREACH", ""), 503, "AWS_UNREACHABLE", "this server uses no proxy"],
    [named("TimeoutError", "took too long"), 503, "AWS_TIMEOUT", "(TimeoutError)"],
    [socketError("ETIMEDOUT", "connect ETIMEDOUT"), 503, "AWS_TIMEOUT", "(ETIMEDOUT)"],
    [new NotFoundException("Cannot GET /x"), 404, "HTTP_ERROR", "/docs lists those that there are"],
    [new TypeError("x is not a function"), 500, "INTERNAL_ERROR", "its log says how"],
    [socketError("ENOENT", "/home/someone/private"), 500, "INTERNAL_ERROR", "its log says how"],
    ["a string", 500, "INTERNAL_ERROR", "its log says how"],
    [undefined, 500, "INTERNAL_ERROR", "its log says how"],
  ])("%s → %i %s", (error, status, code, advice) => {
    const problem = problemFromError(error, context);
    expect(problem).toMatchObject({ status, code });
    expect(problem.detail).toContain(advice);
    expect(problem.type).toBe(`urn:roles-anywhere-kit:problem:${code.toLowerCase().replaceAll("_", "-")}`);
  });

  it.each([
    [
      new CredentialsUnavailableError(new Error("expired")),
      /^Roles Anywhere gave this server no session; the log of this server says why, .*ra-signer doctor/,
    ],
    [
      serviceError("AccessDenied", 403),
      /; role arn:aws:iam::123456789012:role\/Reader and the session policies/,
    ],
  ])("without a profile, names none: %s", (error, detail) => {
    const credentials = {
      certificate: "client.pem",
      privateKey: undefined,
      passphrase: undefined,
      intermediates: undefined,
      trustAnchorArn: ARNS.TRUST_ANCHOR_ARN,
      profileArn: ARNS.PROFILE_ARN,
      roleArn: ARNS.ROLE_ARN,
      durationSeconds: 3600,
    } as const;
    expect(problemFromError(error, { ...context, credentials }).detail).toMatch(detail);
  });

  it.each([
    [
      "a credential process",
      new CredentialsUnavailableError(new Error("Basic aHVudGVyMg== at https://u:hunter2@x")),
    ],
    ["S3", serviceError("AccessDenied", 403, "key ASIAIOSFODNN7EXAMPLE: hunter2")],
    ["STS", serviceError("ExpiredToken", 400, "hunter2")],
    ["an unknown service", serviceError("Strange", 400, "hunter2")],
    ["a socket", socketError("ECONNREFUSED", "connect to hunter2")],
    ["a timeout", named("TimeoutError", "hunter2")],
  ])("repeats no message of %s", (_who, error) => {
    const { title, detail } = problemFromError(error, context);
    expect(title + detail).not.toMatch(/hunter2|aHVudGVyMg|ASIA/);
  });

  it("escapes and bounds an error code that AWS does not know", () => {
    const { detail } = problemFromError(serviceError(`\u001B[2J${"x".repeat(500_000)}`, 400), context);
    expect(detail).toContain("\\u{1b}[2J");
    expect(detail.length).toBeLessThan(1500);
  });

  it("tells nothing of an error it does not know", () => {
    const { title, detail } = problemFromError(new Error("/etc/secret"), context);
    expect(title + detail).not.toContain("secret");
  });
});
