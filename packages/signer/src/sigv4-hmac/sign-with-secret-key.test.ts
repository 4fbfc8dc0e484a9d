import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { signWithSecretKey } from "./sign-with-secret-key.ts";

const CREDENTIALS = {
  accessKeyId: "ASIATESTTESTTESTTEST",
  secretAccessKey: "secret/of+the/test",
  sessionToken: "token/with+signs==",
};

describe("signWithSecretKey", () => {
  it("signs as the AWS SDK does", async () => {
    const signer = (service: string, region: string) =>
      new SignatureV4({ service, region, credentials: CREDENTIALS, sha256: Sha256, applyChecksum: false });
    const moments = fc.date({
      min: new Date("2000-01-01T00:00:00Z"),
      max: new Date("2099-12-31T23:59:59Z"),
      noInvalidDate: true,
    });
    const words = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
    await fc.assert(
      fc.asyncProperty(fc.string(), words, words, moments, async (body, service, region, moment) => {
        const request = {
          method: "POST",
          path: "/",
          query: {},
          headers: { Host: "sts.example:8443", "Content-Type": "application/x-www-form-urlencoded" },
          body,
        };
        const expected = await signer(service, region).sign(
          { ...request, protocol: "https:", hostname: "sts.example" },
          { signingDate: moment },
        );
        const added = signWithSecretKey(request, { ...CREDENTIALS, service, region, moment });
        expect({
          date: added["X-Amz-Date"],
          token: added["X-Amz-Security-Token"],
          authorization: added["Authorization"],
        }).toEqual({
          date: expected.headers["x-amz-date"],
          token: expected.headers["x-amz-security-token"],
          authorization: expected.headers["authorization"],
        });
      }),
    );
  });
});
