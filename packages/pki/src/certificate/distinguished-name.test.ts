import { describe, expect, it } from "vitest";
import { toDer } from "../der/encode.ts";
import { openssl } from "@roles-anywhere/testing";
import { relativeNames } from "./distinguished-name.ts";
import { subjectOf } from "./subject.ts";
import type { SubjectAttribute } from "./subject.ts";

/** The strings that `openssl asn1parse` finds in the name. */
function strings(commonName: string, attributes: readonly SubjectAttribute[] = []): string[] {
  const der = toDer(relativeNames(subjectOf({ commonName, subjectAttributes: attributes }))).toString(
    "base64",
  );
  const text = openssl(["asn1parse"], `-----BEGIN X-----\n${der}\n-----END X-----\n`);
  return Array.from(text.matchAll(/(?:OBJECT|STRING) +:(.*)/g), ([, value]) => value ?? "");
}

describe("relativeNames", () => {
  it("writes attributes in the order given and the common name last", () => {
    expect(
      strings("leaf", [
        { type: "O", value: "Example" },
        { type: "C", value: "DE" },
      ]),
    ).toEqual(["organizationName", "Example", "countryName", "DE", "commonName", "leaf"]);
  });

  it.each([
    { title: "64 letters", commonName: "a".repeat(64) },
    { title: "64 characters outside the basic plane", commonName: "🔐".repeat(64) },
  ])("takes a common name of $title", ({ commonName }) => {
    expect(toDer(relativeNames(subjectOf({ commonName }))).includes(Buffer.from(commonName))).toBe(true);
  });

  it.each<{ title: string; commonName?: string; attribute?: SubjectAttribute; message: RegExp }>([
    { title: "no common name", commonName: "", message: /CN="": give 1 to 64 characters/ },
    { title: "a blank common name", commonName: " \u00a0", message: /give 1 to 64 characters/ },
    { title: "65 letters", commonName: "a".repeat(65), message: /it has 65 characters; 64 are allowed/ },
    { title: "65 characters", commonName: "🔐".repeat(65), message: /it has 65 characters; 64 are allowed/ },
    { title: "a NUL", commonName: "a\0b", message: /CN="a\\u0000b": leave out control characters/ },
    { title: "a line break", commonName: "a\nb", message: /leave out control characters/ },
    { title: "half a surrogate pair", commonName: "a\ud800", message: /broken surrogate pairs/ },
    {
      title: "a country in small letters",
      attribute: { type: "C", value: "de" },
      message: /C="de": give the two capital letters of ISO 3166/,
    },
    {
      title: "a country of three letters",
      attribute: { type: "C", value: "DEU" },
      message: /it has 3 characters; 2 are allowed/,
    },
    {
      title: "an empty organization",
      attribute: { type: "O", value: "" },
      message: /O="": give 1 to 64 characters/,
    },
    {
      title: "an organizational unit of 65 characters",
      attribute: { type: "OU", value: "x".repeat(65) },
      message: /64 are allowed/,
    },
    {
      title: "a locality of 129 characters",
      attribute: { type: "L", value: "x".repeat(129) },
      message: /128 are allowed/,
    },
  ])("refuses $title", ({ commonName = "leaf", attribute, message }) => {
    expect(() =>
      relativeNames(subjectOf({ commonName, subjectAttributes: attribute === undefined ? [] : [attribute] })),
    ).toThrow(
      expect.objectContaining({ code: "ERR_PKI_INVALID_SUBJECT", message: expect.stringMatching(message) }),
    );
  });
});
