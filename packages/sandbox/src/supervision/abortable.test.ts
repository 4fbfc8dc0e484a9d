import { describe, expect, it } from "vitest";
import { together } from "./abortable.ts";

/** A part that runs until its signal is aborted, and then takes a while to end. */
async function untilAborted(signal: AbortSignal, ended: () => void): Promise<string> {
  const aborted = Promise.withResolvers<undefined>();
  signal.addEventListener("abort", () => aborted.resolve(undefined), { once: true });
  await aborted.promise;
  await new Promise(setImmediate);
  ended();
  throw new Error("aborted");
}

describe("together", () => {
  it("returns what all parts return, in their order", async () => {
    const parts = together(undefined, () => [
      new Promise<number>((resolve) => setImmediate(() => resolve(1))),
      Promise.resolve("two"),
    ]);
    await expect(parts).resolves.toEqual([1, "two"]);
  });

  it("aborts the other parts when one fails, and throws that failure when they have ended", async () => {
    const failure = new Error("the first failure");
    let ended = 0;
    const parts = together(undefined, (signal) => [
      untilAborted(signal, () => (ended += 1)),
      Promise.reject(failure),
      untilAborted(signal, () => (ended += 1)),
    ]);
    await expect(parts).rejects.toBe(failure);
    expect(ended).toBe(2);
  });

  it("hands the caller's abort on", async () => {
    const controller = new AbortController();
    let ended = false;
    const parts = together(controller.signal, (signal) => [untilAborted(signal, () => (ended = true))]);
    controller.abort();
    await expect(parts).rejects.toThrow("aborted");
    expect(ended).toBe(true);
  });
});
