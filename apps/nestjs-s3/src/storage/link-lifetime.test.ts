import { describe, expect, it } from "vitest";
import { linkLifetimeSeconds } from "./link-lifetime.ts";

const NOW = Date.UTC(2026, 0, 1);

describe("linkLifetimeSeconds", () => {
  it.each([
    ["credentials that do not expire", undefined, 3600],
    ["twelve hours left", 12 * 3_600_000, 3600],
    ["an hour and a bit left", 3_600_999, 3600],
    ["a second less than an hour left", 3_599_000, 3599],
    ["59.9 seconds left", 59_900, 59],
    ["half a second left", 500, 1],
    ["nothing left", 0, 1],
    ["a session that ended", -5000, 1],
  ])("%s: %s ms → %s s", (_what, remainingMs, expected) => {
    const expiration = remainingMs === undefined ? undefined : new Date(NOW + remainingMs);
    expect(linkLifetimeSeconds(expiration, NOW)).toBe(expected);
  });
});
