import { describe, expect, it } from "vitest";
import { createLog, printable, reasonOf } from "./log.ts";

const hidden =
  "https://b.s3.amazonaws.com/a?X-Amz-Credential=…&X-Amz-Date=20260101T000000Z&X-Amz-Security-Token=…&X-Amz-Signature=…";

describe("printable", () => {
  it.each([
    ["a line end", "denied\ngranted", "denied\\ngranted"],
    ["a carriage return", "denied\rgranted", "denied\\u{d}granted"],
    ["ESC", "\u001B[2J\u001B]0;title\u0007", "\\u{1b}[2J\\u{1b}]0;title\\u{7}"],
    ["the one-byte CSI of C1", "\u009B31m", "\\u{9b}31m"],
    ["NUL and DEL", "\u0000\u007F", "\\u{0}\\u{7f}"],
    ["an override of the writing direction", "\u202Egnp", "\\u{202e}gnp"],
    ["Unicode's line separator", "a\u2028b", "a\\u{2028}b"],
    ["ordinary text", 'Käse "und" 日本 \\ 🎉', 'Käse "und" 日本 \\ 🎉'],
  ])("shows %s", (_what, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it("leaves out what makes a presigned URL a credential", () => {
    const url =
      "https://b.s3.amazonaws.com/a?X-Amz-Credential=ASIA1%2F2026&X-Amz-Date=20260101T000000Z&X-Amz-Security-Token=tok%2Fen&X-Amz-Signature=0a1b";
    expect(printable(`denied ${url} and "${url}"`)).toBe(`denied ${hidden} and "${hidden}"`);
  });

  it("is bounded, however long the text is", () => {
    expect(printable("a".repeat(500_000))).toBe(`${"a".repeat(999)}…`);
    expect(printable("a".repeat(1000))).toBe("a".repeat(1000));
  });
});

describe("reasonOf", () => {
  it("keeps what a failed command wrote and drops its command line", () => {
    const error = new Error(
      'Command failed: ra-signer credential-process --pkcs8-password hunter2 --certificate c.pem\ncertificate "c.pem" expired at 2026-01-02T00:00:00Z\nmore\n',
    );
    expect(reasonOf(error)).toBe('certificate "c.pem" expired at 2026-01-02T00:00:00Z\\nmore');
  });

  it.each([
    [
      "Command failed: ra-signer --pkcs8-password hunter2",
      "the credential process failed without saying why",
    ],
    [
      "Command failed: ra-signer --pkcs8-password hunter2\n\n",
      "the credential process failed without saying why",
    ],
    ["Command failed: x\n\u001B[31mno", "\\u{1b}[31mno"],
    ["", "no reason was given"],
    ["\n  Could not resolve credentials  \nmore", "Could not resolve credentials  \\nmore"],
  ])("%j → %j", (message, reason) => {
    expect(reasonOf(new Error(message))).toBe(reason);
  });

  it("says so when something else than an error was thrown", () => {
    expect(reasonOf({ secret: "value" })).toBe("no reason was given");
  });
});

describe("createLog", () => {
  it("writes one JSON object a line, and nothing that is secret by its name", () => {
    const lines: string[] = [];
    const log = createLog("info", { write: (line) => lines.push(line) });
    const credentials = { accessKeyId: "ASIA1", secretAccessKey: "s1", sessionToken: "s2" };
    log.warn({ credentials, privateKey: "s3", file: { viewUrl: "s4" } }, "two\nlines");
    log.debug("too detailed");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      level: "warn",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      credentials: { accessKeyId: "ASIA1" },
      file: {},
      msg: "two\nlines",
    });
  });
});
