import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it } from "vitest";
import { iam, KEY, startMockWithSession, toLines } from "../../test/support/granted-session.ts";
import { ACCOUNT, ROLE_ARN } from "../../test/support/world.ts";
import type { PolicyPort } from "../access/policy-port.ts";
import { AwsPortError } from "../session/aws.ts";
import type { MockOptions, RunningMock } from "./server.ts";

let running: RunningMock | undefined;
afterEach(() => running?.close());

/** A mock that has granted one session, and a client. */
async function serve(options: Partial<MockOptions> = {}) {
  const { mock, session, question } = await startMockWithSession(options);
  running = mock;
  const post = async (body: string | { readonly request: object }, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${mock.url}/_mock/authorize`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson", ...headers },
      body: typeof body === "string" ? body : toLines(body),
    });
    const json: unknown = await answer.json();
    return { status: answer.status, json };
  };
  return { mock, session, question, post };
}

const refused = (status: number, code: string) => ({
  status: 200,
  json: { verdict: "refused", error: expect.objectContaining({ status, code }) },
});

describe("POST /_mock/authorize", () => {
  it("allows what the role may do, and records the statement", async () => {
    const { mock, question, post } = await serve();
    expect(await post(await question())).toEqual({ status: 200, json: { verdict: "allowed" } });
    expect(mock.context.accessAudit.list()).toMatchObject([
      {
        eventName: "GetObject",
        userIdentity: { type: "AssumedRole", accessKeyId: KEY },
        _mock: { verdict: "allowed", permissions: [{ policyName: "own", statement: "Read" }] },
      },
    ]);
    expect(mock.context.audit.list()).toHaveLength(1);
  });

  it.each<[title: string, changes: object, requestChanges: object, status: number, code: string]>([
    ["a key that the mock does not know", { accessKeyId: "ASIAOTHER" }, {}, 403, "InvalidAccessKeyId"],
    ["another path than was signed", {}, { path: "/reports/b.txt" }, 403, "SignatureDoesNotMatch"],
    ["another method than was signed", {}, { method: "DELETE" }, 403, "SignatureDoesNotMatch"],
    ["no headers", {}, { headers: [] }, 403, "AccessDenied"],
    [
      "another region in the address than was signed",
      {},
      { addressRegion: "eu-west-1" },
      400,
      "AuthorizationHeaderMalformed",
    ],
    [
      "what the role may not do",
      {},
      { operation: "PutObject", parameters: { Bucket: "reports", Key: "a.txt" } },
      403,
      "AccessDenied",
    ],
  ])("refuses %s", async (_, changes, requestChanges, status, code) => {
    const { question, post } = await serve();
    expect(await post(await question(changes, requestChanges))).toEqual(refused(status, code));
  });

  it("refuses what the bucket's policy denies", async () => {
    const policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Deny", Principal: "*", Action: "s3:*", Resource: "arn:aws:s3:::reports/*" }],
    });
    const { question, post } = await serve();
    const asked = await question({ buckets: { reports: { accountId: ACCOUNT, policy } } });
    expect(await post(asked)).toEqual(refused(403, "AccessDenied"));
  });

  it("refuses an expired session by the lab's clock, while its request is dated by the real one", async () => {
    const { mock, question, post } = await serve();
    mock.context.clock.advance(3599);
    expect((await post(await question())).json).toEqual({ verdict: "allowed" });
    mock.context.clock.advance(1);
    expect(await post(await question())).toEqual(refused(400, "ExpiredToken"));
    mock.context.clock.reset();
    expect((await post(await question())).json).toEqual({ verdict: "allowed" });
  });

  it("refuses the session of a role that was made anew under the same name", async () => {
    const role = await iam().readRole(ROLE_ARN);
    const policies = { ...iam(), readRole: async () => role && { ...role, roleId: "AROAANOTHER" } };
    const { question, post } = await serve({ policies });
    expect(await post(await question())).toEqual(refused(403, "AccessDenied"));
  });

  it("refuses when a managed session policy has been deleted", async () => {
    const { mock, question, post, session } = await serve();
    mock.context.sessions.add(
      { ...session, managedPolicyArns: ["arn:aws:iam::aws:policy/Gone"] },
      new Date(),
    );
    expect(await post(await question())).toEqual(refused(403, "AccessDenied"));
  });

  it.each<[title: string, policies: PolicyPort | undefined]>([
    ["there is no IAM", undefined],
    [
      "IAM does not answer",
      {
        readRole: async () => {
          throw new AwsPortError("unavailable", "IAM GetRole: connection refused");
        },
        readManagedPolicy: async () => undefined,
      },
    ],
  ])("refuses when %s", async (_, policies) => {
    const { question, post } = await serve({ policies });
    expect(await post(await question())).toEqual(refused(503, "ServiceUnavailable"));
  });

  describe("takes no question", () => {
    it.each<[title: string, headers: Record<string, string>, status: number]>([
      ["of a web page", { origin: "https://attacker.example" }, 403],
      ["of another site", { "sec-fetch-site": "cross-site" }, 403],
      ["of a type that a page may send", { "content-type": "text/plain" }, 400],
    ])("%s", async (_, headers, status) => {
      const { mock, question, post } = await serve();
      expect((await post(await question(), headers)).status).toBe(status);
      expect(mock.context.accessAudit.list()).toEqual([]);
    });

    it.each<[title: string, changes: object, requestChanges: object]>([
      ["with a member that it does not know", { more: 1 }, {}],
      ["without a version of the policies", { policyVersion: undefined }, {}],
      ["with a version that is no number", { policyVersion: { epoch: "e", number: "1" } }, {}],
      ["with an account that is none", {}, { accountId: "1" }],
      ["with a hash that is none", {}, { payloadSha256: "x" }],
      ["with a header that is no pair", {}, { headers: [["host"]] }],
      ["with a text for a truth value", {}, { secureTransport: "true" }],
      ["without the buckets", { buckets: undefined }, {}],
    ])("%s", async (_, changes, requestChanges) => {
      const { question, post } = await serve();
      expect(await post(await question(changes, requestChanges))).toMatchObject({
        status: 400,
        json: { message: expect.stringContaining("enforce_iam.py") },
      });
    });

    it.each([
      ["that is no JSON", "{", 400],
      ["that is nested deeply", "[".repeat(100_000), 400],
      ["of more than 32 MiB", " ".repeat(33 * 1024 * 1024), 413],
    ])("%s", async (_, body, status) => {
      const { post } = await serve();
      // The mock closes the connection while the body is still being sent, which fetch may take for an error.
      const outcome = await post(body).catch(() => ({ status: 413 }));
      expect(outcome.status).toBe(status);
    });

    it("when the mock has access keys, of which the hook has none", async () => {
      const accessKeys = [{ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "test-only" }];
      const { question, post } = await serve({ accessKeys });
      expect(await post(await question())).toMatchObject({
        status: 403,
        json: { message: expect.stringContaining("start the mock without access keys") },
      });
    });

    it.each<[title: string, body: string | undefined, message: string]>([
      ["that is empty", "", "holds no question"],
      ["that ends after its first line", undefined, "holds no question"],
    ])("%s", async (_, body, message) => {
      const { question, post } = await serve();
      const [firstLine = ""] = toLines(await question()).split("\n", 1);
      expect(await post(body ?? firstLine)).toMatchObject({
        status: 400,
        json: { message: expect.stringContaining(message) },
      });
    });
  });

  describe("on one connection", () => {
    /** A request whose body is written piece by piece. */
    function open({ url }: RunningMock) {
      const headers = { "content-type": "application/x-ndjson" };
      const call = request(`${url}/_mock/authorize`, { method: "POST", headers, agent: false });
      call.flushHeaders();
      const lines = new Promise<AsyncIterator<string>>((resolve) =>
        call.on("response", (answer) => resolve(createInterface(answer)[Symbol.asyncIterator]())),
      );
      const ends = new Promise((resolve) => call.on("close", resolve));
      call.on("error", () => {});
      const next = async (): Promise<unknown> => JSON.parse((await (await lines).next()).value);
      return { call, next, ends };
    }

    it("answers one question after another, and records each", async () => {
      const { mock, question } = await serve();
      const { call, next } = open(mock);
      const [allowed, other] = [toLines(await question()), toLines(await question({}, { method: "PUT" }))];
      call.write(allowed);
      expect(await next()).toEqual({ verdict: "allowed" });
      call.write(other);
      expect(await next()).toMatchObject({ verdict: "refused", error: { code: "SignatureDoesNotMatch" } });
      for (const byte of allowed) call.write(byte);
      expect(await next()).toEqual({ verdict: "allowed" });
      call.end(allowed + other);
      expect(await next()).toEqual({ verdict: "allowed" });
      expect(await next()).toMatchObject({ verdict: "refused" });
      const verdicts = mock.context.accessAudit.list().map(({ _mock }) => _mock.verdict);
      expect(verdicts).toEqual(["refused", "allowed", "allowed", "refused", "allowed"]);
    });

    it("judges the first line before the second one is there", async () => {
      const { mock } = await serve();
      const { call } = open(mock);
      call.write('{"accessKeyId":1}\n');
      const [answer]: unknown[] = await once(call, "response");
      expect(answer).toMatchObject({ statusCode: 400 });
      call.destroy();
    });

    it("forgets a request that its connection ends with", async () => {
      const { mock, question, post } = await serve();
      const { call, ends } = open(mock);
      const [firstLine = ""] = toLines(await question()).split("\n");
      call.write(`${firstLine}\n`);
      call.destroy();
      await ends;
      expect((await post(await question())).json).toEqual({ verdict: "allowed" });
      expect(mock.context.accessAudit.list()).toHaveLength(1);
    });

    it("breaks off, rather than answer, at a line that is no question", async () => {
      const { mock, question } = await serve();
      const { call, next, ends } = open(mock);
      const asked = toLines(await question());
      call.write(asked);
      expect(await next()).toEqual({ verdict: "allowed" });
      call.write(`{}\n${asked}`);
      await ends;
      expect(mock.context.accessAudit.list()).toHaveLength(1);
    });
  });

  describe("takes only as much of a connection as it answers", () => {
    /** For a busy machine. */
    const PATIENT = { timeout: 10_000 };

    /** A mock whose IAM does not answer until it is told to, and its log. */
    async function serveSlowly() {
      const { promise: answers, resolve: answer } = Promise.withResolvers<undefined>();
      const { promise: isAsked, resolve: noteAsked } = Promise.withResolvers<undefined>();
      const readRole: PolicyPort["readRole"] = async (arn) => {
        noteAsked(undefined);
        await answers;
        return iam().readRole(arn);
      };
      const log: string[] = [];
      const policies = { ...iam(), readRole };
      return { ...(await serve({ policies, log: (line) => log.push(line) })), log, isAsked, answer };
    }

    /** A plain connection, on which one HTTP request can follow another at once. */
    function connectTo({ url }: RunningMock) {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      let text = "";
      socket.on("data", (data) => (text += data.toString()));
      socket.on("error", () => {});
      const head = "POST /_mock/authorize HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-ndjson";
      const post = (body: string): void => {
        socket.write(`${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      };
      return { socket, post, count: (verdict: string) => text.split(`{"verdict":"${verdict}"`).length - 1 };
    }

    it("reads no more while a question waits for IAM", async () => {
      const { mock, question, answer } = await serveSlowly();
      const { post } = connectTo(mock);
      const asked = toLines(await question());
      const before = heapBytes();
      post(asked + "\n".repeat(1_000_000));
      await setTimeout(1000);
      expect(heapBytes() - before).toBeLessThan(20 * 1024 * 1024);
      answer(undefined);
      await expect.poll(() => mock.context.accessAudit.list(), PATIENT).toHaveLength(1);
    });

    it("answers, rather than end, when much follows a question that waits for IAM", async () => {
      const { mock, question, answer } = await serveSlowly();
      const { post } = connectTo(mock);
      const asked = toLines(await question());
      post(asked);
      post(asked + " ".repeat(33 * 1024 * 1024));
      await setTimeout(500);
      answer(undefined);
      await expect.poll(() => mock.context.accessAudit.list(), PATIENT).toHaveLength(2);
    });

    it("waits until its answers are read", async () => {
      const { mock, question, log, answer } = await serveSlowly();
      const { post, count } = connectTo(mock);
      post(toLines(await question()));
      post(toLines(await question({}, { method: "PUT" })).repeat(1000));
      await setTimeout(1500);
      // The first answer is not there, so no later one can be sent.
      expect(log.length).toBeLessThan(800);
      answer(undefined);
      await expect.poll(() => count("refused"), PATIENT).toBe(1000);
      expect(count("allowed")).toBe(1);
    });

    it("logs no defect for a client that leaves before its answer", async () => {
      const { mock, question, log, isAsked, answer } = await serveSlowly();
      const { socket, post } = connectTo(mock);
      post(toLines(await question()));
      await isAsked;
      socket.destroy();
      await setTimeout(100);
      answer(undefined);
      await expect.poll(() => mock.context.accessAudit.list(), PATIENT).toHaveLength(1);
      expect(log).toEqual([expect.stringMatching(/^CreateSession granted/)]);
    });

    it("refuses a line in so many pieces that they take more memory than the largest line", async () => {
      const { mock } = await serve();
      const { socket } = connectTo(mock);
      socket.write(
        "POST /_mock/authorize HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-ndjson\r\n" +
          `transfer-encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(131_073)}`,
      );
      const [answer]: unknown[] = await once(socket, "data");
      expect(String(answer)).toMatch(/^HTTP\/1\.1 413 /u);
    });
  });

  it.each<[what: string, code: string, guess: (asked: { request: object }) => object]>([
    [
      "keys",
      "InvalidAccessKeyId",
      () => ({ accessKeyId: `ASIA${randomBytes(8).toString("hex").toUpperCase()}` }),
    ],
    [
      "signatures for the key and token of a session",
      "SignatureDoesNotMatch",
      ({ request }) => ({ request: { ...request, path: `/reports/${randomBytes(8).toString("hex")}` } }),
    ],
  ])(
    "refuses 4000 guessed %s, and its memory stays flat",
    async (_, code, guessed) => {
      const { mock, question, post } = await serve();
      const asked = await question();
      const guess = async (): Promise<void> => {
        expect(await post({ ...asked, ...guessed(asked) })).toEqual(refused(403, code));
      };
      for (let round = 0; round < 1000; round += 1) await guess();
      const before = heapBytes();
      for (let round = 0; round < 3000; round += 1) await guess();
      expect(heapBytes() - before).toBeLessThan(3 * 1024 * 1024);
      expect(mock.context.sessions.size).toBe(1);
      expect((await post(asked)).json).toEqual({ verdict: "allowed" });
    },
    120_000,
  );
});

function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
  return process.memoryUsage().heapUsed;
}
