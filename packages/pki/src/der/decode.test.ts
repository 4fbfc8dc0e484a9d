import { tlv } from "@roles-anywhere/testing";
import { describe, expect, it } from "vitest";
import { fromDer, stringIn } from "./decode.ts";

const text = (tag: number, octets: Uint8Array): string | undefined => stringIn(fromDer(tlv(tag, octets)));

describe("stringIn", () => {
  it.each([
    ["UTF8String", 0x0c, Buffer.from("größe 𠀀"), "größe 𠀀"],
    ["UTF8String with a byte order mark", 0x0c, Buffer.from("\uFEFFa"), "\uFEFFa"],
    ["NumericString", 0x12, Buffer.from("42"), "42"],
    ["PrintableString", 0x13, Buffer.from("a b"), "a b"],
    ["T61String", 0x14, Buffer.from("größe", "latin1"), "größe"],
    ["IA5String", 0x16, Buffer.from("a@b"), "a@b"],
    ["UniversalString", 0x1c, Buffer.from("000000f600020000", "hex"), "ö𠀀"],
    ["BMPString", 0x1e, Buffer.from("00f60042", "hex"), "öB"],
    ["UTF8String that is not UTF-8", 0x0c, Buffer.from("f6", "hex"), undefined],
    ["PrintableString outside ASCII", 0x13, Buffer.from("f6", "hex"), undefined],
    ["UniversalString that is cut short", 0x1c, Buffer.from("0000f6", "hex"), undefined],
    ["UniversalString without such a character", 0x1c, Buffer.from("00110000", "hex"), undefined],
    ["OCTET STRING", 0x04, Buffer.from("a"), undefined],
  ])("reads a %s", (_, tag, octets, expected) => {
    expect(text(tag, octets)).toBe(expected);
  });
});
