import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAuthority, makeCertificate, rsaKeys, send, signedRequest } from "@roles-anywhere/testing";
import type { Issued, SigningSpec } from "@roles-anywhere/testing";
import { createWorld, PROFILE_ARN, ROLE_ARN, TRUST_ANCHOR_ARN } from "../../test/support/world.ts";
import { startMock } from "./server.ts";
import type { RunningMock } from "./server.ts";

/**
 * What the known clients put on the wire, as recorded from them or read from their source: where the ARNs stand, the
 * content type, the headers they sign, the Host they claim, and how they order the chain.
 */
const root = makeAuthority({ keys: rsaKeys() });
const upper = makeAuthority({ subject: [["CN", "Upper"]], keys: rsaKeys() }, root);
const lower = makeAuthority({ subject: [["CN", "Lower"]], keys: rsaKeys() }, upper);
const direct = makeCertificate({ keys: rsaKeys() }, root);
const below = makeCertificate({ keys: rsaKeys() }, lower);

const ARNS = { profileArn: PROFILE_ARN, roleArn: ROLE_ARN, trustAnchorArn: TRUST_ANCHOR_ARN };
const QUERY = Object.entries(ARNS)
  .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  .join("&");
const AWS_HOST = "rolesanywhere.us-east-1.amazonaws.com";

const SIGNED = ["content-type", "host", "x-amz-date", "x-amz-x509"];
const SDK_SIGNED = ["amz-sdk-invocation-id", "amz-sdk-request", ...SIGNED];

/** `authority` is the host and port that the client was told to call. */
type Shape = (authority: string) => Partial<SigningSpec>;

const helper: Shape = (authority) => ({
  host: authority,
  query: QUERY,
  body: '{"durationSeconds":3600}',
  headers: [
    ["User-Agent", "CredHelper/1.8.0 (go1.26.8; linux; amd64)"],
    ["Amz-Sdk-Invocation-Id", "948309e9-06ca-4284-9d78-e06c29258f08"],
    ["Amz-Sdk-Request", "attempt=1; max=3"],
    ["Accept-Encoding", "gzip"],
  ],
  sign: SDK_SIGNED,
});

const helperWithChain =
  (...chain: readonly Issued[]): Shape =>
  (authority) => ({
    ...helper(authority),
    certificate: below,
    chain,
    sign: [...SDK_SIGNED, "x-amz-x509-chain"],
  });

const python2: Shape = () => ({
  host: AWS_HOST,
  contentType: "application/x-amz-json-1.0",
  body: JSON.stringify({ durationSeconds: 3600, ...ARNS }),
  headers: [
    ["User-Agent", "python-urllib3/2.5.0"],
    ["Accept-Encoding", "identity"],
  ],
  sign: SIGNED,
});

const python3: Shape = (authority) => ({
  ...python2(authority),
  host: authority,
  body: JSON.stringify({
    durationSeconds: 3600,
    ...ARNS,
    roleSessionName: "my-session",
    instanceProperties: { rack: "7" },
  }),
});

const java: Shape = (authority) => ({
  host: authority.replace(/:\d+$/, ""),
  body: JSON.stringify({ ...ARNS, roleSessionName: "my-session", durationSeconds: 900 }),
  sign: SIGNED,
});

const SHAPES: readonly (readonly [client: string, shape: Shape])[] = [
  ["the official helper with PEM files", helper],
  [
    "the official helper on its third attempt",
    (authority) => ({
      ...helper(authority),
      headers: [
        ["Amz-Sdk-Invocation-Id", "948309e9-06ca-4284-9d78-e06c29258f08"],
        ["Amz-Sdk-Request", "attempt=3; max=3"],
      ],
    }),
  ],
  [
    "the official helper without a role in the query, the role in the body",
    (authority) => ({
      ...helper(authority),
      query: QUERY.replace(encodeURIComponent(ROLE_ARN), ""),
      body: JSON.stringify({ roleArn: ROLE_ARN }),
    }),
  ],
  [
    "the official helper with --role-session-name",
    (authority) => ({
      ...helper(authority),
      body: '{"durationSeconds":3600,"roleSessionName":"my-session"}',
    }),
  ],
  ["the official helper with --intermediates, leaf side first", helperWithChain(lower, upper)],
  ["the official helper with --intermediates, root side first", helperWithChain(upper, lower)],
  ["the official helper with the root among the intermediates", helperWithChain(root, upper, lower)],
  [
    "the official helper with PKCS#12, whose chain starts with the leaf",
    helperWithChain(below, lower, upper),
  ],
  ["the official helper with PKCS#12 and the root in it", helperWithChain(below, root, lower, upper)],
  [
    "the official helper with five certificates, some of them strangers",
    helperWithChain(direct, lower, makeAuthority({ subject: [["CN", "Stranger"]] }), upper, root),
  ],
  ["Python 2.x, which always claims AWS's own host", python2],
  [
    "Python 2.x with a chain",
    (authority) => ({
      ...python2(authority),
      certificate: below,
      chain: [lower, upper],
      sign: [...SIGNED, "x-amz-x509-chain"],
    }),
  ],
  ["Python 3.0, which signs the real host and port", python3],
  ["the Java provider, which signs a Host without the port that it calls", java],
  [
    "the Java provider with a chain",
    (authority) => ({
      ...java(authority),
      certificate: below,
      chain: [lower, upper],
      sign: [...SIGNED, "x-amz-x509-chain"],
    }),
  ],
  ["the user guide's walk-through", () => ({ host: AWS_HOST, body: JSON.stringify(ARNS), sign: SIGNED })],
  [
    "the least that must be signed",
    (authority) => ({
      host: authority,
      body: JSON.stringify(ARNS),
      sign: ["host", "x-amz-x509"],
    }),
  ],
];

describe("over the wire, CreateSession accepts", () => {
  const world = createWorld({ root, client: direct });
  world.profile.acceptRoleSessionName = true;
  let mock: RunningMock;
  beforeAll(async () => {
    const { state } = world.context;
    const clock = { now: () => world.now };
    mock = await startMock({ state, accountId: state.accountId, aws: world.aws, clock });
  });
  afterAll(() => mock.close());

  it.each(SHAPES)("%s", async (_, shape) => {
    const request = signedRequest(world.call(shape(new URL(mock.url).host)));
    const { status, text } = await send(mock.url, request);
    expect({ status, ...mock.context.audit.list(1)[0]?._mock }).toMatchObject({
      status: 201,
      verdict: "granted",
    });
    expect(JSON.parse(text)).toMatchObject({
      credentialSet: [{ roleArn: ROLE_ARN, sourceIdentity: "CN=client" }],
    });
  });

  it("refuses what the official helper sends without --role-arn: an empty roleArn", async () => {
    const { host } = new URL(mock.url);
    const query = QUERY.replace(encodeURIComponent(ROLE_ARN), "");
    const { status, headers, text } = await send(
      mock.url,
      signedRequest(world.call({ ...helper(host), query })),
    );
    expect({ status, type: headers["x-amzn-errortype"] }).toEqual({
      status: 400,
      type: "ValidationException",
    });
    expect(JSON.parse(text)).toEqual({
      message:
        "1 validation error detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null",
    });
  });

  it("refuses the token that the Python client makes of a certificate signed with SHA-384", async () => {
    const request = signedRequest(world.call({ ...python2(""), algorithm: "AWS4-X509-RSA-SHA384" }));
    expect((await send(mock.url, request)).status).toBe(403);
    expect(mock.context.audit.list(1)).toMatchObject([{ _mock: { reason: "ALGORITHM_UNSUPPORTED" } }]);
  });
});
