import { describe, expect, it } from "vitest";
import { requireSignature } from "./sigv4.ts";

const ACCOUNT = { accountId: "123456789012", region: "us-east-1" };

function authorization(changed: { algorithm?: string; credential?: string; fields?: string } = {}): string {
  const credential = changed.credential ?? "AKIDEXAMPLE/20260102/us-east-1/rolesanywhere/aws4_request";
  const fields = changed.fields ?? `Credential=${credential}, SignedHeaders=host;x-amz-date, Signature=abc`;
  return `${changed.algorithm ?? "AWS4-HMAC-SHA256"} ${fields}`;
}

describe("requireSignature", () => {
  it.each([
    ["as the SDKs write it", authorization()],
    [
      "with the emulated account as access key id",
      authorization({ credential: "123456789012/20260102/us-east-1/rolesanywhere/aws4_request" }),
    ],
    ["without blanks after the commas", authorization().replaceAll(", ", ",")],
  ])("accepts a signature %s", (_, header) => {
    expect(() => requireSignature(header, true, ACCOUNT)).not.toThrow();
  });

  it.each([
    ["no header", undefined, true, "MissingAuthenticationTokenException", "Missing Authentication Token"],
    ["an empty header", " ", true, "MissingAuthenticationTokenException", "Missing Authentication Token"],
    [
      "another algorithm",
      authorization({ algorithm: "AWS4-X509-RSA-SHA256" }),
      true,
      "IncompleteSignatureException",
      "AWS4-X509-RSA-SHA256",
    ],
    [
      "no credential",
      authorization({ fields: "SignedHeaders=host, Signature=abc" }),
      true,
      "IncompleteSignatureException",
      "requires 'Credential' parameter",
    ],
    [
      "no signature",
      authorization({ fields: "Credential=a/b/c/d/e, SignedHeaders=host" }),
      true,
      "IncompleteSignatureException",
      "requires 'Signature' parameter",
    ],
    [
      "no signed headers",
      authorization({ fields: "Credential=a/b/c/d/e, Signature=abc" }),
      true,
      "IncompleteSignatureException",
      "requires 'SignedHeaders' parameter",
    ],
    ["no date", authorization(), false, "IncompleteSignatureException", "'X-Amz-Date' or a 'Date' header"],
    [
      "a scope of three parts",
      authorization({ credential: "AKID/20260102/us-east-1" }),
      true,
      "IncompleteSignatureException",
      "at least 5 slash-delimited elements",
    ],
    [
      "a scope of six parts",
      authorization({ credential: "AK/ID/20260102/us-east-1/rolesanywhere/aws4_request" }),
      true,
      "IncompleteSignatureException",
      "at least 5 slash-delimited elements",
    ],
    [
      "a malformed date",
      authorization({ credential: "AKID/2026-1-2/us-east-1/rolesanywhere/aws4_request" }),
      true,
      "InvalidSignatureException",
      "yyyymmdd",
    ],
    [
      "another region",
      authorization({ credential: "AKID/20260102/eu-west-1/rolesanywhere/aws4_request" }),
      true,
      "InvalidSignatureException",
      "valid region, not 'eu-west-1'",
    ],
    [
      "another service",
      authorization({ credential: "AKID/20260102/us-east-1/iam/aws4_request" }),
      true,
      "InvalidSignatureException",
      "correct service: 'rolesanywhere'",
    ],
    [
      "another terminator",
      authorization({ credential: "AKID/20260102/us-east-1/rolesanywhere/aws5_request" }),
      true,
      "InvalidSignatureException",
      "valid terminator: 'aws4_request'",
    ],
    [
      "another account",
      authorization({ credential: "999999999999/20260102/us-east-1/rolesanywhere/aws4_request" }),
      true,
      "AccessDeniedException",
      "999999999999",
    ],
  ])("refuses %s", (_, header, hasDate, type, message) => {
    expect(() => requireSignature(header, hasDate, ACCOUNT)).toThrow(
      expect.objectContaining({ status: 403, type, message: expect.stringContaining(message) }),
    );
  });
});
