import { afterEach, expect, it, vi } from "vitest";

afterEach(() => vi.unstubAllGlobals());

it("shortens the five seconds between two looks, and no other timer", async () => {
  const calls: unknown[][] = [];
  vi.stubGlobal("setTimeout", (...given: unknown[]) => calls.push(given));
  await import("./look-often.ts");
  const callback = (): void => undefined;
  for (const milliseconds of [5000, 4999, 5001, 0, undefined]) {
    Reflect.apply(setTimeout, undefined, [callback, milliseconds, "handed on"]);
  }
  expect(calls).toEqual(
    [200, 4999, 5001, 0, undefined].map((milliseconds) => [callback, milliseconds, "handed on"]),
  );
});
