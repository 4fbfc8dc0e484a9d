import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { SignerError } from "../errors.ts";
import { parseArn } from "./arn.ts";

const part = fc.string().map((text) => text.replaceAll(":", ""));

describe("parseArn", () => {
  it("takes apart what is joined by colons, a resource with colons included", () => {
    fc.assert(
      fc.property(fc.tuple(part, part, part, part, fc.string()), (parts) => {
        const [partition, service, region, account, resource] = parts;
        const arn = parseArn(["arn", ...parts].join(":"), "role");
        expect(arn).toEqual({ partition, service, region, account, resource });
      }),
    );
  });

  it("refuses any other text with ERR_SIGNER_ARN_INVALID and nothing else", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((parts) => ["arn", ...parts].join(":")),
        ),
        (text) => {
          const isArn = text.startsWith("arn:") && text.split(":").length >= 6;
          let error: unknown;
          try {
            parseArn(text, "profile");
          } catch (caught) {
            error = caught;
          }
          expect(error instanceof SignerError ? error.code : error).toBe(
            isArn ? undefined : "ERR_SIGNER_ARN_INVALID",
          );
        },
      ),
    );
  });

  it.each([
    ["x:y", "arn: invalid prefix"],
    ["", "arn: invalid prefix"],
    ["ARN:aws:a:b:c:d", "arn: invalid prefix"],
    [" arn:aws:a:b:c:d", "arn: invalid prefix"],
    ["arn", "arn: not enough sections"],
    ["arn:aws:a:b:c", "arn: not enough sections"],
  ])("says of %j what the helper says", (text, reason) => {
    expect(() => parseArn(text, "trust anchor")).toThrow(`failed to parse trust anchor arn: '${reason}'`);
  });
});
