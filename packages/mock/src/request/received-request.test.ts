import { describe, expect, it } from "vitest";
import { headerValues, splitTarget, trimBlanks } from "./received-request.ts";

describe("trimBlanks", () => {
  it.each([
    ["", ""],
    ["  ", ""],
    [" \ta b\t ", "a b"],
    ["\u00a0a\u00a0", "\u00a0a\u00a0"],
  ])("takes spaces and tabs off %j", (value, expected) => {
    expect(trimBlanks(value)).toBe(expected);
  });

  it("takes time in proportion to the length", () => {
    const value = `a${" ".repeat(200_000)}a`;
    const started = performance.now();
    expect(trimBlanks(value)).toBe(value);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe("splitTarget", () => {
  it.each([
    ["/sessions", "/sessions", ""],
    ["/sessions?", "/sessions", ""],
    ["/sessions?a=b?c", "/sessions", "a=b?c"],
    ["http://host:1/sessions?a", "/sessions", "a"],
    ["HTTPS://host?a", "", "a"],
  ])("splits %s", (target, path, query) => {
    expect(splitTarget(target)).toEqual({ path, query });
  });
});

describe("headerValues", () => {
  it("gives the values of a header in order, whatever its letter case", () => {
    const request = {
      method: "",
      target: "",
      body: Buffer.alloc(0),
      rawHeaders: ["A", "1", "b", "2", "a", "3"],
    };
    expect(headerValues(request, "a")).toEqual(["1", "3"]);
  });
});
