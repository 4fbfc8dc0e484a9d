import { createHash } from "node:crypto";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { describe, expect, it } from "vitest";
import { readClaim, verifySignature } from "../src/index.ts";
import type { SignedRequest, SigningCredentials, VerifyOptions } from "../src/index.ts";
import { NOW } from "./support/session.ts";

// Test-only secrets.
const KEY = {
  accessKeyId: "ASIAEXAMPLE",
  secretAccessKey: "test-only-secret",
  sessionToken: "test-only-token",
} as const;

const SIGNING_NAMES = { s3: "s3", sts: "sts", dynamodb: "dynamodb", lambda: "lambda" } as const;
type Service = keyof typeof SIGNING_NAMES;

interface Spec {
  readonly service?: Service;
  readonly signingName?: string;
  readonly path?: string;
  readonly query?: Record<string, string | string[]>;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly date?: Date;
  readonly region?: string;
  readonly secretAccessKey?: string;
  readonly unsigned?: readonly string[];
  readonly expiresIn?: number;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A request that the AWS SDK's signer has signed, in its headers or, with `expiresIn`, in its query. */
async function signed(spec: Spec = {}): Promise<SignedRequest> {
  const { service = "s3", path = "/reports/a", query = {}, body = "" } = spec;
  const { accessKeyId, sessionToken } = KEY;
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey: spec.secretAccessKey ?? KEY.secretAccessKey, sessionToken },
    region: spec.region ?? "eu-west-1",
    service: spec.signingName ?? SIGNING_NAMES[service],
    sha256: Sha256,
    uriEscapePath: service !== "s3",
    applyChecksum: service === "s3",
  });
  const request = {
    method: "GET",
    protocol: "https:",
    hostname: "aws.example",
    path,
    query,
    headers: { host: "aws.example", ...spec.headers },
    body,
  };
  const signingDate = spec.date ?? NOW;
  const result =
    spec.expiresIn === undefined
      ? await signer.sign(request, { signingDate, unsignableHeaders: new Set(spec.unsigned) })
      : await signer.presign(request, {
          signingDate,
          expiresIn: spec.expiresIn,
          unsignableHeaders: new Set(spec.unsigned),
        });
  const pairs = Object.entries(result.query ?? {}).flatMap(([name, values]) =>
    [values ?? []].flat().map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
  );
  return {
    service,
    method: "GET",
    path: pairs.length === 0 ? path : `${path}?${pairs.join("&")}`,
    headers: Object.entries(result.headers),
    payloadSha256: sha256(body),
  };
}

const presigned = (spec: Spec = {}): Promise<SignedRequest> =>
  signed({ headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }, expiresIn: 300, ...spec });

function header(
  request: SignedRequest,
  name: string,
  change: (value: string) => string | undefined,
): SignedRequest {
  return {
    ...request,
    headers: request.headers.flatMap(([each, value]) => {
      const changed = each.toLowerCase() === name ? change(value) : value;
      return changed === undefined ? [] : [[each, changed] as const];
    }),
  };
}

const query = (request: SignedRequest, pattern: RegExp, by: string): SignedRequest => ({
  ...request,
  path: request.path.replace(pattern, by),
});

function verify(
  request: SignedRequest,
  options: Partial<VerifyOptions> = {},
  credentials: SigningCredentials | undefined = KEY,
) {
  const verdict = verifySignature(request, credentials, { now: NOW, ...options });
  if (verdict.valid) return { reason: "valid" };
  return { reason: verdict.reason, code: verdict.error.code, status: verdict.error.status };
}

const at = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);
const change = (name: string, by: string) => (request: SignedRequest) => header(request, name, () => by);
const remove = (name: string) => (request: SignedRequest) => header(request, name, () => undefined);
const authorization = (pattern: string | RegExp, by: string) => (request: SignedRequest) =>
  header(request, "authorization", (value) => value.replace(pattern, by));

describe("what verifySignature accepts", () => {
  it.each<[title: string, spec: Spec]>([
    ["signed headers", {}],
    ["a path that S3 encodes once", { path: "/reports/a%20b%2Bc/%C3%BC%21" }],
    ["a path of two slashes", { path: "/reports//a//b" }],
    ["dots in a key", { path: "/reports/a/../b/./c" }],
    ["a query with a list", { query: { prefix: "a b+c=&%/~*'()!", tag: ["2", "1", "10"], versions: "" } }],
    ["names of which one is the start of another", { query: { a: "2", "a-b": "1", "a.b": "3", A: "4" } }],
    ["UNSIGNED-PAYLOAD", { headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }, body: "x" }],
    [
      "a streaming payload",
      { headers: { "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" }, body: "x" },
    ],
    [
      "a streaming payload with a trailer",
      { headers: { "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER" }, body: "x" },
    ],
    ["the hash of the body", { body: "some text" }],
    ["a date 15 minutes old", { date: at(-900) }],
    ["a date 15 minutes ahead", { date: at(900) }],
    ["blanks in a header", { headers: { "x-amz-meta-note": "  a   b " } }],
    [
      "an unsigned header of the browser",
      { headers: { "x-forwarded-for": "192.0.2.1" }, unsigned: ["x-forwarded-for"] },
    ],
    ["a body for STS", { service: "sts", path: "/", body: "Action=GetCallerIdentity&Version=2011-06-15" }],
    ["a body for DynamoDB", { service: "dynamodb", path: "/", body: '{"TableName":"a"}' }],
    ["a path that Lambda encodes twice", { service: "lambda", path: "/functions/arn%3Aaws%3Alambda%3Ax" }],
  ])("%s", async (_, spec) => {
    expect(verify(await signed(spec))).toEqual({ reason: "valid" });
  });

  it.each<[title: string, spec: Spec]>([
    ["a presigned URL", {}],
    ["a presigned URL in its last second", { date: at(-300) }],
    ["a presigned URL of seven days", { date: at(-604_799), expiresIn: 604_800 }],
    ["a presigned URL of a clock ahead", { date: at(60) }],
    ["a presigned URL with a query", { query: { "response-content-type": "text/csv; charset=utf-8" } }],
    [
      "a presigned request to STS",
      { service: "sts", path: "/", query: { Action: "GetCallerIdentity" }, headers: {} },
    ],
  ])("%s", async (_, spec) => {
    expect(verify(await presigned(spec))).toEqual({ reason: "valid" });
  });

  it("a path that the client has encoded less than the signature", async () => {
    const request = await signed({ path: "/reports/a%28b%29~" });
    expect(verify({ ...request, path: "/reports/a(b)~" })).toEqual({ reason: "valid" });
  });

  it("header names in any letter case, and the absolute form of a target", async () => {
    const request = await signed();
    const headers = request.headers.map(([name, value]) => [name.toUpperCase(), value] as const);
    expect(verify({ ...request, headers, path: `http://aws.example${request.path}` })).toEqual({
      reason: "valid",
    });
  });
});

type Row = readonly [
  title: string,
  tamper: (request: SignedRequest) => SignedRequest,
  reason: string,
  code: string,
  status: number,
];

/** One change for each row. */
const S3_ROWS: readonly Row[] = [
  ["no signature", remove("authorization"), "SIGNATURE_MISSING", "AccessDenied", 403],
  ["an empty Authorization header", change("authorization", " "), "SIGNATURE_MISSING", "AccessDenied", 403],
  [
    "signature version 2",
    change("authorization", "AWS ASIAEXAMPLE:abc="),
    "SIGNATURE_VERSION",
    "InvalidRequest",
    400,
  ],
  [
    "signature version 4A",
    authorization("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
    "SIGNATURE_VERSION",
    "InvalidRequest",
    400,
  ],
  [
    "a presigned URL of version 2",
    (request) => ({
      ...remove("authorization")(request),
      path: "/reports/a?AWSAccessKeyId=A&Expires=1&Signature=x",
    }),
    "SIGNATURE_VERSION",
    "InvalidRequest",
    400,
  ],
  [
    "a second signature in the query",
    (request) => ({ ...request, path: `${request.path}?X-Amz-Signature=00` }),
    "SIGNED_TWICE",
    "InvalidArgument",
    400,
  ],
  [
    "no Signature",
    authorization(/, Signature=.*/u, ""),
    "SIGNATURE_MALFORMED",
    "AuthorizationHeaderMalformed",
    400,
  ],
  [
    "no SignedHeaders",
    authorization("SignedHeaders", "Headers"),
    "SIGNATURE_MALFORMED",
    "AuthorizationHeaderMalformed",
    400,
  ],
  [
    "a scope of four parts",
    authorization("/aws4_request", ""),
    "SIGNATURE_MALFORMED",
    "AuthorizationHeaderMalformed",
    400,
  ],
  [
    "another terminator",
    authorization("aws4_request", "aws5_request"),
    "SCOPE_INVALID",
    "AuthorizationHeaderMalformed",
    400,
  ],
  [
    "the scope of another service",
    authorization("/s3/", "/sts/"),
    "SCOPE_INVALID",
    "AuthorizationHeaderMalformed",
    400,
  ],
  [
    "the scope of another day",
    authorization("/20260615/", "/20260614/"),
    "SCOPE_INVALID",
    "AuthorizationHeaderMalformed",
    400,
  ],
  ["no date", remove("x-amz-date"), "SIGNATURE_MALFORMED", "AuthorizationHeaderMalformed", 400],
  [
    "a date that does not exist",
    change("x-amz-date", "20260230T000000Z"),
    "DATE_INVALID",
    "AccessDenied",
    403,
  ],
  [
    "another date",
    change("x-amz-date", "20260615T120001Z"),
    "SIGNATURE_MISMATCH",
    "SignatureDoesNotMatch",
    403,
  ],
  [
    "another region",
    authorization("/eu-west-1/", "/us-east-1/"),
    "SIGNATURE_MISMATCH",
    "SignatureDoesNotMatch",
    403,
  ],
  ["another token", change("x-amz-security-token", "guessed"), "TOKEN_INVALID", "InvalidToken", 400],
  ["no token", remove("x-amz-security-token"), "ACCESS_KEY_UNKNOWN", "InvalidAccessKeyId", 403],
  [
    "an unsigned host",
    authorization("SignedHeaders=host;", "SignedHeaders="),
    "HOST_NOT_SIGNED",
    "AccessDenied",
    403,
  ],
  [
    "an unsigned x-amz header",
    (request) => ({ ...request, headers: [...request.headers, ["X-Amz-Acl", "public-read"]] }),
    "HEADER_NOT_SIGNED",
    "AccessDenied",
    403,
  ],
  [
    "a second value of a signed header",
    (request) => ({ ...request, headers: [...request.headers, ["x-amz-date", "20260615T120000Z"]] }),
    "DATE_INVALID",
    "AccessDenied",
    403,
  ],
  [
    "a signed header that is not there",
    authorization("SignedHeaders=host;", "SignedHeaders=absent;host;"),
    "SIGNATURE_MISMATCH",
    "SignatureDoesNotMatch",
    403,
  ],
  ["another host", change("host", "evil.example"), "SIGNATURE_MISMATCH", "SignatureDoesNotMatch", 403],
  [
    "another method",
    (request) => ({ ...request, method: "DELETE" }),
    "SIGNATURE_MISMATCH",
    "SignatureDoesNotMatch",
    403,
  ],
  [
    "another path",
    (request) => ({ ...request, path: "/reports/b" }),
    "SIGNATURE_MISMATCH",
    "SignatureDoesNotMatch",
    403,
  ],
  [
    "a query",
    (request) => ({ ...request, path: `${request.path}?acl` }),
    "SIGNATURE_MISMATCH",
    "SignatureDoesNotMatch",
    403,
  ],
  [
    "a parameter called __proto__",
    (request) => ({ ...request, path: `${request.path}?__proto__=1` }),
    "SIGNATURE_MISMATCH",
    "SignatureDoesNotMatch",
    403,
  ],
  [
    "a query that is not UTF-8",
    (request) => ({ ...request, path: `${request.path}?a=%FF` }),
    "SIGNATURE_MISMATCH",
    "SignatureDoesNotMatch",
    403,
  ],
  [
    "a path that is not UTF-8",
    (request) => ({ ...request, path: "/reports/%FF" }),
    "SIGNATURE_MISMATCH",
    "SignatureDoesNotMatch",
    403,
  ],
  [
    "another body",
    (request) => ({ ...request, payloadSha256: sha256("x") }),
    "PAYLOAD_MISMATCH",
    "XAmzContentSHA256Mismatch",
    400,
  ],
  [
    "another payload hash",
    change("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
    "SIGNATURE_MISMATCH",
    "SignatureDoesNotMatch",
    403,
  ],
  [
    "a payload hash that is none",
    change("x-amz-content-sha256", "none"),
    "PAYLOAD_MISMATCH",
    "XAmzContentSHA256Mismatch",
    400,
  ],
  [
    "one digit of the signature",
    authorization(/.$/u, "x"),
    "SIGNATURE_MISMATCH",
    "SignatureDoesNotMatch",
    403,
  ],
  ["half a signature", authorization(/.{32}$/u, ""), "SIGNATURE_MISMATCH", "SignatureDoesNotMatch", 403],
  [
    "an upper-case signature",
    (request) =>
      header(request, "authorization", (value) =>
        value.replace(/[0-9a-f]{64}$/u, (hex) => hex.toUpperCase()),
      ),
    "SIGNATURE_MISMATCH",
    "SignatureDoesNotMatch",
    403,
  ],
];

describe("what verifySignature refuses of S3", () => {
  it.each(S3_ROWS)("%s", async (_, tamper, reason, code, status) => {
    expect(verify(tamper(await signed()))).toEqual({ reason, code, status });
  });

  it("a request without the hash of its payload", async () => {
    const request = await signed({ unsigned: ["x-amz-content-sha256"] });
    expect(verify(remove("x-amz-content-sha256")(request))).toEqual({
      reason: "PAYLOAD_HASH_MISSING",
      code: "InvalidRequest",
      status: 400,
    });
  });

  it.each<[title: string, spec: Spec, reason: string, code: string, status: number]>([
    ["a date 15 minutes and a second old", { date: at(-901) }, "DATE_SKEWED", "RequestTimeTooSkewed", 403],
    ["a date 15 minutes and a second ahead", { date: at(901) }, "DATE_SKEWED", "RequestTimeTooSkewed", 403],
    ["another secret", { secretAccessKey: "guessed" }, "SIGNATURE_MISMATCH", "SignatureDoesNotMatch", 403],
    ["an unsigned token", { unsigned: ["x-amz-security-token"] }, "HEADER_NOT_SIGNED", "AccessDenied", 403],
    [
      "a path encoded twice",
      { service: "lambda", signingName: "s3", path: "/reports/a%20b" },
      "SCOPE_INVALID",
      "InvalidSignatureException",
      403,
    ],
  ])("%s", async (_, spec, reason, code, status) => {
    expect(verify(await signed(spec))).toEqual({ reason, code, status });
  });

  it.each<
    [
      title: string,
      spec: Spec,
      tamper: (request: SignedRequest) => SignedRequest,
      reason: string,
      code: string,
      status: number,
    ]
  >([
    [
      "one second after its end",
      { date: at(-301) },
      (request) => request,
      "PRESIGNED_EXPIRED",
      "AccessDenied",
      403,
    ],
    [
      "too far ahead",
      { date: at(901) },
      (request) => request,
      "PRESIGNED_NOT_YET_VALID",
      "AccessDenied",
      403,
    ],
    [
      "a longer life",
      {},
      (request) => query(request, /Expires=300/u, "Expires=301"),
      "SIGNATURE_MISMATCH",
      "SignatureDoesNotMatch",
      403,
    ],
    [
      "no life",
      {},
      (request) => query(request, /X-Amz-Expires=300&/u, ""),
      "PRESIGNED_QUERY_MALFORMED",
      "AuthorizationQueryParametersError",
      400,
    ],
    [
      "more than seven days",
      {},
      (request) => query(request, /Expires=300/u, "Expires=604801"),
      "PRESIGNED_QUERY_MALFORMED",
      "AuthorizationQueryParametersError",
      400,
    ],
    [
      "a life of no number",
      {},
      (request) => query(request, /Expires=300/u, "Expires=1e3"),
      "PRESIGNED_QUERY_MALFORMED",
      "AuthorizationQueryParametersError",
      400,
    ],
    [
      "two signatures",
      {},
      (request) => ({ ...request, path: `${request.path}&X-Amz-Signature=00` }),
      "PRESIGNED_QUERY_MALFORMED",
      "AuthorizationQueryParametersError",
      400,
    ],
    [
      "no credential",
      {},
      (request) => query(request, /X-Amz-Credential/u, "Credential"),
      "PRESIGNED_QUERY_MALFORMED",
      "AuthorizationQueryParametersError",
      400,
    ],
    [
      "another algorithm",
      {},
      (request) => query(request, /AWS4-HMAC-SHA256/u, "AWS4-HMAC-SHA1"),
      "SIGNATURE_VERSION",
      "InvalidRequest",
      400,
    ],
    [
      "another key of the object",
      {},
      (request) => query(request, /\/a\?/u, "/b?"),
      "SIGNATURE_MISMATCH",
      "SignatureDoesNotMatch",
      403,
    ],
    [
      "another method",
      {},
      (request) => ({ ...request, method: "PUT" }),
      "SIGNATURE_MISMATCH",
      "SignatureDoesNotMatch",
      403,
    ],
    [
      "one more parameter",
      {},
      (request) => ({ ...request, path: `${request.path}&versionId=1` }),
      "SIGNATURE_MISMATCH",
      "SignatureDoesNotMatch",
      403,
    ],
    [
      "one more x-amz header",
      {},
      (request) => ({ ...request, headers: [...request.headers, ["x-amz-acl", "private"]] }),
      "HEADER_NOT_SIGNED",
      "AccessDenied",
      403,
    ],
    [
      "another token",
      {},
      (request) => query(request, /test-only-token/u, "guessed"),
      "TOKEN_INVALID",
      "InvalidToken",
      400,
    ],
    ["another host", {}, change("host", "evil.example"), "SIGNATURE_MISMATCH", "SignatureDoesNotMatch", 403],
  ])("a presigned URL with %s", async (_, spec, tamper, reason, code, status) => {
    expect(verify(tamper(await presigned(spec)))).toEqual({ reason, code, status });
  });

  it.each<
    [title: string, credentials: SigningCredentials | undefined, reason: string, code: string, status: number]
  >([
    ["an access key that nobody has", undefined, "ACCESS_KEY_UNKNOWN", "InvalidAccessKeyId", 403],
    [
      "an access key without token",
      { secretAccessKey: KEY.secretAccessKey },
      "TOKEN_INVALID",
      "InvalidToken",
      400,
    ],
    ["a session that has ended", { ...KEY, expiresAt: NOW }, "TOKEN_EXPIRED", "ExpiredToken", 400],
  ])("%s", async (_, credentials, reason, code, status) => {
    const verdict = verifySignature(await signed(), credentials, { now: NOW });
    expect(verdict).toMatchObject({ valid: false, reason, error: { code, status } });
  });
});

describe("what other services answer", () => {
  it.each<
    [
      service: Service,
      title: string,
      tamper: (request: SignedRequest) => SignedRequest,
      code: string,
      status: number,
    ]
  >([
    ["sts", "no signature", remove("authorization"), "MissingAuthenticationToken", 403],
    ["sts", "half a header", authorization(/, Signature=.*/u, ""), "IncompleteSignature", 403],
    ["sts", "another token", change("x-amz-security-token", "guessed"), "InvalidClientTokenId", 403],
    [
      "sts",
      "another body",
      (request) => ({ ...request, payloadSha256: sha256("x") }),
      "SignatureDoesNotMatch",
      403,
    ],
    [
      "sts",
      "no hash of the body",
      (request) => ({ ...request, payloadSha256: undefined }),
      "SignatureDoesNotMatch",
      403,
    ],
    ["sts", "the scope of another service", authorization("/sts/", "/iam/"), "SignatureDoesNotMatch", 403],
    ["dynamodb", "no signature", remove("authorization"), "MissingAuthenticationTokenException", 400],
    [
      "dynamodb",
      "another token",
      change("x-amz-security-token", "guessed"),
      "UnrecognizedClientException",
      400,
    ],
    [
      "dynamodb",
      "another body",
      (request) => ({ ...request, payloadSha256: sha256("x") }),
      "InvalidSignatureException",
      400,
    ],
    ["dynamodb", "the rules of S3", authorization("/dynamodb/", "/s3/"), "InvalidSignatureException", 400],
    ["lambda", "half a header", authorization(/, Signature=.*/u, ""), "IncompleteSignatureException", 403],
    ["lambda", "another path", (request) => ({ ...request, path: "/b" }), "InvalidSignatureException", 403],
  ])("%s to %s", async (service, _, tamper, code, status) => {
    const request = tamper(await signed({ service, path: "/", body: "text" }));
    expect(verify(request)).toMatchObject({ code, status });
  });

  it.each<[service: Service, code: string, status: number]>([
    ["sts", "ExpiredToken", 403],
    ["dynamodb", "ExpiredTokenException", 400],
    ["lambda", "ExpiredTokenException", 403],
  ])("%s to a session that has ended", async (service, code, status) => {
    const verdict = verifySignature(
      await signed({ service, path: "/" }),
      { ...KEY, expiresAt: NOW },
      { now: NOW },
    );
    expect(verdict).toMatchObject({ valid: false, error: { code, status } });
  });

  it("says by how much a date is off, with the window of the service", async () => {
    const request = await signed({ service: "sts", path: "/", date: at(-301) });
    expect(verifySignature(request, KEY, { now: NOW, clockSkewSeconds: 300 })).toMatchObject({
      error: {
        message:
          "Signature expired: 20260615T115459Z is now earlier than 20260615T115500Z (20260615T120000Z - 5 min.)",
      },
    });
    expect(verify(request)).toEqual({ reason: "valid" });
  });
});

describe("what even the right secret does not sign", () => {
  it.each<[title: string, spec: Spec, reason: string]>([
    [
      "an unsigned payload for a service that is not S3",
      { service: "dynamodb", path: "/", headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } },
      "PAYLOAD_MISMATCH",
    ],
    // The signer leaves the value of this parameter out of what it signs.
    [
      "a parameter called __proto__",
      { query: Object.fromEntries([["__proto__", "1"]]) },
      "SIGNATURE_MISMATCH",
    ],
  ])("%s", async (_, spec, reason) => {
    expect(verify(await signed(spec))).toMatchObject({ reason });
  });
});

describe("secrets and guesses", () => {
  it("tells no secret in any refusal", async () => {
    const request = await signed();
    const told = JSON.stringify(
      S3_ROWS.map(([, tamper]) => verifySignature(tamper(request), KEY, { now: NOW })),
    );
    expect(told).not.toContain(KEY.secretAccessKey);
    expect(told).not.toContain(KEY.sessionToken);
  });

  it("finds the access key of a request, whatever its signature is worth", async () => {
    const request = await signed();
    expect(readClaim(authorization("ASIAEXAMPLE", "ASIAOTHER")(request))).toMatchObject({
      accessKeyId: "ASIAOTHER",
    });
    expect(readClaim(await presigned())).toMatchObject({
      accessKeyId: "ASIAEXAMPLE",
      presigned: true,
      expiresInSeconds: 300,
      sessionToken: KEY.sessionToken,
    });
  });

  it("keeps the answer right for more regions than it keeps signing keys for", async () => {
    const first = await signed({ region: "region-0" });
    for (let index = 0; index < 1500; index += 1) {
      verify(authorization("/region-0/", `/region-${index}/`)(first));
    }
    expect(verify(first)).toEqual({ reason: "valid" });
  });
});
