import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { canonicalHeaders, canonicalQuery, encodeRfc3986, foldSpaces } from "./canonical-request.ts";

describe("encodeRfc3986", () => {
  it.each([
    ["arn:aws:iam::1:role/a", "arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa"],
    ["a b", "a%20b"],
    ["a=b", "a%3Db"],
    ["a+b@c,d", "a%2Bb%40c%2Cd"],
    ["Zürich", "Z%C3%BCrich"],
    ["!'()*", "%21%27%28%29%2A"],
    ["-_.~", "-_.~"],
    ["\ud800", "%EF%BF%BD"],
  ])("encodes %j as %s", (text, encoded) => {
    expect(encodeRfc3986(text)).toBe(encoded);
  });

  it("leaves only unreserved characters and upper-case hex, and decodes to the same text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const encoded = encodeRfc3986(text);
        expect(encoded).toMatch(/^([A-Za-z0-9\-_.~]|%[0-9A-F]{2})*$/);
        expect(decodeURIComponent(encoded)).toBe(text);
      }),
    );
  });
});

describe("canonicalQuery", () => {
  it("does not depend on the order of the parameters", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string()), (query) => {
        const reversed = Object.fromEntries(Object.entries(query).toReversed());
        expect(canonicalQuery(reversed)).toBe(canonicalQuery(query));
      }),
    );
  });

  it("is read back by a URL parser", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: "grapheme" })), (query) => {
        const read = new URL(`http://host/?${canonicalQuery(query)}`).searchParams;
        expect(Object.fromEntries(read)).toEqual({ ...query });
      }),
    );
  });
});

describe("canonicalHeaders", () => {
  it("lower-cases, sorts by code point and joins what differs only in case", () => {
    expect(canonicalHeaders({ "X-B": "2", a: "1", "x-b": " 3  4 ", "X-Amz-Date": "d", x_b: "5" })).toEqual([
      ["a", "1"],
      ["x-amz-date", "d"],
      ["x-b", "2,3 4"],
      ["x_b", "5"],
    ]);
  });

  it.each(["Authorization", "User-Agent", "X-Amzn-Trace-Id", "Content-Length", "Connection"])(
    "leaves %s out",
    (name) => {
      expect(canonicalHeaders({ [name]: "1", Host: "h" })).toEqual([["host", "h"]]);
    },
  );

  it("folds values in a way that folding again does not change", () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const folded = foldSpaces(value);
        expect(foldSpaces(folded)).toBe(folded);
        expect(folded).not.toMatch(/ {2}|^ | $/);
        expect(folded.replaceAll(/[ \t]/g, "")).toBe(value.trim().replaceAll(/[ \t]/g, ""));
      }),
    );
  });
});
