import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createRootCertificateAuthority } from "../authority/create-root-certificate-authority.ts";
import { sharedKeyPair } from "../../test/support/key-pool.ts";
import { openssl } from "@roles-anywhere/testing";
import { certificateField } from "../../test/support/certificate-text.ts";
import { drawSerialNumber } from "./serial-number.ts";

describe("drawSerialNumber", () => {
  it("is positive and has 32 digits in ten thousand draws, none of them twice", () => {
    const serialNumbers = Array.from({ length: 10_000 }, () => drawSerialNumber(randomBytes).toString("hex"));

    expect(serialNumbers.filter((digits) => !/^[4-7][\da-f]{31}$/.test(digits))).toEqual([]);
    expect(new Set(serialNumbers).size).toBe(10_000);
  });

  it("uses every random bit but the two highest", () => {
    const bit = (index: number) => (size: number) => {
      const octets = Buffer.alloc(size);
      octets.writeUInt8(0x80 >> (index % 8), Math.floor(index / 8));
      return octets;
    };
    const serialNumbers = Array.from({ length: 126 }, (_, index) =>
      drawSerialNumber(bit(index + 2)).toString("hex"),
    );

    expect(new Set(serialNumbers).size).toBe(126);
    expect(serialNumbers).not.toContain(drawSerialNumber((size) => Buffer.alloc(size)).toString("hex"));
  });

  it("does not change the octets that the random source returned", () => {
    const source = Buffer.alloc(16, 0xff);
    drawSerialNumber(() => source);

    expect(source).toEqual(Buffer.alloc(16, 0xff));
  });

  it.each([
    { octet: 0x00, expected: "40000000000000000000000000000000" },
    { octet: 0xff, expected: "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF" },
    { octet: 0x80, expected: "40808080808080808080808080808080" },
  ])("is read by OpenSSL as $expected when all random octets are $octet", async ({ octet, expected }) => {
    const { certificatePem, serialNumber } = await createRootCertificateAuthority(
      {},
      { generateKeyPair: sharedKeyPair, randomBytes: (size) => Buffer.alloc(size, octet) },
    );

    expect(serialNumber).toBe(expected);
    expect(certificateField(certificatePem, "-serial")).toBe(expected);
    expect(openssl(["asn1parse"], certificatePem)).toMatch(
      new RegExp(`l= +16 prim: INTEGER +:${expected}\n`),
    );
  });
});
