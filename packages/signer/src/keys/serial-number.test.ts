import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { makeCertificate } from "../../test/support/chain.ts";
import { decimalSerialNumber, loadCertificate } from "./certificate.ts";

/** Serial numbers have up to 20 octets (RFC 5280 §4.1.2.2). */
const serial = fc.bigInt(1n, 2n ** 159n - 1n);

describe("decimalSerialNumber", () => {
  it("is the same number, in either letter case, with or without leading zeros and sign", () => {
    fc.assert(
      fc.property(serial, fc.nat(4), fc.boolean(), fc.boolean(), (number, zeros, upper, negative) => {
        const hex = "0".repeat(zeros) + number.toString(16);
        const sign = negative ? "-" : "";
        expect(decimalSerialNumber(sign + (upper ? hex.toUpperCase() : hex))).toBe(`${sign}${number}`);
      }),
    );
  });

  it("is what OpenSSL was told to write into a certificate", () => {
    fc.assert(
      fc.property(serial, (number) => {
        const { certificatePem } = makeCertificate({ arguments: ["-set_serial", String(number)] });
        expect(loadCertificate(certificatePem).serialNumber).toBe(String(number));
      }),
      { numRuns: 10, examples: [[1n], [127n], [128n], [255n], [256n], [2n ** 64n], [2n ** 159n - 1n]] },
    );
  });
});
