import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeAuthority, makeCertificate, makeCrl } from "@roles-anywhere/testing";
import { describe, expect, it } from "vitest";
import { runRaPki } from "../../../test/support/run-ra-pki.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";

const root = makeAuthority();
const intermediate = makeAuthority({ subject: [["CN", "Sub"]] }, root);
const client = makeCertificate(
  {
    subject: [
      ["OU", "A & B"],
      ["CN", "server-1"],
    ],
    dns: ["a.example"],
  },
  root,
);
const below = makeCertificate({ subject: [["CN", "server-2"]] }, intermediate);

/** A folder with a CA, clients, an intermediate and a revocation list. */
function folder(): string {
  const path = temporaryDirectory();
  const files = {
    "rootCA.pem": root.certificatePem,
    "client.pem": client.certificatePem,
    "client.der": client.der,
    "below.pem": below.certificatePem,
    "bundle.pem": below.certificatePem + intermediate.certificatePem,
    "intermediate.pem": intermediate.certificatePem,
    "other.pem": makeAuthority({ subject: [["CN", "Other"]] }).certificatePem,
    "crl.pem": makeCrl(root, { revoked: [client.serialNumber] }),
    "strange.pem": makeCertificate({ subject: [["CN", "\u001B[31mred\nnext"]] }, root).certificatePem,
    "text.pem": "no certificate",
    "large.pem": `${client.certificatePem}${" ".repeat(1_000_000)}`,
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

describe("ra-pki inspect", () => {
  it("says on stdout what Roles Anywhere would make of a certificate, with the CA beside it", () => {
    const { status, stdout, stderr } = runRaPki(folder(), ["inspect", "client.pem"]);

    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout.split("\n")).toEqual([
      "CN=server-1,OU=A & B: IAM Roles Anywhere would accept it",
      "  issuer           CN=Root",
      "  key              EC prime256v1; the certificate is signed with ECDSA with SHA-256",
      "  valid            2020-01-01T00:00:00Z to 2049-12-31T23:59:59Z",
      "  path             CN=Root",
      "  session name     1234",
      "  source identity  CN=server-1",
      "  session tags     x509Subject/CN = server-1",
      "                   x509Issuer/CN = Root",
      "                   x509SAN/DNS = a.example",
      expect.stringMatching(
        /^ {2}warning +"A & B" cannot become the session tag x509Subject\/OU.*\[WARN_PKI_NOT_A_SESSION_TAG\]$/,
      ),
      "",
    ]);
  });

  it("prints one line of JSON", () => {
    const { status, stdout } = runRaPki(folder(), ["inspect", "client.pem", "--json"]);

    expect(status).toBe(0);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(stdout)).toEqual({
      verdict: "accepted",
      problems: [],
      warnings: [expect.objectContaining({ code: "WARN_PKI_NOT_A_SESSION_TAG" })],
      sessionName: "1234",
      sourceIdentity: "CN=server-1",
      tags: { "x509Subject/CN": "server-1", "x509Issuer/CN": "Root", "x509SAN/DNS": "a.example" },
      unmapped: ["x509Subject/OU"],
      subject: "CN=server-1,OU=A & B",
      issuer: "CN=Root",
      serialNumber: "1234",
      serialNumberDecimal: "4660",
      keyType: "EC prime256v1",
      signatureAlgorithm: "ECDSA with SHA-256",
      notBefore: "2020-01-01T00:00:00Z",
      notAfter: "2049-12-31T23:59:59Z",
      path: ["CN=server-1,OU=A & B", "CN=Root"],
    });
  });

  it.each([
    ["a certificate in DER", ["client.der"], 0, "accept"],
    [
      "the intermediates in their own file",
      ["below.pem", "--intermediates", "intermediate.pem"],
      0,
      "accept",
    ],
    ["the intermediates behind the certificate", ["bundle.pem"], 0, "accept"],
    ["a missing intermediate", ["below.pem"], 1, "[CHAIN_UNTRUSTED]"],
    ["another trust anchor", ["client.pem", "--ca", "other.pem"], 1, "[CHAIN_UNTRUSTED]"],
    ["a revoked certificate", ["client.pem", "--crl", "crl.pem"], 1, "[CRL_REVOKED]"],
    ["a later time", ["client.pem", "--at", "2050-01-01"], 1, "[CERTIFICATE_EXPIRED]"],
    ["the CA itself", ["rootCA.pem"], 1, "[CERTIFICATE_IS_CA]"],
    ["control characters", ["strange.pem"], 1, String.raw`CN=\u{1b}[31mred\u{a}next: IAM`],
  ])("judges %s", (_, args, code, part) => {
    const { status, stdout, stderr } = runRaPki(folder(), ["inspect", ...args]);

    expect({ status, stderr }).toEqual({ status: code, stderr: "" });
    expect(stdout).toContain(part);
  });

  it("says that it did not check the chain when it knows no CA", () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, "client.pem"), client.certificatePem);
    const { status, stdout } = runRaPki(cwd, ["inspect", "client.pem"]);

    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^CN=server-1,OU=A & B: nothing speaks against it; its chain was not checked, give --ca$/m,
    );
  });

  it.each([
    ["a file that is missing", ["missing.pem"], 1, /there is no missing\.pem.*\[ERR_PKI_FILE_SYSTEM\]/],
    ["a folder", ["."], 1, /cannot read \..*\[ERR_PKI_FILE_SYSTEM\]/],
    [
      "a file without a certificate",
      ["text.pem"],
      1,
      /no certificate; give PEM.*\[ERR_PKI_CERTIFICATE_INVALID\]/,
    ],
    [
      "a CRL that is none",
      ["client.pem", "--crl", "text.pem"],
      1,
      /no readable revocation list.*\[ERR_PKI_REVOCATION_LIST_INVALID\]/,
    ],
    ["a day that is none", ["client.pem", "--at", "2027-02-31"], 2, /Give a date/],
    ["a time on a day that is none", ["client.pem", "--at", "2027-02-31T12:00:00Z"], 2, /Give a date/],
    ["a time that is none", ["client.pem", "--at", "tomorrow"], 2, /Give a date/],
    ["a file of more than 1 MB", ["large.pem"], 1, /more than 1000000 octets.*\[ERR_PKI_FILE_SYSTEM\]/],
    ["no certificate", [], 2, /missing required argument 'certificate'/],
  ])("refuses %s in one line", (_, args, code, message) => {
    const { status, stdout, stderr } = runRaPki(folder(), ["inspect", ...args]);

    expect({ status, stdout, lines: stderr.trim().split("\n").length }).toEqual({
      status: code,
      stdout: "",
      lines: 1,
    });
    expect(stderr).toMatch(message);
  });
});
