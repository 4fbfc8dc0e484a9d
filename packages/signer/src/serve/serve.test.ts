import http from "node:http";
import { syncBuiltinESMExports } from "node:module";

import { afterEach, describe, expect, it, vi } from "vitest";

import type { CredentialSet } from "../session/credential-set.ts";
import { createSessionHolder } from "./session-holder.ts";
import { createTokenStore } from "./tokens.ts";
import { startEndpoint } from "./endpoint.ts";

describe("createTokenStore", () => {
  it("makes tokens of 100 characters that live as long as asked", () => {
    let clock = 0;
    const tokens = createTokenStore(() => new Date(clock));
    const token = tokens.issue(2);
    expect(token).toMatch(/^[\w-]{100}$/);
    expect(tokens.secondsLeft(token)).toBe(2);
    clock = 1500;
    expect(tokens.secondsLeft(token)).toBe(0);
    clock = 2000;
    expect(tokens.secondsLeft(token)).toBeUndefined();
  });

  it("keeps 256 tokens and drops the one that ends first", () => {
    const tokens = createTokenStore(() => new Date(0));
    const early = tokens.issue(10);
    const others = Array.from({ length: 255 }, () => tokens.issue(100));
    expect(tokens.secondsLeft(early)).toBe(10);
    const last = tokens.issue(5);
    expect(tokens.secondsLeft(early)).toBeUndefined();
    expect([...others, last].every((token) => tokens.secondsLeft(token) !== undefined)).toBe(true);
  });

  it("drops tokens that have ended before those that live", () => {
    let clock = 0;
    const tokens = createTokenStore(() => new Date(clock));
    Array.from({ length: 255 }, () => tokens.issue(1));
    const long = tokens.issue(100);
    clock = 1000;
    const next = tokens.issue(5);
    expect([tokens.secondsLeft(long), tokens.secondsLeft(next)]).toEqual([99, 5]);
  });
});

describe("createSessionHolder", () => {
  const session = (end: number): CredentialSet => ({
    accessKeyId: `ends ${end}`,
    secretAccessKey: "s",
    sessionToken: "t",
    expiration: new Date(end).toISOString(),
  });

  /** A holder whose service gives the outcomes in order, and a clock that the test sets. */
  function make(...outcomes: readonly (CredentialSet | Error)[]): {
    readonly holder: ReturnType<typeof createSessionHolder>;
    readonly world: { clock: number; asked: number };
  } {
    const world = { clock: 0, asked: 0 };
    const fetch = (): Promise<CredentialSet> => {
      const outcome = outcomes[world.asked] ?? new Error("asked too often");
      world.asked += 1;
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
    };
    return { holder: createSessionHolder(fetch, () => new Date(world.clock)), world };
  }

  it("asks once for any number of callers", async () => {
    const { holder, world } = make(session(1000));
    const answers = await Promise.all(Array.from({ length: 20 }, () => holder.current()));
    expect(new Set(answers.map(({ credentials }) => credentials.accessKeyId))).toEqual(
      new Set(["ends 1000"]),
    );
    expect(world.asked).toBe(1);
  });

  it("asks again after a source that failed before it gave a promise", async () => {
    let asked = 0;
    const fetch = (): Promise<CredentialSet> => {
      asked += 1;
      if (asked === 1) throw new Error("not yet");
      return Promise.resolve(session(1000));
    };
    const holder = createSessionHolder(fetch, () => new Date(0));
    await expect(holder.refresh()).rejects.toThrow("not yet");
    await expect(holder.refresh()).resolves.toMatchObject({ credentials: session(1000) });
  });

  it("never hands out a session that has ended", async () => {
    const { holder, world } = make(session(1000), session(2000));
    await holder.current();
    world.clock = 1000;
    await expect(holder.current()).resolves.toMatchObject({ credentials: { accessKeyId: "ends 2000" } });
  });

  it("keeps a session that lives when a refresh fails", async () => {
    const { holder } = make(session(1000), new Error("down"));
    await holder.refresh();
    await expect(holder.refresh()).rejects.toThrow("down");
    await expect(holder.current()).resolves.toMatchObject({ credentials: { accessKeyId: "ends 1000" } });
  });

  it("repeats a failure for five seconds before it asks again", async () => {
    const { holder, world } = make(new Error("down"), session(90_000));
    await expect(holder.current()).rejects.toThrow("down");
    world.clock = 4999;
    await expect(holder.current()).rejects.toThrow("down");
    world.clock = 5000;
    await expect(holder.current()).resolves.toMatchObject({ credentials: { accessKeyId: "ends 90000" } });
    expect(world.asked).toBe(2);
  });
});

describe("startEndpoint", () => {
  afterEach(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });

  it("goes on after an error of its server, such as too many open files", async () => {
    const create = vi.spyOn(http, "createServer");
    syncBuiltinESMExports();
    const session = createSessionHolder(
      () => Promise.reject(new Error("down")),
      () => new Date(0),
    );
    const role = {
      name: "Example",
      roleArn: "arn:aws:iam::123456789012:role/Example",
      profileArn: "p",
      session,
    };
    const endpoint = await startEndpoint(0, {
      roles: [role],
      tokens: createTokenStore(() => new Date(0)),
      containerToken: () => undefined,
    });
    const server: unknown = create.mock.results[0]?.value;
    expect(server).toBeInstanceOf(http.Server);
    if (server instanceof http.Server) server.emit("error", new Error("accept EMFILE"));
    const { status } = await fetch(`http://127.0.0.1:${endpoint.port}/latest/api/token`, { method: "PUT" });
    await endpoint.stop();
    expect(status).toBe(200);
  });
});
