import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { InfraError } from "../errors.ts";
import { makeTestCertificates } from "../../test/support/certificates.ts";
import { readCaBundle } from "./ca-bundle.ts";

const certificates = makeTestCertificates();
const { rootCa, otherRootCa, thirdRootCa, endEntity, caThatCannotSign, withoutExtensions, privateKey } =
  certificates;

const fingerprint = (pem: string) => new X509Certificate(pem).fingerprint256;
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

  it("accepts Windows line ends", () => {
    expect(fingerprint(readCaBundle(rootCa.replaceAll("\n", "\r\n")))).toBe(fingerprint(rootCa));
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
