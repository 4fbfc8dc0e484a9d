import { describe, expect, it } from "vitest";
import { soakRecord } from "../src/report/records.ts";
import { readSettings } from "../src/settings/read-settings.ts";
import { FAULTS } from "../src/soak/faults.ts";
import { runSoak } from "../src/soak/run-soak.ts";

describe("the soak", { timeout: 400_000 }, () => {
  it("loses no request while sessions are renewed and each fault happens once", async () => {
    const { backend } = readSettings(process.env);

    const result = await runSoak({
      ...{ backend, renewals: 10, environment: process.env },
      onProgress: (line) => void process.stderr.write(`${line}\n`),
    });
    expect(result.failures).toEqual([]);
    const { renewals, faults, samples } = soakRecord.parse(result.record);
    expect(renewals.length).toBeGreaterThanOrEqual(10);
    expect(faults.map(({ text }) => text).slice(0, FAULTS.length)).toEqual(FAULTS.map(({ text }) => text));
    // Four apps, twenty requests per second each; while LocalStack is paused there are fewer.
    expect(result.total.requests).toBeGreaterThan(500);
    expect(samples.reduce((sum, { requests }) => sum + requests, 0)).toBe(result.total.requests);
    for (const { rssBytes } of samples) expect(rssBytes).toBeGreaterThan(50_000_000);
  });
});
