import { makeAuthority, makeCertificate, signedRequest } from "@roles-anywhere/testing";
import type { SigningSpec } from "@roles-anywhere/testing";
import { describe, expect, it } from "vitest";
import { handleCreateSession } from "../../test/support/handle-create-session.ts";
import { createWorld, PROFILE_ARN, ROLE_ARN, TRUST_ANCHOR_ARN } from "../../test/support/world.ts";
import type { World } from "../../test/support/world.ts";
import { printable } from "../errors/printable.ts";
import { AwsPortError } from "../session/aws.ts";

const FORGED = "x\nCreateSession granted: arn to CN=admin\r\u001b[2J\u009b1m\u202e\u2028";

const BODY = { trustAnchorArn: TRUST_ANCHOR_ARN, profileArn: PROFILE_ARN, roleArn: ROLE_ARN };

/** Calls of which one value, which the caller or another server wrote, holds a line break, escapes and long text. */
const rows: readonly (readonly [
  where: string,
  call: (world: World, text: string) => Partial<SigningSpec>,
])[] = [
  [
    "the subject of a granted session",
    (world, text) => ({
      certificate: makeCertificate(
        {
          subject: [
            ["CN", "client"],
            ["UID", text],
          ],
        },
        world.root,
      ),
    }),
  ],
  ["the subject of a stranger", (_, text) => ({ certificate: makeCertificate({ subject: [["CN", text]] }) })],
  [
    "the issuer of a stranger",
    (_, text) => ({ certificate: makeCertificate({}, makeAuthority({ subject: [["O", text]] })) }),
  ],
  [
    "the subject of an intermediate",
    (_, text) => {
      const issuer = makeAuthority({ subject: [["O", text]] }, makeAuthority());
      return { certificate: makeCertificate({}, issuer), chain: [issuer] };
    },
  ],
  ["the user agent", (_, text) => ({ headers: [["User-Agent", Buffer.from(text).toString("latin1")]] })],
  ["the session name", (_, text) => ({ body: JSON.stringify({ ...BODY, roleSessionName: text }) })],
  ["a role that is none", (_, text) => ({ body: JSON.stringify({ ...BODY, roleArn: text }) })],
  ["two values for a role", (_, text) => ({ query: `roleArn=${encodeURIComponent(text)}` })],
  [
    "an error of STS",
    (world, text) => {
      world.aws.assume = async () => {
        throw new AwsPortError("refused", text);
      };
      return {};
    },
  ],
  [
    "the authorization header",
    (_, text) => ({ tamper: withAuthorization(text.replaceAll(/[^ -~]/g, "\u009b")) }),
  ],
];

function withAuthorization(value: string): SigningSpec["tamper"] {
  return (request) => ({
    ...request,
    rawHeaders: request.rawHeaders.map((header, index) =>
      request.rawHeaders[index - 1] === "Authorization" ? value : header,
    ),
  });
}

// oxlint-disable-next-line no-control-regex -- these are the characters that must not be there
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u202e\u2028]/;

describe("what others wrote", () => {
  it.each(rows)("is made printable and cut off in log and audit: %s", async (_, call) => {
    for (const text of [FORGED, `${FORGED}${"y".repeat(40_000)}`]) {
      const lines: string[] = [];
      const world = createWorld({ context: { log: (line) => lines.push(line) } });
      await handleCreateSession(world.context, signedRequest(world.call(call(world, text))));
      expect(lines).toHaveLength(1);
      expect(lines[0]).not.toMatch(UNSAFE);
      expect(lines[0]?.length).toBeLessThan(17_000);
      const [record] = world.context.audit.list();
      if (record === undefined) throw new Error("the call left no record");
      const { expected, received, remedy, certificate } = record._mock;
      const shown = [
        record.userAgent,
        record.errorMessage,
        expected,
        received,
        remedy,
        ...Object.values(certificate ?? {}),
      ].filter((value) => typeof value === "string");
      expect(shown.filter((value) => UNSAFE.test(value))).toEqual([]);
      expect(JSON.stringify(record).length).toBeLessThan(120_000);
    }
  });
});

describe("printable", () => {
  it.each([
    ["plain text, as it is", "CN=client", "CN=client"],
    ["letters of any language, as they are", "CN=Jürgen 山田 😀", "CN=Jürgen 山田 😀"],
    ["line breaks", "a\nb\r\u2028c", String.raw`a\u000ab\u000d\u2028c`],
    ["terminal escapes", "\u001b[31m\u009b\u0007", String.raw`\u001b[31m\u009b\u0007`],
    ["marks that turn the direction of text", "a\u202eb\u2066", String.raw`a\u202eb\u2066`],
    ["tag characters", "\u{e0041}", String.raw`\u{e0041}`],
    ["halves of a pair", "a\ud800b", String.raw`a\ud800b`],
  ])("shows %s", (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it("cuts long text off and says so", () => {
    expect(printable("abcdef", 3)).toBe("abc…");
  });
});
