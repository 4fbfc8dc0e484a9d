import { createPublicKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { sharedKeyPairOf } from "../../test/support/key-pool.ts";
import { supportedKeyType } from "./key-pair.ts";

describe("supportedKeyType", () => {
  const withExponent = async (exponent: readonly number[]) => {
    const { publicKey } = await sharedKeyPairOf("rsa-2048");
    const e = Buffer.from(exponent).toString("base64url");
    return createPublicKey({ key: { ...publicKey.export({ format: "jwk" }), e }, format: "jwk" });
  };

  it.each([
    { exponent: 1, octets: [1] },
    { exponent: 3, octets: [3] },
    { exponent: 65_535, octets: [255, 255] },
    { exponent: 65_538, octets: [1, 0, 2] },
  ])("refuses the public exponent $exponent", async ({ exponent, octets }) => {
    const key = await withExponent(octets);
    expect(() => supportedKeyType(key)).toThrow(
      expect.objectContaining({
        code: "ERR_PKI_KEY_UNSUPPORTED",
        message: `the key has the public exponent ${exponent}; use 65537`,
      }),
    );
  });

  it.each([
    ["65537", [1, 0, 1]],
    ["65539", [1, 0, 3]],
  ])("accepts the public exponent %s", async (_, octets) => {
    expect(supportedKeyType(await withExponent(octets))).toBe("rsa-2048");
  });
});
