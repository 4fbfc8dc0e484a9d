import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { deriveSigning, encodeRfc3986 } from "./canonical-request.ts";
import { indexHeaders, parseQuery } from "./received-request.ts";

const EMPTY_HASH = createHash("sha256").update("").digest("hex");
const REQUEST = {
  method: "POST",
  path: "/",
  query: [],
  body: Buffer.alloc(0),
  algorithm: "A",
  amzDate: "D",
  scope: { date: "20260615", region: "us-east-1", service: "rolesanywhere", terminator: "aws4_request" },
};

function canonical(query: string, rawHeaders: readonly string[], signedHeaders: readonly string[]): string {
  return deriveSigning({
    ...REQUEST,
    path: "/sessions",
    query: parseQuery(query) ?? [],
    headers: indexHeaders(rawHeaders),
    signedHeaders,
  }).canonicalRequest;
}

describe("deriveSigning", () => {
  it("joins the six parts, with an empty line before the signed headers", () => {
    expect(canonical("b=2&a=1", ["Host", "h"], ["host"])).toBe(
      `POST\n/sessions\na=1&b=2\nhost:h\n\nhost\n${EMPTY_HASH}`,
    );
  });

  it.each([
    ["sorts by name, then by value", "b=1&a=2&a=1", "a=1&a=2&b=1"],
    ["sorts encoded names by code point", "a-b=1&a%5Fb=2&aB=3&A=4", "A=4&a-b=1&aB=3&a_b=2"],
    ["takes + for a space", "a=b+c", "a=b%20c"],
    ["encodes in upper-case hex", "a=%3a%2f", "a=%3A%2F"],
    ["leaves the unreserved alone", "a=-_.~", "a=-_.~"],
    ["encodes what encodeURIComponent does not", "a=!'()*", "a=%21%27%28%29%2A"],
    ["gives a bare name an empty value", "a", "a="],
    ["encodes UTF-8", "a=%C3%A9", "a=%C3%A9"],
  ])("%s in the query", (_, query, expected) => {
    expect(canonical(query, ["Host", "h"], ["host"]).split("\n")[2]).toBe(expected);
  });

  it.each([
    ["trims", ["A", "  x\t"], "a:x"],
    ["collapses runs of spaces", ["A", "x   y"], "a:x y"],
    ["joins repeated headers by commas in order", ["a", "1", "B", "-", "A", "2"], "a:1,2"],
  ])("%s header values", (_, rawHeaders, expected) => {
    expect(canonical("", rawHeaders, ["a"]).split("\n")[3]).toBe(expected);
  });

  it("hashes header bytes as they came, not as text", () => {
    const headers = indexHeaders(["A", "\u00c3\u00a9"]);
    const { stringToSign } = deriveSigning({ ...REQUEST, headers, signedHeaders: ["a"] });
    // The two Latin-1 characters are the two bytes of é in UTF-8, which is what a client would have hashed.
    const expected = createHash("sha256").update(`POST\n/\n\na:é\n\na\n${EMPTY_HASH}`).digest("hex");
    expect(stringToSign).toBe(`A\nD\n20260615/us-east-1/rolesanywhere/aws4_request\n${expected}`);
  });
});

describe("parseQuery", () => {
  it.each(["a=%", "a=%zz", "%ff=1", "a=%E0%A4"])("refuses %s", (query) => {
    expect(parseQuery(query)).toBeUndefined();
  });
});

describe("encodeRfc3986", () => {
  it("encodes an ARN as clients do", () => {
    expect(encodeRfc3986("arn:aws:iam::1:role/a b")).toBe("arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa%20b");
  });
});
