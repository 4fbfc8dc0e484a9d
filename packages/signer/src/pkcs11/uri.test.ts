import { describe, expect, it } from "vitest";

import { escapedBytes, escapedText, parsePkcs11Uri } from "./uri.ts";

describe("parsePkcs11Uri", () => {
  it.each<readonly [string, object]>([
    ["pkcs11:", {}],
    ["pkcs11:token=server", { token: "server" }],
    // The examples of RFC 7512 §3, with what this program does not know left out.
    ["pkcs11:object=my-pubkey;type=public", { label: "my-pubkey", type: "public" }],
    [
      "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;object=my-certificate;type=cert;id=%69%95%3E%5C%F4%BD%EC%91;serial=",
      {
        token: "The Software PKCS#11 Softtoken",
        manufacturer: "Snake Oil, Inc.",
        model: "1.0",
        label: "my-certificate",
        type: "cert",
        id: "69953e5cf4bdec91",
        serial: "",
      },
    ],
    [
      "pkcs11:slot-description=Sun%20Metaslot;slot-manufacturer=a;slot-id=327",
      { slotDescription: "Sun Metaslot", slotManufacturer: "a", slotId: "327" },
    ],
    [
      "pkcs11:library-manufacturer=Snake%20Oil,%20Inc.;library-description=Soft%20Token%20Library;library-version=1.23",
      {
        libraryManufacturer: "Snake Oil, Inc.",
        libraryDescription: "Soft Token Library",
        libraryVersion: "1.23",
      },
    ],
    ["pkcs11:object=%C5%BEluv%C3%A1", { label: "žluvá" }],
    ["pkcs11:id=a%00b", { id: "610062" }],
    ["pkcs11:token=a;", { token: "a" }],
  ])("reads %s", (uri, query) => {
    expect(parsePkcs11Uri(uri).query).toEqual(query);
  });

  it.each<readonly [string, object]>([
    ["pkcs11:object=a?pin-value=1234", { value: "1234", source: undefined }],
    ["pkcs11:object=a?pin-value=%31%26?", { value: "1&?", source: undefined }],
    ["pkcs11:?pin-source=file:/etc/pin&x-vendor=1", { value: undefined, source: "file:/etc/pin" }],
    ["pkcs11:?pin-source=file:/a%3Fb", { value: undefined, source: "file:/a?b" }],
    ["pkcs11:object=a", { value: undefined, source: undefined }],
  ])("reads the PIN of %s", (uri, pin) => {
    expect(parsePkcs11Uri(uri).pin).toEqual(pin);
  });

  it("reads the library, and shows everything but the PIN", () => {
    expect(parsePkcs11Uri("pkcs11:object=a\u001b?module-path=/usr/lib/x.so&pin-value=canary")).toMatchObject({
      modulePath: "/usr/lib/x.so",
      name: String.raw`"pkcs11:object=a\u001b"`,
    });
  });

  it.each([
    ["pkcs11:lable=a?pin-value=canary", 'it has no attribute "lable"'],
    ["pkcs11:constructor=a", 'it has no attribute "constructor"'],
    ["pkcs11:id=%01;id=%02", 'it has "id" twice'],
    ["pkcs11:object=a%2", "a % without two hexadecimal digits"],
    ["pkcs11:object=%FF", "no UTF-8"],
    ["pkcs11:object", "not of the form name=value"],
    ["pkcs11:=a", "not of the form name=value"],
    ["pkcs11:slot-id=x", 'slot-id "x" is no number'],
    ["pkcs11:?pin-value=canary&pin-source=file:a", "both pin-value and pin-source"],
    ["pkcs11:?pin-value=canary&pin-value=canary", 'it has "pin-value" twice'],
    ["pkcs11:?pin-value=canary%", "a % without two hexadecimal digits"],
    ["pkcs11:?pin-value=can&nary", "not of the form name=value"],
  ])("refuses %s", (uri, words) => {
    expect(() => parsePkcs11Uri(uri)).toThrowError(
      expect.objectContaining({
        code: "ERR_SIGNER_PKCS11_URI_INVALID",
        message: expect.stringContaining(words),
      }),
    );
    expect(() => parsePkcs11Uri(uri)).not.toThrowError(/can|nary/);
  });

  it.each(["a b", "ä;%?&=/", "(x)'!*"])("reads back the text %j that was escaped", (text) => {
    expect(parsePkcs11Uri(`pkcs11:object=${escapedText(text)}`).query.label).toBe(text);
  });

  it("reads back bytes that were escaped", () => {
    expect(escapedBytes("00ffa1")).toBe("%00%FF%A1");
    expect(parsePkcs11Uri(`pkcs11:id=${escapedBytes("00ffa1")}`).query.id).toBe("00ffa1");
  });
});
