import { createHash, createHmac } from "node:crypto";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { describe, expect, it } from "vitest";
import { startMock } from "../http/server.ts";
import type { ReceivedRequest } from "../request/received-request.ts";
import { send } from "@roles-anywhere/testing";
import { ACCOUNT, createWorld, NOW } from "../../test/support/world.ts";
import type { AccessKey } from "./sigv4.ts";

const KEY: AccessKey = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};
const TEMPORARY: AccessKey = {
  accessKeyId: "ASIAEXAMPLE",
  secretAccessKey: "temporary-secret",
  sessionToken: "token/1",
};
const SECRETS = [KEY.secretAccessKey, TEMPORARY.secretAccessKey, "token/1"];
const PROFILE = `arn:aws:rolesanywhere:us-east-1:${ACCOUNT}:profile/6a0bbcbb-7d02-4c2f-9a1c-3f0f5a6f3d11`;
const MISMATCH = [
  "InvalidSignatureException",
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
] as const;
const UNRECOGNIZED = [
  "UnrecognizedClientException",
  "The security token included in the request is invalid.",
] as const;

interface Call {
  method?: string;
  path?: string;
  query?: Record<string, string | string[]>;
  body?: string;
  headers?: Record<string, string>;
  key?: AccessKey;
  date?: Date;
  /** Header names to leave unsigned. */
  unsigned?: readonly string[];
  checksum?: boolean;
}

/** Signed as the AWS SDK for JavaScript signs. */
async function sdkRequest(call: Call = {}): Promise<ReceivedRequest> {
  const { method = "GET", path = "/profiles", query = {}, body, key = KEY } = call;
  const { accessKeyId, secretAccessKey, sessionToken } = key;
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    region: "us-east-1",
    service: "rolesanywhere",
    sha256: Sha256,
    applyChecksum: call.checksum ?? true,
  });
  const headers = { host: "127.0.0.1:9912", "user-agent": "test", ...call.headers };
  const signed = await signer.sign(
    {
      method,
      protocol: "http:",
      hostname: "127.0.0.1",
      path,
      query,
      headers,
      ...(body === undefined ? {} : { body }),
    },
    { signingDate: call.date ?? NOW, unsignableHeaders: new Set(call.unsigned) },
  );
  const search = Object.entries(query).flatMap(([name, values]) =>
    [values].flat().map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
  );
  return {
    method,
    target: search.length === 0 ? path : `${path}?${search.join("&")}`,
    rawHeaders: Object.entries(signed.headers).flat(),
    body: Buffer.from(body ?? ""),
  };
}

async function answerTo(request: ReceivedRequest) {
  const world = createWorld();
  const lines: string[] = [];
  await using mock = await startMock({
    accountId: ACCOUNT,
    aws: world.aws,
    clock: { now: () => NOW },
    log: (line) => lines.push(line),
    accessKeys: [KEY, TEMPORARY],
  });
  const { status, headers, text } = await send(mock.url, request);
  const told = JSON.stringify([headers, text, lines, mock.context.audit.list(), mock.context]);
  return { status, type: headers["x-amzn-errortype"], text, told };
}

function withHeader(
  request: ReceivedRequest,
  name: string,
  change: (value: string) => string,
): ReceivedRequest {
  const at = request.rawHeaders.findIndex(
    (header, index) => index % 2 === 0 && header.toLowerCase() === name,
  );
  if (at < 0) throw new Error(`no header ${name}`);
  return {
    ...request,
    rawHeaders: request.rawHeaders.map((value, index) => (index === at + 1 ? change(value) : value)),
  };
}

const at = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);
const CREATE: Call = {
  method: "POST",
  path: "/profiles",
  body: JSON.stringify({ name: "p", roleArns: [], ignored: "ü" }),
};

describe("a control plane that knows access keys", () => {
  it.each<[title: string, call: Call, status: number]>([
    ["a GET", {}, 200],
    ["a body", CREATE, 201],
    ["a body whose hash is no header", { ...CREATE, checksum: false }, 201],
    ["a temporary key", { key: TEMPORARY }, 200],
    ["an ARN in the path, encoded", { path: `/profile/${encodeURIComponent(PROFILE)}` }, 404],
    ["an ARN in the query", { path: "/ListTagsForResource", query: { resourceArn: PROFILE } }, 404],
    [
      "a list in the query",
      {
        method: "DELETE",
        path: `/profiles/${PROFILE.slice(-36)}/mappings`,
        query: { certificateField: "x509Subject", specifiers: ["O", "CN", "a b+c=&%/~*"] },
      },
      404,
    ],
    ["blanks in a header", { headers: { "x-amz-meta": "  a   b " } }, 200],
    ["a date almost 5 minutes old", { date: at(-300) }, 200],
    ["a date almost 5 minutes ahead", { date: at(300) }, 200],
  ])("accepts what the AWS SDK signs: %s", async (_, call, status) => {
    expect((await answerTo(await sdkRequest(call))).status).toBe(status);
  });

  it("accepts the signature that AWS's documents lead to, header by header", async () => {
    const scope = "20260615/us-east-1/rolesanywhere/aws4_request";
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
    // The path arrives encoded once and is signed encoded twice.
    const path = "/profile/arn%3Aaws%3Arolesanywhere%3Aus-east-1%3Ax";
    const canonical = [
      "GET",
      path.replaceAll("%", "%25"),
      "",
      "host:127.0.0.1:9912",
      "user-agent:signed too",
      "x-amz-date:20260615T120000Z",
      "",
      "host;user-agent;x-amz-date",
      sha256(""),
    ].join("\n");
    const key = scope.split("/").reduce<string | Buffer>(hmac, `AWS4${KEY.secretAccessKey}`);
    const text = ["AWS4-HMAC-SHA256", "20260615T120000Z", scope, sha256(canonical)].join("\n");
    const signature = hmac(key, text).toString("hex");
    const rawHeaders = [
      ...["Host", "127.0.0.1:9912", "User-Agent", "signed  too", "X-Amz-Date", "20260615T120000Z"],
      "Authorization",
      `AWS4-HMAC-SHA256 Credential=${KEY.accessKeyId}/${scope}, SignedHeaders=host;user-agent;x-amz-date, Signature=${signature}`,
    ];
    const answer = await answerTo({ method: "GET", target: path, rawHeaders, body: Buffer.of() });
    expect(answer).toMatchObject({ status: 404, type: "ResourceNotFoundException" });
  });

  it.each<
    [
      title: string,
      call: Call,
      tamper: ((request: ReceivedRequest) => ReceivedRequest) | undefined,
      refusal: readonly [type: string, message: string],
    ]
  >([
    ["an unknown key", { key: { ...KEY, accessKeyId: "AKIDOTHER" } }, undefined, UNRECOGNIZED],
    [
      "an id in another letter case",
      { key: { ...KEY, accessKeyId: "akidexample" } },
      undefined,
      UNRECOGNIZED,
    ],
    ["another secret", { key: { ...KEY, secretAccessKey: "guessed" } }, undefined, MISMATCH],
    [
      "another key's secret",
      { key: { ...KEY, secretAccessKey: TEMPORARY.secretAccessKey } },
      undefined,
      MISMATCH,
    ],
    ["a missing session token", { key: { ...TEMPORARY, sessionToken: undefined } }, undefined, UNRECOGNIZED],
    ["another session token", { key: { ...TEMPORARY, sessionToken: "token/2" } }, undefined, UNRECOGNIZED],
    ["a session token for a key without", { key: { ...KEY, sessionToken: "t" } }, undefined, UNRECOGNIZED],
    [
      "an unsigned session token",
      { key: TEMPORARY, unsigned: ["x-amz-security-token"] },
      undefined,
      MISMATCH,
    ],
    ["another method", {}, (request) => ({ ...request, method: "POST" }), MISMATCH],
    ["another path", {}, (request) => ({ ...request, target: "/crls" }), MISMATCH],
    ["another query", {}, (request) => ({ ...request, target: "/profiles?pageSize=1" }), MISMATCH],
    [
      "a query that is not UTF-8",
      {},
      (request) => ({ ...request, target: "/profiles?pageSize=%FF" }),
      MISMATCH,
    ],
    ["another body", CREATE, (request) => ({ ...request, body: Buffer.from('{"name":"p"}') }), MISMATCH],
    [
      "another body, without its hash in a header",
      { ...CREATE, checksum: false },
      (request) => ({ ...request, body: Buffer.from('{"name":"p"}') }),
      MISMATCH,
    ],
    [
      "UNSIGNED-PAYLOAD",
      { ...CREATE, headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } },
      undefined,
      MISMATCH,
    ],
    ["another signed header", {}, (request) => withHeader(request, "host", () => "127.0.0.2:9912"), MISMATCH],
    [
      "a signed header that is not there",
      {},
      (request) =>
        withHeader(request, "authorization", (value) => value.replace("host;", "host;x-amz-absent;")),
      MISMATCH,
    ],
    [
      "one digit of the signature changed",
      {},
      (request) =>
        withHeader(request, "authorization", (value) =>
          value.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")),
        ),
      MISMATCH,
    ],
    [
      "half a signature",
      {},
      (request) => withHeader(request, "authorization", (value) => value.slice(0, -32)),
      MISMATCH,
    ],
    [
      "an unsigned host",
      { unsigned: ["host"] },
      undefined,
      ["InvalidSignatureException", "'Host' must be a 'SignedHeader' in the AWS Authorization header."],
    ],
    [
      "a date more than 5 minutes old",
      { date: at(-301) },
      undefined,
      [
        "InvalidSignatureException",
        "Signature expired: 20260615T115459Z is now earlier than 20260615T115500Z (20260615T120000Z - 5 min.)",
      ],
    ],
    [
      "a date more than 5 minutes ahead",
      { date: at(301) },
      undefined,
      [
        "InvalidSignatureException",
        "Signature not yet current: 20260615T120501Z is still later than 20260615T120500Z (20260615T120000Z + 5 min.)",
      ],
    ],
    [
      "a scope of another day",
      {},
      (request) => withHeader(request, "authorization", (value) => value.replace("/20260615/", "/20260614/")),
      [
        "InvalidSignatureException",
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260614' != '20260615', from '20260615T120000Z'.",
      ],
    ],
    [
      "a date that is none",
      {},
      (request) => withHeader(request, "x-amz-date", () => "20260615T126000Z"),
      [
        "InvalidSignatureException",
        "Date must be in ISO-8601 'basic format' (YYYYMMDDTHHMMSSZ), in one X-Amz-Date header.",
      ],
    ],
  ])("refuses %s, and tells no secret", async (_, call, tamper, [type, message]) => {
    const request = await sdkRequest(call);
    const { status, type: told, text, told: everything } = await answerTo(tamper?.(request) ?? request);
    expect({ status, type: told, body: JSON.parse(text) }).toEqual({ status: 403, type, body: { message } });
    for (const secret of SECRETS) expect(everything).not.toContain(secret);
  });
});

describe("the lab of a mock that knows access keys", () => {
  const JSON_TYPE = { "content-type": "application/json" };
  const CALLS: readonly (readonly [title: string, call: Call, status: number])[] = [
    ["the audit", { path: "/_mock/audit", query: { limit: "1" } }, 200],
    ["the clock", { path: "/_mock/clock" }, 200],
    [
      "a move of the clock",
      { method: "PUT", path: "/_mock/clock", headers: JSON_TYPE, body: '{"rate":1}' },
      200,
    ],
    ["the end of all moves", { method: "DELETE", path: "/_mock/clock" }, 200],
    [
      "a fault",
      { method: "POST", path: "/_mock/faults", headers: JSON_TYPE, body: '{"kind":"throttle"}' },
      201,
    ],
    ["the snapshot", { path: "/_mock/snapshot" }, 200],
    ["another snapshot", { method: "PUT", path: "/_mock/snapshot", headers: JSON_TYPE, body: "{}" }, 400],
    ["a reset", { method: "POST", path: "/_mock/reset", headers: JSON_TYPE }, 200],
    ["what is not there", { path: "/_mock/nothing" }, 404],
  ];

  it.each(CALLS)("takes %s when a key has signed", async (_, call, status) => {
    expect((await answerTo(await sdkRequest(call))).status).toBe(status);
  });

  it.each(CALLS)("refuses %s without a signature", async (_, call) => {
    const { rawHeaders, ...request } = await sdkRequest(call);
    const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && /^authorization$/i.test(name));
    expect(await answerTo({ ...request, rawHeaders: rawHeaders.toSpliced(at, 2) })).toMatchObject({
      status: 403,
      type: "MissingAuthenticationTokenException",
    });
  });

  it.each(CALLS)("refuses %s when another secret has signed", async (_, call) => {
    const request = await sdkRequest({ ...call, key: { ...KEY, secretAccessKey: "guessed" } });
    expect(await answerTo(request)).toMatchObject({ status: 403, type: MISMATCH[0] });
  });

  it("tells everybody that it is healthy", async () => {
    const request = { method: "GET", target: "/_mock/health", rawHeaders: ["Host", "127.0.0.1"] };
    expect((await answerTo({ ...request, body: Buffer.of() })).status).toBe(200);
  });
});
