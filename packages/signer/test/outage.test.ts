import { HeadBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { fromRolesAnywhere } from "../src/index.ts";
import type { RolesAnywhereInit } from "../src/index.ts";
import { startFakeS3 } from "./support/start-fake-s3.ts";
import type { FakeS3 } from "./support/start-fake-s3.ts";
import { ARNS, startWorld } from "./support/start-world.ts";
import type { FaultKind, World } from "./support/start-world.ts";

const LIFE_SECONDS = 3600;
/** Defaults of the provider. */
const STALE_SECONDS = 300;
const MIN_REFRESH_INTERVAL_SECONDS = 30;
const ATTEMPTS = 3;
/** How far the clock goes on between two looks of the app at its bucket. */
const STEP_SECONDS = 15;

const KINDS: readonly FaultKind[] = ["unavailable", "throttle", "drop", "truncate", "malformed-json"];

beforeEach(() => {
  // The clock of the app, its SDK, the service and S3. Sockets and timers go on as ever.
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** An app that uses the provider, at a moment of its session's life. */
class App implements AsyncDisposable {
  readonly world: World;
  readonly s3: FakeS3;
  readonly failures: unknown[] = [];
  requests = 0;
  readonly #client: S3Client;
  readonly #start = Date.now();
  readonly #underWay: Promise<unknown>[] = [];
  readonly #failed = Promise.withResolvers<never>();

  constructor(world: World, s3: FakeS3, options: Pick<RolesAnywhereInit, "attemptTimeoutMs">) {
    this.world = world;
    this.s3 = s3;
    this.#failed.promise.catch(() => {});
    this.#client = new S3Client({
      region: "us-east-1",
      endpoint: s3.url,
      forcePathStyle: true,
      // What fails once has failed.
      maxAttempts: 1,
      credentials: fromRolesAnywhere({
        certificate: world.certificate,
        privateKey: world.privateKey,
        ...ARNS,
        endpoint: world.url,
        environment: {},
        // The pauses between attempts are counted as nothing.
        sleep: () => Promise.resolve(),
        ...options,
      }),
    });
  }

  static async start(options: Pick<RolesAnywhereInit, "attemptTimeoutMs"> = {}): Promise<App> {
    const world = await startWorld({ durationSeconds: LIFE_SECONDS });
    return new App(world, await startFakeS3(world), options);
  }

  /** Sends a request and does not wait for its answer. */
  request(): void {
    this.requests += 1;
    const sent = this.#client.send(new HeadBucketCommand({ Bucket: "bucket" }));
    this.#underWay.push(
      sent.catch((error: unknown) => {
        this.failures.push(error);
        this.#failed.reject(error);
      }),
    );
  }

  /** Lets time pass until so many seconds after the first session, with requests under way all the time. */
  async liveUntil(seconds: number): Promise<void> {
    while (Date.now() < this.#start + seconds * 1000) {
      this.request();
      this.request();
      // One that fails before it is sent would be waited for in vain.
      await Promise.race([this.s3.waiting(2), this.#failed.promise]);
      // They are answered at another moment than they were sent at.
      vi.setSystemTime(Math.min(Date.now() + STEP_SECONDS * 1000, this.#start + seconds * 1000));
      this.s3.answer();
    }
    await Promise.all(this.#underWay);
  }

  /** Sends one request and gives what became of it. */
  async ask(): Promise<unknown> {
    const sent = this.#client.send(new HeadBucketCommand({ Bucket: "bucket" })).then(
      () => "answered",
      (error: unknown) => error,
    );
    await Promise.race([this.s3.waiting(1), sent]);
    this.s3.answer();
    return sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.destroy();
    await this.s3[Symbol.asyncDispose]();
    await this.world[Symbol.asyncDispose]();
  }
}

describe("an app that uses fromRolesAnywhere()", { timeout: 120_000 }, () => {
  it.each(KINDS)(
    "has no failed request while the service is down (%s) for most of a session's life",
    async (kind) => {
      await using app = await App.start();
      const { world, s3 } = app;
      await app.liveUntil(60);
      await world.fail(kind);
      await app.liveUntil(LIFE_SECONDS - 10);
      const callsWhileDown = world.calls() - 1;
      await world.recover();
      await app.liveUntil(LIFE_SECONDS + 600);

      expect(app.failures).toEqual([]);
      expect(app.requests).toBeGreaterThan(500);
      expect(world.granted).toHaveLength(2);
      expect(new Set(s3.seen)).toEqual(new Set(world.granted.map(({ accessKeyId }) => accessKeyId)));
      const attempts = kind === "malformed-json" ? 1 : ATTEMPTS;
      const refreshes = callsWhileDown / attempts;
      expect(refreshes).toBeGreaterThan(5);
      expect(refreshes).toBeLessThanOrEqual(Math.ceil(STALE_SECONDS / MIN_REFRESH_INTERVAL_SECONDS));
    },
  );

  it("has no failed request while the service hangs for most of a session's life", async () => {
    // The time-out is real time, which the clock of the app does not shorten.
    await using app = await App.start({ attemptTimeoutMs: 1000 });
    await app.liveUntil(60);
    await app.world.fail("delay");
    await app.liveUntil(LIFE_SECONDS - 10);
    expect(app.world.calls()).toBeGreaterThan(1);
    await app.world.recover();
    await app.liveUntil(LIFE_SECONDS + 600);

    expect(app.failures).toEqual([]);
    expect(app.world.granted).toHaveLength(2);
  });

  it.each<readonly [FaultKind, string, RegExp]>([
    ["unavailable", "ERR_SIGNER_SERVICE_REFUSED", /503.*try again later/],
    ["drop", "ERR_SIGNER_CONNECTION_FAILED", /check endpoint, network and proxy/],
  ])(
    "is told why when the service is down (%s) beyond the end, and works again as soon as it is up",
    async (kind, code, message) => {
      await using app = await App.start();
      await app.liveUntil(60);
      await app.world.fail(kind);
      await app.liveUntil(LIFE_SECONDS - 1);
      expect(app.failures).toEqual([]);

      vi.setSystemTime(Date.now() + 2000);
      for (let count = 0; count < 5; count += 1) {
        expect(await app.ask()).toMatchObject({
          name: "SignerError",
          code,
          message: expect.stringMatching(message),
        });
        vi.setSystemTime(Date.now() + 60_000);
      }
      expect(app.world.granted).toHaveLength(1);

      await app.world.recover();
      expect(await app.ask()).toBe("answered");
      expect(app.world.granted).toHaveLength(2);
    },
  );
});
