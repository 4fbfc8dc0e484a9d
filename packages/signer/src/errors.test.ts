import { describe, expect, it } from "vitest";

import { SignerError } from "./errors.ts";

describe("instanceof SignerError", () => {
  class Special extends SignerError {}
  const named = (code?: string): Error => Object.assign(new Error("x"), { name: "SignerError", code });

  it.each([
    ["an error of this class", new SignerError("ERR_SIGNER_TIMEOUT", ""), true],
    ["an error of a subclass", new Special("ERR_SIGNER_TIMEOUT", ""), true],
    ["an error of another copy", named("ERR_SIGNER_TIMEOUT"), true],
    ["an error of the same name with another code", named("ERR_OTHER"), false],
    ["an error of the same name without a code", named(), false],
    ["no error", { name: "SignerError", code: "ERR_SIGNER_TIMEOUT" }, false],
  ])("of %s", (_title, value: unknown, isOne) => {
    expect(value instanceof SignerError).toBe(isOne);
  });

  it("is true for a subclass with its own errors only", () => {
    const errors = [new Special("ERR_SIGNER_TIMEOUT", ""), new SignerError("ERR_SIGNER_TIMEOUT", "")];
    expect(errors.map((error) => error instanceof Special)).toEqual([true, false]);
  });
});
