import { describe, expect, it } from "vitest";
import { readDefaults } from "./read-defaults.ts";

describe("readDefaults", () => {
  it("has an answer for an empty environment", () => {
    expect(readDefaults({ LOCALSTACK_IMAGE: "" })).toEqual({
      localstackImage: "localstack/localstack:4.14.0",
      mockImage: undefined,
      nodeImage: "node:24-slim",
      cacheDirectory: expect.stringMatching(/\/\.cache\/roles-anywhere-kit$/),
    });
  });

  it.each([
    { variable: "LOCALSTACK_IMAGE", option: "localstackImage" },
    { variable: "RA_MOCK_IMAGE", option: "mockImage" },
    { variable: "NODE_IMAGE", option: "nodeImage" },
    { variable: "RA_CACHE_DIR", option: "cacheDirectory" },
  ])("$variable is the default of $option", ({ variable, option }) => {
    expect(readDefaults({ [variable]: "given" })).toMatchObject({ [option]: "given" });
  });
});
