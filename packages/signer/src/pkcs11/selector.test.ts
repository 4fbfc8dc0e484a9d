import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";

import { afterAll, describe, expect, it } from "vitest";

import { temporaryFolder } from "@roles-anywhere/testing";

import { makeCertificate } from "../../test/support/chain.ts";
import { parseSelector, selects } from "./selector.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

describe("parseSelector", () => {
  it.each<readonly [string, object]>([
    ["Key=x509Subject,Value=CN=a", { x509Subject: "CN=a" }],
    [
      "Key=x509Subject,Value=CN=a b,O=c Key=x509Issuer,Value=CN=d\tKey=x509Serial,Value=0aF",
      { x509Subject: "CN=a b,O=c", x509Issuer: "CN=d", x509Serial: "0aF" },
    ],
  ])("reads %j", (text, selector) => {
    expect(parseSelector(text)).toEqual(selector);
  });

  it("reads a file, its names in any case", () => {
    writeFileSync(folder.join("s.json"), '[{"key":"x509Subject","VALUE":"CN=a"}]');
    expect(parseSelector(`file://${folder.join("s.json")}`)).toEqual({ x509Subject: "CN=a" });
  });

  it.each([
    ["Key=x509Subject,Value=a Key=x509Subject,Value=b", "duplicate x509Subject keys can't be present"],
    ["Key=x509Other,Value=a", 'invalid key "x509Other"'],
    ["Value=a", "unable to parse cert selector"],
    ["garbage", "unable to parse cert selector"],
    ["Key=x509Serial,Value=xy", 'x509Serial "xy" is not hexadecimal'],
    ["file:///nowhere.json", "cannot be read as JSON"],
    ["file://PATH/plain.txt", "cannot be read as JSON"],
    ["file://PATH/object.json", "no JSON array"],
    ["file://PATH/entry.json", "an entry without Key and Value"],
    ["file://PATH/empty.json", "contained no key"],
  ])("refuses %j", (text, words) => {
    writeFileSync(folder.join("plain.txt"), "plain");
    writeFileSync(folder.join("object.json"), "{}");
    writeFileSync(folder.join("entry.json"), '[{"Key":"x509Subject"}]');
    writeFileSync(folder.join("empty.json"), "[]");
    expect(() => parseSelector(text.replace("PATH", folder.path))).toThrowError(
      expect.objectContaining({ code: "ERR_SIGNER_USAGE", message: expect.stringContaining(words) }),
    );
  });
});

describe("selects", () => {
  const { certificatePem } = makeCertificate({ subject: "/C=DE/O=Example/CN=a b" });
  const x509 = new X509Certificate(certificatePem);

  it.each<readonly [boolean, Parameters<typeof selects>[0]]>([
    [true, { x509Subject: "CN=a b,O=Example,C=DE" }],
    [false, { x509Subject: "C=DE,O=Example,CN=a b" }],
    [true, { x509Issuer: "CN=a b,O=Example,C=DE" }],
    [false, { x509Issuer: "CN=other" }],
    [true, { x509Serial: `00${x509.serialNumber.toLowerCase()}` }],
    [false, { x509Serial: "01" }],
    [false, { x509Subject: "CN=a b,O=Example,C=DE", x509Serial: "01" }],
  ])("says %j for %j", (expected, selector) => {
    expect(selects(selector, x509)).toBe(expected);
  });
});
