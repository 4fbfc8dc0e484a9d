import { describe, expect, it } from "vitest";
import { resolveValidity, toIsoSeconds } from "./validity.ts";
import type { ValidityOptions } from "./validity.ts";

const defaults = { validityDays: 365, notBefore: new Date("2026-01-02T03:04:05.999Z") };

function resolved(options: ValidityOptions): string {
  const { notBefore, notAfter } = resolveValidity(options, defaults);
  return `${notBefore.toISOString()} ${notAfter.toISOString()}`;
}

describe("resolveValidity", () => {
  it.each<{ title: string; options: ValidityOptions; expected: string }>([
    {
      title: "the defaults, in whole seconds",
      options: {},
      expected: "2026-01-02T03:04:05.000Z 2027-01-02T03:04:05.000Z",
    },
    {
      title: "days of 86 400 seconds, over a leap day",
      options: { notBefore: new Date("2028-02-28T12:00:00Z"), validityDays: 2 },
      expected: "2028-02-28T12:00:00.000Z 2028-03-01T12:00:00.000Z",
    },
    {
      title: "an end in place of days",
      options: { notAfter: new Date("2026-01-02T03:04:06.500Z") },
      expected: "2026-01-02T03:04:05.000Z 2026-01-02T03:04:06.000Z",
    },
    {
      title: "the earliest and the latest year that X.509 knows",
      options: { notBefore: new Date("1950-01-01T00:00:00Z"), notAfter: new Date("9999-12-31T23:59:59Z") },
      expected: "1950-01-01T00:00:00.000Z 9999-12-31T23:59:59.000Z",
    },
  ])("takes $title", ({ options, expected }) => {
    expect(resolved(options)).toBe(expected);
  });

  it.each<{ title: string; options: ValidityOptions; message: RegExp }>([
    { title: "zero days", options: { validityDays: 0 }, message: /validityDays is 0;/ },
    { title: "negative days", options: { validityDays: -1 }, message: /validityDays is -1;/ },
    { title: "a part of a day", options: { validityDays: 0.5 }, message: /validityDays is 0.5;/ },
    { title: "NaN days", options: { validityDays: Number.NaN }, message: /validityDays is NaN;/ },
    {
      title: "days and an end",
      options: { validityDays: 1, notAfter: new Date("2026-02-02T00:00:00Z") },
      message: /validityDays and notAfter are both given; leave one out/,
    },
    {
      title: "an end that is the beginning",
      options: { notAfter: new Date("2026-01-02T03:04:05Z") },
      message: /notAfter 2026-01-02T03:04:05Z is not after notBefore 2026-01-02T03:04:05Z/,
    },
    {
      title: "an end after the year 9999",
      options: { notAfter: new Date("+010000-01-01T00:00:00Z") },
      message: /notAfter is in the year 10000; X.509 knows 1950 to 9999/,
    },
    {
      title: "so many days that there is no such date",
      options: { validityDays: Number.MAX_SAFE_INTEGER },
      message: /notAfter is not a date/,
    },
    {
      title: "a beginning before 1950",
      options: { notBefore: new Date("1949-12-31T23:59:59Z") },
      message: /notBefore is in the year 1949/,
    },
    {
      title: "an invalid date",
      options: { notBefore: new Date("yesterday") },
      message: /notBefore is not a date/,
    },
  ])("refuses $title", ({ options, message }) => {
    expect(() => resolveValidity(options, defaults)).toThrow(
      expect.objectContaining({ code: "ERR_PKI_INVALID_VALIDITY", message: expect.stringMatching(message) }),
    );
  });
});

describe("toIsoSeconds", () => {
  it("leaves out the fraction", () => {
    expect(toIsoSeconds(new Date("2026-01-02T03:04:05.678Z"))).toBe("2026-01-02T03:04:05Z");
  });
});
