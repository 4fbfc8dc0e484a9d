import { describe, expect, it } from "vitest";
import { heapGrowth } from "./memory.ts";

describe("the growth of a heap", () => {
  const MB = 1_000_000;
  /** Two hundred measurements of a heap of 30 MB that wavers by 1 MB. */
  const measure = (bytesPerMeasurement: number, count = 200) =>
    Array.from({ length: count }, (_, index) => ({
      at: index * 2000,
      heapBytes: 30 * MB + (index % 3) * 0.5 * MB + index * bytesPerMeasurement,
      rssBytes: 0,
    }));

  it("is nothing when it only wavers", () => {
    expect(heapGrowth(measure(0))).toBeCloseTo(0, 2);
  });
  it("is the part by which it grew after the warm-up", () => {
    // 150 measurements count, each 30 kB more than the one before, on 33.7 MB on average.
    expect(heapGrowth(measure(30_000))).toBeCloseTo((149 * 0.03) / 34.2, 2);
  });
  it("is not known after a short run", () => {
    expect(heapGrowth(measure(30_000, 30))).toBeUndefined();
  });
});
