import { describe, expect, it } from "vitest";
import { toDer } from "../der/encode.ts";
import { generalName } from "./subject-alternative-name.ts";
import type { SubjectAlternativeName } from "./subject-alternative-name.ts";

describe("generalName", () => {
  it.each<SubjectAlternativeName>([
    { type: "dns", value: "localhost" },
    { type: "dns", value: "server-1.example.com" },
    { type: "dns", value: "*.example.com" },
    { type: "dns", value: `${"a".repeat(63)}.example` },
    { type: "uri", value: "spiffe://example.org/ns/default/sa/server" },
    { type: "uri", value: "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6" },
    { type: "uri", value: "https://[2001:db8::1]:8443/a%20b?c=d#e" },
  ])("takes the $type $value", ({ type, value }) => {
    const der = toDer(generalName({ type, value }));

    // RFC 5280 §4.2.1.6: dNSName is [2] and uniformResourceIdentifier is [6], both IMPLICIT IA5String.
    expect(der).toEqual(
      Buffer.concat([Buffer.of(type === "dns" ? 0x82 : 0x86, value.length), Buffer.from(value)]),
    );
  });

  it.each<SubjectAlternativeName>([
    { type: "dns", value: "" },
    { type: "dns", value: "a b" },
    { type: "dns", value: "-a.example" },
    { type: "dns", value: "a-.example" },
    { type: "dns", value: "a..example" },
    { type: "dns", value: "example.com." },
    { type: "dns", value: "a.*.example" },
    { type: "dns", value: "zürich.example" },
    { type: "dns", value: "a\n" },
    { type: "dns", value: `${"a".repeat(64)}.example` },
    { type: "dns", value: "a.".repeat(126) + "aa" },
    { type: "uri", value: "" },
    { type: "uri", value: "/relative" },
    { type: "uri", value: "example.org" },
    { type: "uri", value: "https:" },
    { type: "uri", value: "https://example.org/a b" },
    { type: "uri", value: "https://zürich.example" },
    { type: "uri", value: "https://example.org\n" },
  ])("refuses the $type $value", (name) => {
    expect(() => generalName(name)).toThrow(
      expect.objectContaining({ code: "ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME" }),
    );
  });

  it.each(["dns:x", null, {}, { type: "DNS", value: "x" }, { type: "dns" }])(
    "refuses %j, which a program without types can give",
    (name) => {
      expect(() => Reflect.apply(generalName, undefined, [name])).toThrow(
        expect.objectContaining({
          code: "ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME",
          message: expect.stringContaining('{ type: "dns", value: "server.example.org" }'),
        }),
      );
    },
  );
});
