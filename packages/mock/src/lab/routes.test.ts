import { describe, expect, it } from "vitest";
import { MAX_BODY_BYTES } from "../http/app.ts";
import { startMock } from "../http/server.ts";
import type { RunningMock } from "../http/server.ts";
import { makeCertificate, makeCrl, send, signedRequest } from "@roles-anywhere/testing";
import type { SigningSpec } from "@roles-anywhere/testing";
import { crlRecord } from "../../test/support/crl-record.ts";
import { ACCOUNT, createWorld, NOW } from "../../test/support/world.ts";
import type { World } from "../../test/support/world.ts";

interface Lab {
  readonly world: World;
  readonly mock: RunningMock;
  readonly lab: (method: string, path: string, body?: unknown) => Promise<{ status: number; json: unknown }>;
  readonly call: (
    changes?: Partial<SigningSpec>,
  ) => Promise<{ status: number; text: string; errorType: unknown }>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function startLab(): Promise<Lab> {
  const world = createWorld();
  const { state } = world.context;
  const mock = await startMock({
    state,
    accountId: ACCOUNT,
    aws: world.aws,
    clock: { now: () => world.now },
  });
  return {
    world,
    mock,
    lab: async (method, path, body) => {
      const answer = await fetch(`${mock.url}/_mock/${path}`, {
        method,
        headers: { "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, json: await answer.json() };
    },
    call: async (changes = {}) => {
      const { status, text, headers } = await send(mock.url, signedRequest(world.call(changes)));
      return { status, text, errorType: headers["x-amzn-errortype"] };
    },
    [Symbol.asyncDispose]: () => mock.close(),
  };
}

const later = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);

describe("/_mock/health", () => {
  it("says what is emulated", async () => {
    await using running = await startLab();
    expect(await running.lab("GET", "health")).toEqual({
      status: 200,
      json: { status: "ok", accountId: ACCOUNT, region: "us-east-1" },
    });
  });
});

describe("/_mock/clock", () => {
  it("moves the time that certificates are judged by", async () => {
    await using running = await startLab();
    await running.lab("PUT", "clock", { now: "2050-06-15T12:00:00Z" });
    const answer = await running.call({ date: new Date("2050-06-15T12:00:00Z") });
    expect(answer.status).toBe(403);
    expect(running.mock.context.audit.list(1)).toMatchObject([{ _mock: { reason: "CERTIFICATE_EXPIRED" } }]);
  });

  it("moves the time that requests are judged by, and the expiration of sessions", async () => {
    await using running = await startLab();
    await running.lab("PUT", "clock", { advanceSeconds: 3600 });
    expect((await running.call()).status).toBe(403);
    const answer = await running.call({ date: later(3600) });
    expect(JSON.parse(answer.text)).toMatchObject({
      credentialSet: [{ credentials: { expiration: "2026-06-15T14:00:00Z" } }],
    });
  });

  it("dates the answers, so that a client can tell whose clock is wrong", async () => {
    await using running = await startLab();
    await running.lab("PUT", "clock", { now: "2027-01-02T03:04:05Z" });
    const answers = await Promise.all(
      ["/_mock/health", "/trustanchors", "/sessions"].map((path) =>
        fetch(`${running.mock.url}${path}`, { method: path === "/sessions" ? "POST" : "GET" }),
      ),
    );
    expect(answers.map(({ headers }) => headers.get("date"))).toEqual(
      Array.from({ length: 3 }, () => "Sat, 02 Jan 2027 03:04:05 GMT"),
    );
  });

  it("stands still, runs faster and goes back to real time", async () => {
    await using running = await startLab();
    await running.lab("PUT", "clock", { rate: 0 });
    running.world.now = later(100);
    expect((await running.lab("GET", "clock")).json).toEqual({
      now: NOW.toISOString(),
      rate: 0,
      offsetSeconds: -100,
    });
    await running.lab("PUT", "clock", { rate: 10 });
    running.world.now = later(110);
    expect((await running.lab("GET", "clock")).json).toMatchObject({
      now: later(100).toISOString(),
      rate: 10,
    });
    expect((await running.lab("DELETE", "clock")).json).toEqual({
      now: later(110).toISOString(),
      rate: 1,
      offsetSeconds: 0,
    });
  });

  it.each([
    {},
    { now: "yesterday" },
    { rate: -1 },
    { advanceSeconds: "1" },
    { rate: 1, now: "2026-01-01T00:00:00Z" },
    { rate: 1e7 },
    { now: "1949-12-31T23:59:59Z" },
    { now: "9999-01-01T00:00:01Z" },
    { advanceSeconds: -3.2e9 },
  ])("refuses %j", async (change) => {
    await using running = await startLab();
    expect((await running.lab("PUT", "clock", change)).status).toBe(400);
  });
});

describe("/_mock/faults", () => {
  it.each([
    ["throttle", 429, "ThrottlingException"],
    ["internal-error", 500, "InternalServerException"],
    ["unavailable", 503, "ServiceUnavailableException"],
  ])("%s answers %i for as many calls as asked, then no more", async (kind, status, errorType) => {
    await using running = await startLab();
    await running.lab("POST", "faults", { kind, count: 2 });
    expect(await running.call()).toMatchObject({ status, errorType });
    expect(await running.call()).toMatchObject({ status, errorType });
    expect(await running.call()).toMatchObject({ status: 201 });
    expect(running.mock.context.audit.list()[1]).toMatchObject({ _mock: { reason: "FAULT_INJECTED" } });
  });

  it("malformed-json answers 201 with half a body", async () => {
    await using running = await startLab();
    await running.lab("POST", "faults", { kind: "malformed-json" });
    const { status, text } = await running.call();
    expect(status).toBe(201);
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
  });

  it("drop closes the connection without an answer", async () => {
    await using running = await startLab();
    await running.lab("POST", "faults", { kind: "drop" });
    await expect(running.call()).rejects.toMatchObject({ code: "ECONNRESET" });
    expect((await running.call()).status).toBe(201);
  });

  it("truncate closes the connection within the answer", async () => {
    await using running = await startLab();
    await running.lab("POST", "faults", { kind: "truncate" });
    await expect(running.call()).rejects.toMatchObject({ code: "ECONNRESET", message: "aborted" });
    expect((await running.call()).status).toBe(201);
  });

  it("delay holds the answer back and then gives it", async () => {
    await using running = await startLab();
    await running.lab("POST", "faults", { kind: "delay", delayMilliseconds: 150 });
    const started = performance.now();
    expect((await running.call()).status).toBe(201);
    expect(performance.now() - started).toBeGreaterThan(140);
  });

  it("are listed and cleared, and leave the control plane alone", async () => {
    await using running = await startLab();
    await running.lab("POST", "faults", { kind: "throttle", count: 3 });
    expect((await fetch(`${running.mock.url}/trustanchors`)).status).toBe(403);
    expect((await running.lab("GET", "faults")).json).toEqual({ faults: [{ kind: "throttle", count: 3 }] });
    await running.lab("DELETE", "faults");
    expect((await running.call()).status).toBe(201);
  });

  it.each([{ kind: "explode" }, { kind: "throttle", count: 0 }, {}])("refuses %j", async (fault) => {
    await using running = await startLab();
    expect((await running.lab("POST", "faults", fault)).status).toBe(400);
  });
});

describe("/_mock/session-duration", () => {
  const secondsOf = (text: string): number => {
    const { expiration } = JSON.parse(text).credentialSet[0].credentials;
    return (Date.parse(expiration) - NOW.getTime()) / 1000;
  };

  it("makes sessions shorter until it is taken away, and longer ones never", async () => {
    await using running = await startLab();
    const before = secondsOf((await running.call()).text);
    expect(await running.lab("PUT", "session-duration", { maximumSeconds: 10 })).toEqual({
      status: 200,
      json: { maximumSeconds: 10 },
    });
    expect(secondsOf((await running.call()).text)).toBe(10);
    await running.lab("PUT", "session-duration", { maximumSeconds: 43_200 });
    expect(secondsOf((await running.call()).text)).toBe(before);
    await running.lab("PUT", "session-duration", { maximumSeconds: 10 });
    expect((await running.lab("DELETE", "session-duration")).json).toEqual({ maximumSeconds: null });
    expect(secondsOf((await running.call()).text)).toBe(before);
  });

  it("is taken away by a reset", async () => {
    await using running = await startLab();
    await running.lab("PUT", "session-duration", { maximumSeconds: 10 });
    await running.lab("POST", "reset");
    expect((await running.lab("GET", "session-duration")).json).toEqual({ maximumSeconds: null });
  });

  it.each([{ maximumSeconds: 0 }, { maximumSeconds: 43_201 }, { maximumSeconds: 1.5 }, {}])(
    "refuses %j",
    async (limit) => {
      await using running = await startLab();
      expect((await running.lab("PUT", "session-duration", limit)).status).toBe(400);
      expect((await running.lab("GET", "session-duration")).json).toEqual({ maximumSeconds: null });
    },
  );
});

describe("/_mock/snapshot", () => {
  it("brings an account back to what it was, everything in it", async () => {
    await using running = await startLab();
    const { state } = running.world.context;
    const crl = crlRecord(makeCrl(running.world.root), {
      tags: [{ key: "a", value: "b" }],
      aliasName: "crl-alias",
    });
    state.crls.set(crl.crlId, crl);
    const withProperties = await running.call({
      body: JSON.stringify({
        ...JSON.parse(String(running.world.call().body)),
        instanceProperties: { a: "b" },
      }),
    });
    expect(withProperties.status).toBe(201);
    const tags = [{ key: "team", value: "edge" }];
    Object.assign(running.world.trustAnchor, {
      tags,
      aliasName: "ca/production",
      crlDpRevocationEnabled: true,
      notificationSettings: [
        {
          event: "CA_CERTIFICATE_EXPIRY",
          enabled: true,
          threshold: 30,
          channel: "ALL",
          configuredBy: ACCOUNT,
        },
      ],
    } satisfies Partial<World["trustAnchor"]>);
    Object.assign(running.world.profile, {
      tags,
      aliasName: "readers",
      sessionPolicy: "{}",
      managedPolicyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
      acceptRoleSessionName: true,
    } satisfies Partial<World["profile"]>);
    for (const subject of state.subjects.values()) Object.assign(subject, { tags, enabled: false });
    const before = structuredClone({ ...state });
    const { json } = await running.lab("GET", "snapshot");
    await running.lab("POST", "reset");
    expect(state.trustAnchors.size + state.profiles.size + state.crls.size + state.subjects.size).toBe(0);
    expect(await running.lab("PUT", "snapshot", json)).toEqual({ status: 200, json: { imported: 4 } });
    expect({ ...state, crls: undefined }).toEqual({ ...before, crls: undefined });
    expect([...state.crls.values()].map(({ crlData }) => Buffer.from(crlData))).toEqual([
      Buffer.from(crl.crlData),
    ]);
    expect((await running.lab("GET", "snapshot")).json).toEqual(json);
    expect((await running.call()).status).toBe(201);
  });

  it("is taken back whatever its size", async () => {
    await using running = await startLab();
    const { state } = running.world.context;
    for (let index = 0; index < 250; index += 1) {
      const profileId = `44444444-4444-4444-8444-000000000${String(index).padStart(3, "0")}`;
      const sessionPolicy = JSON.stringify({ Id: "x".repeat(8000) });
      state.profiles.set(profileId, { ...running.world.profile, profileId, sessionPolicy });
    }
    const { json } = await running.lab("GET", "snapshot");
    expect(JSON.stringify(json).length).toBeGreaterThan(2 * MAX_BODY_BYTES - 1000);
    await running.lab("POST", "reset");
    expect(await running.lab("PUT", "snapshot", json)).toEqual({ status: 200, json: { imported: 252 } });
  });

  it("finds the subjects of an imported account again", async () => {
    await using running = await startLab();
    const first = JSON.parse((await running.call()).text);
    const { json } = await running.lab("GET", "snapshot");
    await running.lab("POST", "reset");
    await running.lab("PUT", "snapshot", json);
    expect(JSON.parse((await running.call()).text)).toMatchObject({ subjectArn: first.subjectArn });
  });

  it.each([
    ["nothing", undefined],
    ["another version", { version: 2 }],
    ["a member that nobody knows", { version: 1, other: true }],
  ])("refuses %s and keeps the state", async (_, change) => {
    await using running = await startLab();
    const { json } = await running.lab("GET", "snapshot");
    const spoiled = change === undefined ? undefined : { ...Object(json), ...change };
    expect((await running.lab("PUT", "snapshot", spoiled)).status).toBe(400);
    expect(running.world.context.state.profiles.size).toBe(1);
  });

  it("refuses the snapshot of another account", async () => {
    await using running = await startLab();
    const { json } = await running.lab("GET", "snapshot");
    const answer = await running.lab("PUT", "snapshot", { ...Object(json), accountId: "210987654321" });
    expect(answer).toMatchObject({ status: 400, json: { message: expect.stringContaining("--account") } });
  });
});

describe("/_mock/reset", () => {
  it("forgets resources, audit, faults and clock changes", async () => {
    await using running = await startLab();
    await running.call({ certificate: makeCertificate() });
    await running.lab("POST", "faults", { kind: "drop" });
    await running.lab("PUT", "clock", { rate: 0 });
    await running.lab("POST", "reset");
    expect((await running.lab("GET", "audit")).json).toEqual({ Records: [] });
    expect((await running.lab("GET", "faults")).json).toEqual({ faults: [] });
    expect((await running.lab("GET", "clock")).json).toMatchObject({ rate: 1, offsetSeconds: 0 });
    expect((await running.call()).status).toBe(404);
  });
});

describe("/_mock", () => {
  it("lists its routes where it has none", async () => {
    await using running = await startLab();
    expect(await running.lab("GET", "nothing")).toMatchObject({
      status: 404,
      json: { message: expect.stringContaining("/_mock/faults") },
    });
  });
});
