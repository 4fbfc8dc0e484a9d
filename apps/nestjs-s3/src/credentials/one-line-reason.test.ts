import { describe, expect, it } from "vitest";
import { oneLineReason } from "./one-line-reason.ts";

describe("oneLineReason", () => {
  it("keeps what a failed command wrote and drops its command line", () => {
    const error = new Error(
      'Command failed: ra-signer credential-process --pkcs8-password hunter2 --certificate c.pem\ncertificate "c.pem" expired at 2026-01-02T00:00:00Z\nmore\n',
    );
    expect(oneLineReason(error)).toBe('certificate "c.pem" expired at 2026-01-02T00:00:00Z');
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
    ["", "no reason was given"],
    ["\n  Could not resolve credentials  \nmore", "Could not resolve credentials"],
    ["so ".repeat(200), `${"so ".repeat(100).slice(0, 299)}…`],
  ])("%j → %j", (message, reason) => {
    expect(oneLineReason(new Error(message))).toBe(reason);
  });

  it("says so when something else than an error was thrown", () => {
    expect(oneLineReason({ secret: "value" })).toBe("no reason was given");
  });

  it.each([
    ["a key", "cannot parse -----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----"],
    ["half a key", "cannot parse -----BEGIN RSA PRIVATE KEY-----\nMIIEvQ"],
    ["an access key id", "rejected ASIAIOSFODNN7EXAMPLE"],
    ["a LocalStack access key id", "rejected LSIAQAAAAAAAHKDXZGWX"],
    ["a secret access key", "got wJalrXUtnFEMI7K7MDENG0bPxRfiCYEXAMPLEKEYA"],
    ["a secret access key with slashes", "got wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY."],
    ["a session token by its length", `got ${"a/".repeat(60)}`],
    ["a password after a flag", "bad flag --pkcs8-password hunter2hunter2"],
    ["a named secret", '{"SecretAccessKey": "short-one"}'],
    ["a session token", "SessionToken=abcdefgh"],
  ])("redacts %s", (_what, message) => {
    const reason = oneLineReason(new Error(message));
    expect(reason).toContain("[redacted]");
    expect(reason).not.toMatch(/MIIEvQ|EXAMPLE|LSIAQ|hunter2|short-one|abcdefgh|bPxRfi|wJalr|a\/a/);
  });

  it.each([
    "no such file: /home/node/roles-anywhere/nestjs-external-server.pem",
    "AccessDeniedException (HTTP 403): trust anchor arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/0b2d6a1e-7a1f-4a53-9f4e-3d6e0c2b1a90 is disabled",
    "no such file: /Users/Anna1/certs/roles/anywhere/client1",
    "certificate serial 2F3A5B6C7D8E9F00112233445566778899AABBCC is not known",
    "Could not resolve credentials using profile: [roles-anywhere] in configuration/credentials file(s).",
  ])("leaves alone: %s", (message) => {
    expect(oneLineReason(new Error(message))).toBe(message);
  });
});
