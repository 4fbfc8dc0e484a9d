import { X509Certificate } from "node:crypto";

import { describe, expect, it } from "vitest";

import { CREDENTIALS, json, refused, startFakeService, success } from "../../test/support/fake-service.ts";
import type { Answer } from "../../test/support/fake-service.ts";
import { makeIdentity } from "../../test/support/identities.ts";
import type { KeyAlgorithm, TestIdentity } from "@roles-anywhere/testing";
import { readVector } from "@roles-anywhere/testing";
import { verifies } from "../../test/support/verifies.ts";
import { createSession } from "./create-session.ts";
import type { CreateSessionInit } from "./create-session.ts";

const ecdsa = readVector("ecdsa");

const INIT = {
  certificate: ecdsa.certificatePem,
  privateKey: ecdsa.privateKeyPem,
  trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
  profileArn: "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
  roleArn: "arn:aws:iam::123456789012:role/path/Example",
  sleep: () => Promise.resolve(),
} satisfies CreateSessionInit;

describe("createSession", () => {
  it("returns the credential set and where it came from", async () => {
    await using service = await startFakeService(success());
    await expect(createSession({ ...INIT, endpoint: service.url })).resolves.toEqual({
      ...CREDENTIALS,
      roleArn: "arn:aws:iam::123456789012:role/Example",
      assumedRoleArn: "arn:aws:sts::123456789012:assumed-role/Example/00",
      subjectArn: "arn:aws:rolesanywhere:us-east-1:123456789012:subject/1",
    });
  });

  it("leaves out the ARNs that the service does not name", async () => {
    const credentials = { ...CREDENTIALS };
    await using service = await startFakeService(json(201, { credentialSet: [{ credentials }] }));
    const set = await createSession({ ...INIT, endpoint: service.url });
    expect(Object.keys(set).sort()).toEqual(Object.keys(CREDENTIALS).sort());
  });

  it.each(["RSA-2048", "P-256", "P-384", "P-521"] as const)(
    "sends a request that verifies with the %s certificate in its header",
    async (algorithm: KeyAlgorithm) => {
      const identity: TestIdentity = makeIdentity(algorithm);
      await using service = await startFakeService(success());
      await createSession({
        ...INIT,
        certificate: identity.certificatePem,
        privateKey: identity.privateKeyPem,
        endpoint: service.url,
        durationSeconds: 900,
        roleSessionName: "Jörg Ä",
      });
      const [request] = service.requests;
      expect(request?.method).toBe("POST");
      expect(JSON.parse(request?.body ?? "")).toEqual({ durationSeconds: 900, roleSessionName: "Jörg Ä" });
      expect(verifies(request)).toBe(true);
    },
  );

  it("sends the ARNs in the query, encoded once, with %20 for a space", async () => {
    await using service = await startFakeService(success());
    const roleArn = "arn:aws:iam::123456789012:role/a=b c+d@é";
    await createSession({ ...INIT, roleArn, endpoint: service.url });
    expect(service.requests[0]?.target).toBe(
      "/sessions?profileArn=arn%3Aaws%3Arolesanywhere%3Aus-east-1%3A123456789012%3Aprofile%2F2" +
        "&roleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fa%3Db%20c%2Bd%40%C3%A9" +
        "&trustAnchorArn=arn%3Aaws%3Arolesanywhere%3Aus-east-1%3A123456789012%3Atrust-anchor%2F1",
    );
    expect(service.requests[0]?.body).toBe("{}");
    expect(verifies(service.requests[0])).toBe(true);
  });

  it("sends the chain in file order and signs it", async () => {
    await using service = await startFakeService(success());
    const intermediates = ecdsa.intermediatesPem + ecdsa.trustAnchorPem;
    await createSession({ ...INIT, intermediates, endpoint: service.url });
    const [request] = service.requests;
    const expected = [ecdsa.intermediatesPem, ecdsa.trustAnchorPem].map((pem) =>
      new X509Certificate(pem).raw.toString("base64"),
    );
    expect(request?.headers["x-amz-x509-chain"]).toBe(expected.join(","));
    expect(request?.headers.authorization).toContain("x-amz-x509;x-amz-x509-chain,");
    expect(verifies(request)).toBe(true);
  });

  it("puts the endpoint's path before /sessions and signs /sessions", async () => {
    await using service = await startFakeService(success());
    await createSession({ ...INIT, endpoint: `${service.url}/base/` });
    const [request] = service.requests;
    expect(request?.target).toMatch(/^\/base\/sessions\?/);
    expect(verifies(request, "/sessions")).toBe(true);
  });

  it("signs for the region that was given, else for the trust anchor's", async () => {
    await using service = await startFakeService(success());
    await createSession({ ...INIT, endpoint: service.url });
    await createSession({ ...INIT, endpoint: service.url, region: "eu-central-1" });
    const scopes = service.requests.map(
      ({ headers }) => /Credential=\d+\/\d{8}\/([^,]+),/.exec(headers.authorization ?? "")?.[1],
    );
    expect(scopes).toEqual([
      "us-east-1/rolesanywhere/aws4_request",
      "eu-central-1/rolesanywhere/aws4_request",
    ]);
  });

  it("lets something else sign", async () => {
    await using service = await startFakeService(success());
    const signer = {
      algorithm: "AWS4-X509-ECDSA-SHA256",
      sign: () => Promise.resolve(Buffer.from("abcd", "hex")),
    } as const;
    await createSession({ ...INIT, privateKey: signer, endpoint: service.url });
    expect(service.requests[0]?.headers.authorization).toMatch(/^AWS4-X509-ECDSA-SHA256 .*Signature=abcd$/);
  });

  it("sends what the service will refuse: a key of another certificate", async () => {
    await using service = await startFakeService(refused(403, "AccessDeniedException", "Invalid signature"));
    const privateKey = readVector("rsa").privateKeyPem;
    await expect(createSession({ ...INIT, privateKey, endpoint: service.url })).rejects.toMatchObject({
      status: 403,
    });
    expect(verifies(service.requests[0])).toBe(false);
  });
});

describe("createSession when the answer is an error", () => {
  it.each([429, 500, 502, 503, 504])(
    "tries again after %d, signed anew, same invocation id",
    async (status) => {
      await using service = await startFakeService(json(status, {}), json(status, {}), success());
      let seconds = 0;
      const now = (): Date => new Date(Date.UTC(2026, 0, 1) + 1000 * (seconds += 1));
      const credentials = await createSession({ ...INIT, now, endpoint: service.url });
      expect(credentials.accessKeyId).toBe(CREDENTIALS.accessKeyId);
      const seen = service.requests.map(({ headers }) => headers);
      expect(seen.map((headers) => headers["amz-sdk-request"])).toEqual([
        "attempt=1; max=3",
        "attempt=2; max=3",
        "attempt=3; max=3",
      ]);
      expect(new Set(seen.map((headers) => headers["amz-sdk-invocation-id"])).size).toBe(1);
      expect(new Set(seen.map((headers) => headers["x-amz-date"])).size).toBe(3);
      expect(service.requests.map((request) => verifies(request))).toEqual([true, true, true]);
    },
  );

  it.each([400, 401, 403, 404, 409])("does not try again after %d", async (status) => {
    await using service = await startFakeService(json(status, { message: "no" }), success());
    await expect(createSession({ ...INIT, endpoint: service.url })).rejects.toMatchObject({
      code: "ERR_SIGNER_SERVICE_REFUSED",
      status,
    });
    expect(service.requests).toHaveLength(1);
  });

  it("gives up after the last attempt and says how many there were", async () => {
    await using service = await startFakeService(refused(503, "ServiceUnavailableException", "busy"));
    await expect(createSession({ ...INIT, endpoint: service.url })).rejects.toMatchObject({
      code: "ERR_SIGNER_SERVICE_REFUSED",
      attempts: 3,
      status: 503,
      message:
        "gave up after 3 attempts: CreateSession failed, StatusCode: 503, RequestID: id-1, ServiceUnavailableException: busy; likely cause: the service, or a proxy in front of it, cannot answer now; try again later",
    });
  });

  it("pauses with jitter that doubles, or as long as the service asks", async () => {
    await using service = await startFakeService(
      json(503, {}),
      json(503, {}),
      json(429, {}, { "Retry-After": "7" }),
      json(503, {}, { "Retry-After": "9999" }),
      success(),
    );
    const pauses: number[] = [];
    await createSession({
      ...INIT,
      endpoint: service.url,
      maxAttempts: 5,
      random: () => 0.5,
      sleep: (milliseconds) => Promise.resolve(void pauses.push(milliseconds)),
    });
    expect(pauses).toEqual([500, 1000, 7000, 20_000]);
  });

  it("stops when the next pause would pass the total time", async () => {
    await using service = await startFakeService(json(503, {}, { "Retry-After": "20" }));
    const attempt = createSession({ ...INIT, endpoint: service.url, totalTimeoutMs: 10_000 });
    await expect(attempt).rejects.toMatchObject({ code: "ERR_SIGNER_SERVICE_REFUSED" });
    expect(service.requests).toHaveLength(1);
  });

  it.each<readonly [string, Answer, string, string]>([
    [
      "header",
      json(
        403,
        { message: "m", __type: "Other" },
        { "X-Amzn-ErrorType": "A#AccessDeniedException:http://x" },
      ),
      "AccessDeniedException",
      "m",
    ],
    [
      "__type",
      json(400, { Message: "m", __type: "aws.api#ValidationException" }),
      "ValidationException",
      "m",
    ],
    ["code", json(404, { code: "ResourceNotFoundException:x" }), "ResourceNotFoundException", ""],
    [
      "nothing that can be read",
      (response) => void response.writeHead(418).end("<html>"),
      "UnknownError",
      "",
    ],
  ])("reads the error type from %s", async (_title, answer, type, serviceMessage) => {
    await using service = await startFakeService(answer);
    await expect(createSession({ ...INIT, endpoint: service.url })).rejects.toMatchObject({
      code: "ERR_SIGNER_SERVICE_REFUSED",
      type,
      serviceMessage,
    });
  });

  it.each([
    ["Untrusted Signing Certificate", /no path leads .* --intermediates.* revoked/],
    ["Untrusted certificate. Insufficient certificate", /lacks an extension/],
    ["Invalid signature", /private key may not be the certificate's/],
    ["Not authorized to set roleSessionName.", /acceptRoleSessionName/],
    ["Unable to assume role for arn:x.", /trust policy of arn:aws:iam::123456789012:role\/path\/Example/],
    [
      "Unable to assume role for arn:x The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
      /lower --session-duration/,
    ],
    [
      "Unable to assume role for arn:x. Some attributes failed to be mapped into session tags. Issuer: [  ]",
      /session tag/,
    ],
    ["anything else", /disabled, the role may not be in the profile/],
  ])("explains the refusal %j in one line", async (message, explanation) => {
    await using service = await startFakeService(refused(403, "AccessDeniedException", message));
    const error: unknown = await createSession({ ...INIT, endpoint: service.url }).catch((e: unknown) => e);
    expect(error).toMatchObject({ message: expect.stringMatching(explanation), requestId: "id-1" });
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain("\n");
  });

  it("names the limit when it was throttled", async () => {
    await using service = await startFakeService(refused(429, "ThrottlingException", "Rate exceeded"));
    await expect(createSession({ ...INIT, endpoint: service.url })).rejects.toThrow(/ten .* --cache/);
  });

  it("refuses a session that has ended by the clock here", async () => {
    await using service = await startFakeService(success());
    const now = (): Date => new Date(CREDENTIALS.expiration);
    await expect(createSession({ ...INIT, now, endpoint: service.url })).rejects.toMatchObject({
      code: "ERR_SIGNER_RESPONSE_INVALID",
      message:
        "the session that CreateSession gave ended at 2035-01-01T00:00:00Z and it is 2035-01-01T00:00:00.000Z here; set this machine's clock right",
    });
  });

  it("blames the clock when it is far from the service's", async () => {
    await using service = await startFakeService(
      json(403, { message: "Invalid signature" }, { Date: "Thu, 01 Jan 2026 00:00:00 GMT" }),
    );
    const now = (): Date => new Date("2026-01-01T01:00:00Z");
    await expect(createSession({ ...INIT, now, endpoint: service.url })).rejects.toThrow(
      /clock is 3600 s ahead of the service's/,
    );
  });
});

describe("createSession when the success is no success", () => {
  it.each<readonly [string, Answer, RegExp]>([
    ["an empty body", (response) => void response.writeHead(201).end(), /not JSON/],
    ["text", (response) => void response.writeHead(200).end("<html>ok</html>"), /not JSON/],
    ["an array", json(201, []), /not a JSON object/],
    ["no credentialSet", json(201, {}), /credentialSet is missing/],
    ["an empty credentialSet", json(201, { credentialSet: [] }), /credentialSet is empty/],
    ["no credentials", json(201, { credentialSet: [{}] }), /\.credentials is missing/],
    ["null in the set", json(201, { credentialSet: [null] }), /\.credentials is missing/],
    ["no access key id", success({ accessKeyId: undefined }), /\.accessKeyId is missing/],
    ["an empty secret", success({ secretAccessKey: "" }), /\.secretAccessKey is missing/],
    ["a number for a token", success({ sessionToken: 1 }), /\.sessionToken is missing/],
    ["no expiration", success({ expiration: undefined }), /\.expiration is missing/],
    ["a malformed expiration", success({ expiration: "soon" }), /expiration is not a date/],
  ])("refuses %s without quoting it", async (_title, answer, message) => {
    await using service = await startFakeService(answer);
    const error: unknown = await createSession({ ...INIT, endpoint: service.url }).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: "ERR_SIGNER_RESPONSE_INVALID",
      message: expect.stringMatching(message),
    });
    expect(String(error)).not.toContain(CREDENTIALS.secretAccessKey);
    expect(service.requests).toHaveLength(1);
  });
});

describe("createSession when the connection fails", () => {
  it("tries again and names the endpoint when nobody listens", async () => {
    const service = await startFakeService();
    await service[Symbol.asyncDispose]();
    await expect(createSession({ ...INIT, endpoint: service.url })).rejects.toMatchObject({
      code: "ERR_SIGNER_CONNECTION_FAILED",
      url: service.url,
      attempts: 3,
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("tries again when the connection is dropped", async () => {
    await using service = await startFakeService((response) => void response.socket?.destroy(), success());
    await expect(createSession({ ...INIT, endpoint: service.url })).resolves.toMatchObject(CREDENTIALS);
    expect(service.requests).toHaveLength(2);
  });

  it("tries again when the answer is cut short", async () => {
    await using service = await startFakeService((response) => {
      response.writeHead(201, { "Content-Length": "1000" }).write("{");
      response.socket?.end();
    }, success());
    await expect(createSession({ ...INIT, endpoint: service.url })).resolves.toMatchObject(CREDENTIALS);
  });

  it("gives up on a service that hangs, within bounds", async () => {
    await using service = await startFakeService(() => {});
    await expect(
      createSession({ ...INIT, endpoint: service.url, attemptTimeoutMs: 40, maxAttempts: 2 }),
    ).rejects.toMatchObject({ code: "ERR_SIGNER_TIMEOUT", attempts: 2 });
    expect(service.requests).toHaveLength(2);
  });

  it("is aborted during a request and during a pause", async () => {
    const during = new AbortController();
    await using hanging = await startFakeService(() => during.abort());
    await expect(
      createSession({ ...INIT, endpoint: hanging.url, signal: during.signal }),
    ).rejects.toMatchObject({ code: "ERR_SIGNER_ABORTED" });
    const { sleep: _sleep, ...realSleep } = INIT;
    const between = new AbortController();
    await using busy = await startFakeService(json(503, {}, { "Retry-After": "15" }));
    const trace = (line: string): void => void (line.startsWith("next attempt") && between.abort());
    await expect(
      createSession({ ...realSleep, endpoint: busy.url, signal: between.signal, trace }),
    ).rejects.toMatchObject({ code: "ERR_SIGNER_ABORTED" });
    expect(busy.requests).toHaveLength(1);
  });

  it.each([
    ["no scheme", "127.0.0.1:80"],
    ["another scheme", "ftp://host"],
    ["a query", "https://host/?a=1"],
    ["credentials", "https://user:hunter2@host/"],
    ["nothing", ""],
  ])("refuses an endpoint with %s", async (_title, endpoint) => {
    const error: unknown = await createSession({ ...INIT, endpoint }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "ERR_SIGNER_ENDPOINT_INVALID" });
    expect(String(error)).not.toContain("hunter2");
  });
});

describe("the trace", () => {
  it("shows requests and never a secret", async () => {
    await using service = await startFakeService(json(500, {}), success());
    const lines: string[] = [];
    await createSession({ ...INIT, endpoint: service.url, trace: (line) => lines.push(line) });
    const text = lines.join("\n");
    expect(text).toContain("string to sign:");
    expect(text).toContain("attempt 1 of 3 failed");
    for (const secret of [CREDENTIALS.secretAccessKey, CREDENTIALS.sessionToken, "PRIVATE KEY"]) {
      expect(text).not.toContain(secret);
    }
  });
});
