import { getEventListeners } from "node:events";

import { describe, expect, it, vi } from "vitest";

import { refreshLoop } from "./refresh-loop.ts";
import type { RefreshLoopOptions } from "./refresh-loop.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const HOUR = 3600;

/** A world in which only sleeping takes time; each outcome is the life of a session in seconds, or an error. */
async function play(
  outcomes: readonly (number | Error)[],
  changes: Partial<RefreshLoopOptions> = {},
): Promise<{
  readonly attempts: readonly number[];
  readonly sleeps: readonly number[];
  readonly failures: number;
}> {
  let clock = START;
  const attempts: number[] = [];
  const sleeps: number[] = [];
  let failures = 0;
  const controller = new AbortController();
  await refreshLoop({
    leadSeconds: 300,
    now: () => new Date(clock),
    random: () => 1,
    sleep: (milliseconds) => {
      sleeps.push(milliseconds);
      clock += milliseconds;
      return Promise.resolve();
    },
    refresh: () => {
      const outcome = outcomes[attempts.length];
      attempts.push((clock - START) / 1000);
      if (attempts.length === outcomes.length) controller.abort();
      if (typeof outcome === "number") return Promise.resolve(new Date(clock + outcome * 1000));
      return Promise.reject(outcome ?? new Error("one attempt too many"));
    },
    onFailure: () => (failures += 1),
    signal: controller.signal,
    ...changes,
  });
  return { attempts, sleeps, failures };
}

const down = new Error("down");

describe("refreshLoop", () => {
  it("refreshes as long before the end as it is told", async () => {
    expect((await play([HOUR, HOUR, HOUR])).attempts).toEqual([0, 3300, 6600]);
  });

  it("adds the jitter to the lead", async () => {
    expect((await play([HOUR, HOUR], { jitterSeconds: 60 })).attempts).toEqual([0, 3240]);
  });

  it("uses a session that lives shorter than twice the lead for half its life", async () => {
    expect((await play([400, 400])).attempts).toEqual([0, 200]);
  });

  it("never calls a service without pause that hands out sessions which have ended", async () => {
    expect((await play([-5, -5, -5])).attempts).toEqual([0, 10, 20]);
  });

  it("looks at the clock every half minute, so that a machine that slept refreshes soon", async () => {
    expect(Math.max(...(await play([HOUR, HOUR])).sleeps)).toBe(30_000);
  });

  it("tries again with growing pauses after a failure, and goes on as usual after a success", async () => {
    const { attempts, failures } = await play([HOUR, down, down, down, HOUR, HOUR]);
    expect(attempts).toEqual([0, 3300, 3310, 3330, 3370, 3370 + 3300]);
    expect(failures).toBe(3);
  });

  it("tries at the end of the session, whatever the pause is", async () => {
    expect((await play([HOUR, down, down, down, down, down, down])).attempts.slice(-2)).toEqual([3450, 3600]);
  });

  it("waits no longer than five minutes between attempts", async () => {
    const { attempts } = await play([down, down, down, down, down, down, down, down]);
    expect(attempts.map((at, index) => at - (attempts[index - 1] ?? 0))).toEqual([
      0, 10, 20, 40, 80, 160, 300, 300,
    ]);
  });

  it("ends with what onFailure throws", async () => {
    const loop = play([HOUR, down, HOUR], {
      onFailure: (error) => {
        throw error;
      },
    });
    await expect(loop).rejects.toBe(down);
  });

  it("leaves no timer and no listener behind, however long it runs", async () => {
    vi.useFakeTimers();
    try {
      const controller = new AbortController();
      const held: (readonly [listeners: number, timers: number])[] = [];
      const loop = refreshLoop({
        leadSeconds: 300,
        refresh: () => {
          held.push([getEventListeners(controller.signal, "abort").length, vi.getTimerCount()]);
          if (held.length === 300) controller.abort();
          return held.length % 3 === 0
            ? Promise.reject(down)
            : Promise.resolve(new Date(Date.now() + HOUR * 1000));
        },
        onFailure: () => {},
        signal: controller.signal,
      });
      while (!controller.signal.aborted) await vi.advanceTimersByTimeAsync(HOUR * 1000);
      await loop;
      expect(new Set(held.map(String))).toEqual(new Set(["0,0"]));
      expect(getEventListeners(controller.signal, "abort")).toEqual([]);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("ends at once when its signal is aborted while it sleeps", async () => {
    const controller = new AbortController();
    const loop = refreshLoop({
      leadSeconds: 300,
      refresh: () => {
        setImmediate(() => controller.abort());
        return Promise.resolve(new Date(Date.now() + HOUR * 1000));
      },
      onFailure: () => {},
      signal: controller.signal,
    });
    await expect(loop).resolves.toBeUndefined();
  });
});
