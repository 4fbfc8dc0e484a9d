import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { SignerError } from "../errors.ts";
import { runCli } from "../../test/support/run-cli.ts";
import { folderWithIdentity } from "../../test/support/served.ts";
import { parseArn, parseArnOf } from "./arn.ts";

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

describe("parseArnOf", () => {
  const TRUST_ANCHOR = "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1";
  const PROFILE = "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2";
  const ROLE = "arn:aws:iam::123456789012:role/some/path/Example";

  it.each([
    ["trust anchor", TRUST_ANCHOR],
    ["profile", PROFILE],
    ["role", ROLE],
    ["role", "arn:aws-us-gov:iam::123456789012:role/Example"],
  ] as const)("takes the ARN of a %s", (kind, text) => {
    expect(parseArnOf(text, kind)).toEqual(parseArn(text, kind));
  });

  it.each([
    ["trust anchor", PROFILE],
    ["trust anchor", ROLE],
    ["profile", TRUST_ANCHOR],
    ["profile", "arn:aws:iam::123456789012:instance-profile/x"],
    ["role", "arn:aws:iam::123456789012:user/x"],
    ["role", "arn:aws:sts::123456789012:assumed-role/Example/session"],
    ["role", PROFILE],
  ] as const)("refuses as that of a %s %s", (kind, text) => {
    expect(() => parseArnOf(text, kind)).toThrow(
      expect.objectContaining({
        code: "ERR_SIGNER_ARN_INVALID",
        message: expect.stringMatching(
          new RegExp(`is not the ARN of a ${kind}; give one of the form arn:aws:`),
        ),
      }),
    );
  });

  describe.each([
    ["credential-process"],
    ["credential-process", "--cache"],
    ["update", "--once"],
    ["serve", "--port", "0"],
    ["configure", "--profile", "web"],
  ])("guards ra-signer %s %s", (...command) => {
    it.each([
      ["--trust-anchor-arn", PROFILE],
      ["--profile-arn", TRUST_ANCHOR],
      ["--role-arn", TRUST_ANCHOR],
      ["--role-arn", "hello"],
    ])("against %s %s", async (flag, arn) => {
      using folder = folderWithIdentity();
      const good = { "--trust-anchor-arn": TRUST_ANCHOR, "--profile-arn": PROFILE, "--role-arn": ROLE };
      const words = Object.entries({ ...good, [flag]: arn }).flat();
      const files = ["--certificate", folder.join("client.pem"), "--private-key", folder.join("client.key")];
      const result = await runCli(
        [...command.filter(Boolean), ...files, ...words, "--endpoint", "http://127.0.0.1:1"],
        {
          HOME: folder.path,
        },
      );
      expect(result).toMatchObject({
        code: 1,
        stdout: "",
        stderr: expect.stringMatching(/not the ARN of a|failed to parse role arn/),
      });
    });
  });
});
