import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { REASON_CODES } from "../errors/refusal.ts";
import {
  ecKeys,
  makeAuthority,
  makeCertificate,
  ML_DSA,
  mlDsaKeys,
  send,
  signedRequest,
  withHeader,
} from "@roles-anywhere/testing";
import { makeTlsFiles } from "../../test/support/make-tls-files.ts";
import { createWorld } from "../../test/support/world.ts";
import type { World, WorldSpec } from "../../test/support/world.ts";
import { startMock } from "./server.ts";
import type { MockOptions, RunningMock } from "./server.ts";

async function serve(
  spec: WorldSpec = {},
  options: MockOptions = {},
): Promise<{ world: World; mock: RunningMock }> {
  const world = createWorld(spec);
  const { state } = world.context;
  const mock = await startMock({
    state,
    accountId: state.accountId,
    aws: world.aws,
    clock: { now: () => world.now },
    ...options,
  });
  return { world, mock };
}

describe("startMock", () => {
  it("grants a session over the wire with AWS's status and headers", async () => {
    const { world, mock } = await serve();
    await using _ = mock;
    const answer = await send(mock.url, signedRequest(world.call()));
    expect(answer).toMatchObject({
      status: 201,
      headers: {
        "content-type": "application/json",
        "x-amzn-requestid": expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    });
    expect(JSON.parse(answer.text)).toMatchObject({ credentialSet: [{ sourceIdentity: "CN=client" }] });
  });

  it("refuses over the wire with the error type in the header and the message alone in the body", async () => {
    const { world, mock } = await serve();
    await using _ = mock;
    const answer = await send(mock.url, signedRequest(world.call({ privateKey: ecKeys().privateKey })));
    expect(answer).toMatchObject({
      status: 403,
      headers: {
        "x-amzn-errortype": "AccessDeniedException",
        "x-amzn-requestid": mock.context.audit.list(1)[0]?.requestID,
      },
    });
    expect(JSON.parse(answer.text)).toEqual({ message: "Invalid signature" });
  });

  it("sees headers as they were sent, not as a library tidied them", async () => {
    const { world, mock } = await serve();
    await using _ = mock;
    const headers = [
      ["X-Two", "a  b"],
      ["x-two", "c"],
    ] as const;
    const answer = await send(
      mock.url,
      signedRequest(world.call({ headers, sign: ["host", "x-amz-date", "x-amz-x509", "x-two"] })),
    );
    expect(answer.status).toBe(201);
  });

  it("refuses a certificate header that was sent twice", async () => {
    const { world, mock } = await serve();
    await using _ = mock;
    const request = signedRequest(world.call());
    await send(mock.url, {
      ...request,
      rawHeaders: [...request.rawHeaders, "X-Amz-X509", world.client.base64],
    });
    expect(mock.context.audit.list(1)).toMatchObject([{ _mock: { reason: "HEADER_DUPLICATED" } }]);
  });

  it("takes the headers of five P-521 intermediates", async () => {
    const root = makeAuthority({ keys: ecKeys("P-521") });
    const chain = [root];
    for (let index = 1; index <= 5; index += 1) {
      const subject = [["CN", `Intermediate ${index} ${"x".repeat(1500)}`]] as const;
      chain.push(makeAuthority({ subject, keys: ecKeys("P-521") }, chain.at(-1)));
    }
    const { world, mock } = await serve({
      root,
      client: makeCertificate({ keys: ecKeys("P-521") }, chain.at(-1)),
    });
    await using _ = mock;
    const request = signedRequest(world.call({ chain: chain.slice(1) }));
    expect(request.rawHeaders.join("").length).toBeGreaterThan(16 * 1024);
    expect((await send(mock.url, request)).status).toBe(201);
  });

  it.runIf(ML_DSA.length > 0)("takes the headers of an ML-DSA-87 chain", async () => {
    const root = makeAuthority({ keys: mlDsaKeys("ml-dsa-87") });
    const issuing = makeAuthority({ subject: [["CN", "Issuing"]], keys: mlDsaKeys("ml-dsa-87") }, root);
    const client = makeCertificate({ keys: mlDsaKeys("ml-dsa-87") }, issuing);
    const { world, mock } = await serve({ root, client });
    await using _ = mock;
    const request = signedRequest(world.call({ chain: [issuing] }));
    expect(request.rawHeaders.join("").length).toBeGreaterThan(28 * 1024);
    expect((await send(mock.url, request)).status).toBe(201);
  });

  it("answers 413 to a body of more than a megabyte", async () => {
    const { world, mock } = await serve();
    await using _ = mock;
    const answer = await send(mock.url, {
      ...signedRequest(world.call()),
      body: Buffer.alloc(1024 * 1024 + 1),
    });
    expect(answer).toMatchObject({
      status: 413,
      headers: { "x-amzn-errortype": "RequestEntityTooLargeException" },
    });
  });

  it.each([
    ["GET", "/sessions"],
    ["POST", "/base/sessions"],
    ["GET", "/"],
  ])("answers 404 to %s %s", async (method, target) => {
    const { mock } = await serve();
    await using _ = mock;
    const answer = await send(mock.url, { method, target, rawHeaders: ["Host", "x"], body: Buffer.alloc(0) });
    expect(answer).toMatchObject({
      status: 404,
      headers: { "x-amzn-errortype": "UnknownOperationException" },
    });
  });

  it("mounts the control plane at the root", async () => {
    const { mock } = await serve();
    await using _ = mock;
    const answer = await fetch(`${mock.url}/trustanchors`);
    expect(answer.status).toBe(403);
    expect(answer.headers.get("x-amzn-errortype")).toBe("MissingAuthenticationTokenException");
  });

  it("speaks https with a certificate and key from files", async () => {
    const tls = makeTlsFiles();
    try {
      const { world, mock } = await serve({}, { tls });
      await using _ = mock;
      expect(mock.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
      const answer = await send(mock.url, signedRequest(world.call()), tls.ca);
      expect(answer.status).toBe(201);
    } finally {
      tls.remove();
    }
  });

  it("closes at once although a client keeps its connection open", async () => {
    const { mock } = await serve();
    const socket = connect(Number(new URL(mock.url).port), "127.0.0.1");
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await new Promise((resolve) => socket.once("connect", resolve));
    await mock.close();
    await closed;
    // A second call settles as well.
    await mock.close();
    await expect(fetch(`${mock.url}/_mock/health`)).rejects.toThrow("fetch failed");
  });

  it("answers a defect of its own with 500 and nothing of the defect", async () => {
    const lines: string[] = [];
    const { world, mock } = await serve({}, { log: (line) => lines.push(line) });
    await using _ = mock;
    world.aws.assume = async () => {
      throw new TypeError("a secret detail");
    };
    const answer = await send(mock.url, signedRequest(world.call()));
    expect(answer).toMatchObject({ status: 500, headers: { "x-amzn-errortype": "InternalServerException" } });
    expect(answer.text).not.toContain("secret");
    expect(lines.at(-1)).toContain("a secret detail");
  });

  it.each<[title: string, options: MockOptions, code: string]>([
    ["no STS endpoint", {}, "ERR_MOCK_NO_STS_ENDPOINT"],
    ["an endpoint that is no URL", { stsEndpoint: "localhost:4566" }, "ERR_MOCK_INVALID_OPTION"],
    [
      "an account of eleven digits",
      { stsEndpoint: "http://x", accountId: "12345678901" },
      "ERR_MOCK_INVALID_OPTION",
    ],
    ["a region that is none", { stsEndpoint: "http://x", region: "here" }, "ERR_MOCK_INVALID_OPTION"],
    [
      "a minimum above AWS's",
      { stsEndpoint: "http://x", minDurationSeconds: 901 },
      "ERR_MOCK_INVALID_OPTION",
    ],
    ["an access key without id", withKeys(["", "s"]), "ERR_MOCK_INVALID_OPTION"],
    ["an access key whose id holds a slash", withKeys(["a/b", "s"]), "ERR_MOCK_INVALID_OPTION"],
    ["an access key without secret", withKeys(["a", ""]), "ERR_MOCK_INVALID_OPTION"],
    ["an access key with an empty token", withKeys(["a", "s", ""]), "ERR_MOCK_INVALID_OPTION"],
    ["two access keys of one id", withKeys(["a", "s"], ["a", "t"]), "ERR_MOCK_INVALID_OPTION"],
    [
      "a certificate file that is not there",
      { stsEndpoint: "http://x", tls: { certificateFile: "/nowhere", keyFile: "/nowhere" } },
      "ERR_MOCK_FILE_UNREADABLE",
    ],
    [
      "a certificate file that is no certificate",
      {
        stsEndpoint: "http://x",
        tls: { certificateFile: import.meta.filename, keyFile: import.meta.filename },
      },
      "ERR_MOCK_INVALID_OPTION",
    ],
    ["an address that is not ours", { stsEndpoint: "http://x", host: "192.0.2.1" }, "ERR_MOCK_LISTEN_FAILED"],
  ])("does not start with %s", async (_, options, code) => {
    await expect(startMock(options)).rejects.toMatchObject({ name: "MockError", code });
  });
});

function withKeys(...keys: [id: string, secret: string, token?: string][]): MockOptions {
  return {
    stsEndpoint: "http://x",
    accessKeys: keys.map(([accessKeyId, secretAccessKey, sessionToken]) => ({
      accessKeyId,
      secretAccessKey,
      sessionToken,
    })),
  };
}

describe("the lab switch for short sessions", () => {
  it("grants what AWS would refuse", async () => {
    const { world, mock } = await serve({}, { minDurationSeconds: 60 });
    await using _ = mock;
    const { body } = world.call();
    const short = JSON.stringify({ ...JSON.parse(String(body)), durationSeconds: 60 });
    expect((await send(mock.url, signedRequest(world.call({ body: short })))).status).toBe(201);
    expect(world.aws.requests).toMatchObject([{ durationSeconds: 60 }]);
  });
});

describe("GET /_mock/audit", () => {
  it("shows the canonical request that the signer should have signed", async () => {
    const { world, mock } = await serve();
    await using _ = mock;
    await send(mock.url, withHeader(signedRequest(world.call()), "host", "other.example"));
    const audit: unknown = await (await fetch(`${mock.url}/_mock/audit?limit=1`)).json();
    expect(audit).toMatchObject({
      Records: [
        {
          errorCode: "AccessDeniedException",
          _mock: {
            reason: expect.toBeOneOf([...REASON_CODES]),
            canonicalRequest: expect.stringContaining("\nhost:other.example\n"),
            stringToSign: expect.stringMatching(/^AWS4-X509-ECDSA-SHA256\n20260615T120000Z\n/),
          },
        },
      ],
    });
  });

  it.each(["x", "-1", "1.5"])("refuses the limit %s", async (limit) => {
    const { mock } = await serve();
    await using _ = mock;
    expect((await fetch(`${mock.url}/_mock/audit?limit=${limit}`)).status).toBe(400);
  });
});
