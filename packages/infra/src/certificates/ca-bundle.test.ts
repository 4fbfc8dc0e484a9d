import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { InfraError } from "../errors.ts";
import { makeTestCertificates } from "../../test/support/certificates.ts";
import { readCaBundle } from "./ca-bundle.ts";

const certificates = makeTestCertificates();
const {
  rootCa,
  otherRootCa,
  thirdRootCa,
  endEntity,
  caThatCannotSign,
  withoutExtensions,
  withoutSubject,
  privateKey,
} = certificates;

/** The lines of the base64, then whatever is done to them, between the same BEGIN and END. */
const body = (pem: string, change: (lines: string[]) => string): string => {
  const lines = pem.trimEnd().split("\n");
  return `${lines[0]}\n${change(lines.slice(1, -1))}${lines.at(-1)}\n`;
};

const daysFromNow = (days: number) => new Date(Date.now() + days * 86_400_000);

function refusal(pem: string, now?: Date): InfraError {
  try {
    readCaBundle(pem, now);
  } catch (error) {
    if (error instanceof InfraError) {
      return error;
    }
    throw error;
  }
  throw new Error("expected a refusal");
}

describe("readCaBundle", () => {
  it("returns a single CA certificate as it was given", () => {
    expect(readCaBundle(rootCa)).toBe(rootCa);
  });

  it("returns two CA certificates in the order given", () => {
    expect(readCaBundle(rootCa + otherRootCa)).toBe(rootCa + otherRootCa);
  });

  it("drops the text that openssl puts around a certificate", () => {
    const bundle = readCaBundle(`Certificate:\n    Data:\n        Version: 3\n${rootCa}trailing text`);
    expect(bundle).toBe(rootCa);
  });

  // RFC 7468 §3, laxtextualmsg. Go's pem.Decode, which AWS's helper uses, takes header lines as well.
  it.each<[string, (pem: string) => string]>([
    ["line ends of Windows", (pem) => pem.replaceAll("\n", "\r\n")],
    ["line ends of old Macs", (pem) => pem.replaceAll("\n", "\r")],
    ["doubled line ends", (pem) => pem.replaceAll("\n", "\n\n")],
    ["doubled line ends of Windows", (pem) => pem.replaceAll("\n", "\r\r\n")],
    ["a blank line after BEGIN", (pem) => body(pem, (lines) => `\n${lines.join("\n")}\n`)],
    ["a blank line inside", (pem) => body(pem, (lines) => `${lines.join("\n").replace("\n", "\n\n")}\n`)],
    ["a blank line before END", (pem) => body(pem, (lines) => `${lines.join("\n")}\n\n`)],
    ["lines of blanks", (pem) => body(pem, (lines) => `   \n${lines.join("\n \t \n")}\n\t\n`)],
    ["blanks at the ends of lines", (pem) => body(pem, (lines) => `${lines.join(" \t\n")} \n`)],
    ["an indent", (pem) => pem.replaceAll(/^/gm, "    ")],
    ["one long line", (pem) => body(pem, (lines) => `${lines.join("")}\n`)],
    ["vertical tabs and form feeds", (pem) => body(pem, (lines) => `\v${lines.join("\n\f")}\n`)],
    [
      "header lines",
      (pem) => body(pem, (lines) => `Comment: by hand\nX-Note: two\n  lines\n\n${lines.join("\n")}\n`),
    ],
    ["no line end after END", (pem) => pem.trimEnd()],
    ["a byte order mark", (pem) => `\uFEFF${pem}`],
  ])("accepts %s, and writes the strict form", (_layout, change) => {
    expect(readCaBundle(change(rootCa))).toBe(rootCa);
    expect(readCaBundle(change(rootCa) + change(otherRootCa))).toBe(rootCa + otherRootCa);
  });

  it("accepts a CA until the end of its validity", () => {
    expect(readCaBundle(rootCa, daysFromNow(certificates.validityDays - 1))).toBe(rootCa);
  });

  it.each([
    ["an empty text", "", "holds no PEM block"],
    ["a path instead of the text", "pki/rootCA.pem", "holds no PEM block"],
    ["a cut-off file", rootCa.slice(0, -40), "holds no PEM block"],
    ["a private key", privateKey, "holds a PRIVATE KEY block"],
    ["a private key after the certificate", rootCa + privateKey, "holds a PRIVATE KEY block"],
    ["three certificates", rootCa + otherRootCa + thirdRootCa, "holds 3 certificates"],
    [
      "a certificate that was changed",
      rootCa.replace(/\n.{20}/, "\nAAAAAAAAAAAAAAAAAAAA"),
      "is not an X.509 certificate",
    ],
    ["an end-entity certificate", endEntity, '"CN=server" is not a CA'],
    ["an end-entity certificate after a CA", rootCa + endEntity, '"CN=server" is not a CA'],
    ["a CA that may not sign certificates", caThatCannotSign, '"CN=CrlOnlyCA" is not a CA'],
    ["a CA without a subject", withoutSubject, "it has no subject"],
    ["a CA without a subject beside another", rootCa + withoutSubject, "RFC 5280 §4.1.2.6"],
    ["base64 that is damaged", rootCa.replace(/\n.{3}/, "\n!!!"), "is not an X.509 certificate"],
    ["a certificate without basicConstraints", withoutExtensions, '"CN=Plain" is not a CA'],
  ])("refuses %s", (_, pem, reason) => {
    expect(refusal(pem)).toMatchObject({
      code: "ERR_INFRA_CA_CERTIFICATE_INVALID",
      message: expect.stringContaining(reason),
    });
  });

  it("refuses an expired CA and says when it expired", () => {
    const { validToDate } = new X509Certificate(rootCa);
    expect(refusal(rootCa, validToDate)).toMatchObject({
      code: "ERR_INFRA_CA_CERTIFICATE_INVALID",
      message: expect.stringContaining(`"CN=MyRootCA" expired at ${validToDate.toISOString()}`),
    });
  });

  it("never repeats a private key in the message", () => {
    const keyLine = privateKey.split("\n")[1];
    expect(keyLine).toHaveLength(64);
    expect(refusal(rootCa + privateKey).message).not.toContain(keyLine);
  });
});
