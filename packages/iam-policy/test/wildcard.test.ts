import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileArnGlob, compileGlob, matchGlob, runGlob } from "../src/wildcard.ts";

const glob = (text: string) => compileGlob([{ text, literal: false }]);
const arnGlob = (text: string) => compileArnGlob([{ text, literal: false }]);

describe("matchGlob", () => {
  it.each([
    ["", "", true],
    ["", "a", false],
    ["*", "", true],
    ["?", "", false],
    ["?", "😀", true],
    ["a*", "a", true],
    ["*a", "ba", true],
    ["*a", "ab", false],
    ["a*b*c", "aXbXbYc", true],
    ["a*b*c", "aXcXb", false],
    ["*aab", "aaaaab", true],
    ["**", "x", true],
    ["a**b", "ab", true],
    ["?*", "", false],
    ["*?", "x", true],
    ["a.c", "abc", false],
    ["[a]", "a", false],
    ["a\nb*", "a\nbc", true],
  ])("%j on %j: %s", (pattern, value, matched) => {
    expect(matchGlob(glob(pattern), value)).toBe(matched);
  });

  const letters = fc.string({ unit: fc.constantFrom("a", "b", ":", "/"), maxLength: 12 });
  const patterns = fc.string({ unit: fc.constantFrom("a", "b", ":", "*", "?"), maxLength: 8 });

  it("agrees with a regular expression", () => {
    fc.assert(
      fc.property(patterns, letters, (pattern, value) => {
        const expression = new RegExp(`^${pattern.replaceAll("*", "[^]*").replaceAll("?", "[^]")}$`, "u");
        expect(matchGlob(glob(pattern), value)).toBe(expression.test(value));
      }),
      { numRuns: 3000 },
    );
  });

  it("matches at least what it matched before when a character becomes *", () => {
    fc.assert(
      fc.property(letters, fc.nat(12), fc.nat(12), (value, from, length) => {
        const widened = `${value.slice(0, from)}*${value.slice(from + length)}`;
        expect(matchGlob(glob(widened), value)).toBe(true);
      }),
    );
  });

  it("agrees for ARNs with an expression that keeps wildcards inside the first five segments", () => {
    const arns = fc
      .array(fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 3 }), {
        minLength: 6,
        maxLength: 7,
      })
      .map((parts) => parts.join(":"));
    const values = fc
      .array(fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 3 }), { minLength: 5, maxLength: 8 })
      .map((parts) => parts.join(":"));
    fc.assert(
      fc.property(arns, values, (pattern, value) => {
        const parts = pattern.replaceAll(/\*+/gu, "*").split(":");
        const source = [...parts.slice(0, 5), parts.slice(5).join(":")].map((part, index) =>
          index === 5
            ? part.replaceAll("*", "[^]*").replaceAll("?", "[^]")
            : part.replaceAll("?", "[^:]").replace(/\*$/u, "[^]#").replaceAll("*", "[^:]*").replace("#", "*"),
        );
        expect(matchGlob(arnGlob(pattern), value)).toBe(new RegExp(`^${source.join(":")}$`, "u").test(value));
      }),
      { numRuns: 3000 },
    );
  });
});

describe("runGlob", () => {
  const bound = (pattern: string, value: string): number => value.length * (pattern.length + 1);

  it.each([
    ["many wildcards that almost match", `${"*a".repeat(200)}b`, "a".repeat(2000)],
    ["wildcards around every letter", "*a*".repeat(200), `${"b".repeat(2000)}`],
    ["single and multiple wildcards in turn", "*?".repeat(200), "a".repeat(199)],
    ["nested repetition", `${"*a*a".repeat(100)}c`, "ab".repeat(1000)],
    ["nothing but wildcards and an impossible end", `${"*".repeat(500)}!`, "*".repeat(2000)],
  ])("stays within (length of value) × (length of pattern + 1) steps: %s", (_, pattern, value) => {
    expect(runGlob(glob(pattern), value).steps).toBeLessThanOrEqual(bound(pattern, value));
    expect(runGlob(arnGlob(`arn:aws:x:${pattern}`), `arn:aws:x:${value}`).steps).toBeLessThanOrEqual(
      bound(`arn:aws:x:${pattern}`, `arn:aws:x:${value}`),
    );
  });

  it("stays within that bound for any pattern", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", ":", "*", "?"), maxLength: 60 });
    fc.assert(
      fc.property(text, text, (pattern, value) => {
        expect(runGlob(glob(pattern), value).steps).toBeLessThanOrEqual(bound(pattern, value));
      }),
      { numRuns: 2000 },
    );
  });

  it("grows with the value no faster than the value", () => {
    const pattern = glob(`${"*a".repeat(50)}b`);
    const short = runGlob(pattern, "a".repeat(1000)).steps;
    const long = runGlob(pattern, "a".repeat(4000)).steps;
    expect(long).toBeLessThanOrEqual(short * 4.2);
  });

  it("needs no steps for a literal, or for a wildcard at the end only", () => {
    expect(runGlob(glob("abc"), "abc")).toEqual({ matched: true, steps: 0 });
    expect(runGlob(glob("s3:*"), "s3:getobject")).toEqual({ matched: true, steps: 0 });
  });
});
