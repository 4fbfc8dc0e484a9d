import { beforeAll, describe, expect, it } from "vitest";
import { createRootCertificateAuthority } from "./authority/create-root-certificate-authority.ts";
import { issueClientCertificate } from "./authority/issue-client-certificate.ts";
import type { IssuedCertificate } from "./certificate/issued-certificate.ts";
import { readPem } from "./pem.ts";
import { sharedKeyPair } from "../test/support/key-pool.ts";
import { openssl } from "@roles-anywhere/testing";

let authority: IssuedCertificate;

beforeAll(async () => {
  authority = await createRootCertificateAuthority({}, { generateKeyPair: sharedKeyPair });
});

/** The lines of the base64, then whatever is done to them, between the same BEGIN and END. */
const body = (pem: string, change: (lines: string[]) => string): string => {
  const lines = pem.trimEnd().split("\n");
  return `${lines[0]}\n${change(lines.slice(1, -1))}${lines.at(-1)}\n`;
};

// RFC 7468 §3, laxtextualmsg: white space of six kinds anywhere around the base64. Go's pem.Decode, which AWS's helper
// uses, takes header lines as well.
const layouts: [name: string, change: (pem: string) => string][] = [
  ["line ends of Windows", (pem) => pem.replaceAll("\n", "\r\n")],
  ["line ends of old Macs", (pem) => pem.replaceAll("\n", "\r")],
  ["doubled line ends", (pem) => pem.replaceAll("\n", "\n\n")],
  ["doubled line ends of Windows", (pem) => pem.replaceAll("\n", "\r\r\n")],
  ["a blank line after BEGIN", (pem) => body(pem, (lines) => `\n${lines.join("\n")}\n`)],
  ["a blank line inside", (pem) => body(pem, (lines) => `${lines.join("\n").replace("\n", "\n\n")}\n`)],
  ["a blank line before END", (pem) => body(pem, (lines) => `${lines.join("\n")}\n\n`)],
  ["lines of blanks", (pem) => body(pem, (lines) => `   \n${lines.join("\n \t \n")}\n\t\n`)],
  ["blanks at the ends of lines", (pem) => body(pem, (lines) => `${lines.join(" \t\n")} \n`)],
  ["an indent", (pem) => pem.replaceAll(/^/gm, "    ")],
  ["one long line", (pem) => body(pem, (lines) => `${lines.join("")}\n`)],
  ["lines of 76 characters", (pem) => body(pem, (lines) => lines.join("").replaceAll(/.{1,76}/g, "$&\n"))],
  ["vertical tabs and form feeds", (pem) => body(pem, (lines) => `\v${lines.join("\n\f")}\n`)],
  [
    "header lines",
    (pem) => body(pem, (lines) => `Comment: by hand\nX-Note: two\n  lines\n\n${lines.join("\n")}\n`),
  ],
  ["no line end after END", (pem) => pem.trimEnd()],
  ["a byte order mark", (pem) => `\uFEFF${pem}`],
  ["text around it", (pem) => `Bag Attributes\n    friendlyName: ca\n${pem}\nwritten by hand\n`],
];

describe("readPem", () => {
  it("pairs each BEGIN with the next END of its label", () => {
    const text =
      "-----BEGIN A-----\n-----BEGIN B-----AAAA-----END B-----\n-----BEGIN A-----BBBB-----END A-----\n" +
      "-----END A-----\n-----BEGIN C-----CCCC-----END C----------BEGIN D-----DDDD-----END D-----";
    expect(readPem(text).map(({ label }) => label)).toEqual(["A", "C", "D"]);
  });

  it("takes no longer for a text of boundaries without ends than for one with ends", () => {
    const cpu = (make: (label: number) => string): number => {
      const text = Array.from({ length: 20_000 }, (_, index) => make(index % 999)).join("");
      const before = process.cpuUsage();
      readPem(text);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    const whole = cpu((label) => `-----BEGIN ${label}-----\n-----END ${label}-----\n`);
    // If each BEGIN looked for its END in the rest of the text, it would be hundreds of times longer.
    expect(cpu((label) => `-----BEGIN ${label}-----\n`) / whole).toBeLessThan(10);
  });

  it.each(layouts)("rewrites a block with %s in the strict form", (_name, change) => {
    for (const pem of [authority.certificatePem, authority.privateKeyPem]) {
      expect(readPem(change(pem)).map(({ text }) => text)).toEqual([pem]);
    }
  });

  it.each([
    ["a block that is cut off", (pem: string) => pem.slice(0, -20), 0],
    ["an END of another label", (pem: string) => pem.replace("END CERTIFICATE", "END KEY"), 0],
    ["two blocks", (pem: string) => pem + pem, 2],
  ])("finds in %s as many blocks as there are", (_name, change, count) => {
    expect(readPem(change(authority.certificatePem))).toHaveLength(count);
  });

  it.each([
    ["a character that is not of base64", "AA!A"],
    ["padding in the middle", "AA==AAAA"],
    ["a length that base64 does not have", "AAAAA"],
  ])("leaves %s to the parser", (_name, content) => {
    const text = `-----BEGIN CERTIFICATE-----\n${content}\n-----END CERTIFICATE-----\n`;
    expect(readPem(text)).toEqual([{ label: "CERTIFICATE", text }]);
  });

  it("leaves a key that its header lines call encrypted as it is", () => {
    const encrypted = openssl(
      ["rsa", "-traditional", "-aes128", "-passout", "pass:test"],
      authority.privateKeyPem,
    );
    expect(encrypted).toContain("Proc-Type: 4,ENCRYPTED");
    expect(readPem(encrypted)).toEqual([{ label: "RSA PRIVATE KEY", text: encrypted }]);
  });
});

describe("issueClientCertificate", () => {
  it.each(layouts)("takes a CA certificate and a CA key with %s", async (_name, change) => {
    const { certificatePem } = await issueClientCertificate(
      {
        authority: {
          certificatePem: change(authority.certificatePem),
          privateKeyPem: change(authority.privateKeyPem),
        },
        commonName: "leaf",
      },
      { generateKeyPair: sharedKeyPair },
    );
    expect(openssl(["x509", "-noout", "-issuer"], certificatePem)).toContain("MyRootCA");
  });
});
