import { createPrivateKey } from "node:crypto";
import { writeFileSync } from "node:fs";
import { makeAuthority, makeCertificate, openssl } from "@roles-anywhere/testing";
import { describe, expect, it } from "vitest";
import { signOctets } from "../keys/signature-algorithm.ts";
import { foreignAuthority } from "../../test/support/foreign-ca.ts";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { createRevocationList } from "./create-revocation-list.ts";
import type { RevocationListOptions } from "./create-revocation-list.ts";

const root = makeAuthority();
const NOW = new Date("2026-06-15T12:00:00.789Z");
const dependencies = { now: () => NOW };
const REVOKED_AT = new Date("2026-05-01T00:00:00Z");

function make(changes: Partial<RevocationListOptions> = {}) {
  return createRevocationList({ authority: root, number: 7n, revoked: [], ...changes }, dependencies);
}

/** What `openssl crl -text` prints, one trimmed line per entry, without the signature. */
function lines(crlPem: string): string[] {
  const text = openssl(["crl", "-noout", "-text"], crlPem);
  const trimmed = text.split("\n").map((line) => line.trim());
  return trimmed.slice(0, trimmed.lastIndexOf("Signature Algorithm: ecdsa-with-SHA256"));
}

describe("createRevocationList", () => {
  it("refuses an unknown reason of a program without types", async () => {
    const revoked = [{ serialNumber: "80", revokedAt: REVOKED_AT, reason: "stolen" }];
    const call = async () =>
      Reflect.apply(createRevocationList, undefined, [{ authority: root, number: 7n, revoked }]);

    await expect(call()).rejects.toMatchObject({ code: "ERR_PKI_REVOCATION_LIST_INVALID" });
  });

  it("makes a list that OpenSSL reads as it was meant", async () => {
    const list = await make({
      revoked: [
        { serialNumber: "4F0ED3CC", revokedAt: REVOKED_AT, reason: "keyCompromise" },
        { serialNumber: "80", revokedAt: REVOKED_AT },
      ],
    });

    expect(lines(list.crlPem)).toEqual([
      "Certificate Revocation List (CRL):",
      "Version 2 (0x1)",
      "Signature Algorithm: ecdsa-with-SHA256",
      "Issuer: CN = Root",
      "Last Update: Jun 15 12:00:00 2026 GMT",
      "Next Update: Jul 15 12:00:00 2026 GMT",
      "CRL extensions:",
      "X509v3 Authority Key Identifier:",
      root.keyIdentifier.toUpperCase().replaceAll(/..(?!$)/g, "$&:"),
      "X509v3 CRL Number:",
      "7",
      "Revoked Certificates:",
      "Serial Number: 4F0ED3CC",
      "Revocation Date: May  1 00:00:00 2026 GMT",
      "CRL entry extensions:",
      "X509v3 CRL Reason Code:",
      "Key Compromise",
      "Serial Number: 80",
      "Revocation Date: May  1 00:00:00 2026 GMT",
    ]);
    expect(list).toMatchObject({ number: 7n, thisUpdate: new Date("2026-06-15T12:00:00Z"), warnings: [] });
  });

  it("has a serial number once, with its first revocation", async () => {
    const list = await make({
      revoked: [
        { serialNumber: "4F0ED3CC", revokedAt: REVOKED_AT, reason: "keyCompromise" },
        { serialNumber: "004f0ed3cc", revokedAt: NOW, reason: "superseded" },
      ],
    });
    const entries = lines(list.crlPem);
    expect(entries.filter((line) => line.startsWith("Serial Number"))).toEqual(["Serial Number: 4F0ED3CC"]);
    expect(entries).toContain("Key Compromise");
  });

  it("leaves the list of certificates out when nothing is revoked", async () => {
    expect(lines((await make()).crlPem)).toContain("No Revoked Certificates.");
  });

  it.each([
    ["unspecified", undefined],
    ["keyCompromise", "Key Compromise"],
    ["cACompromise", "CA Compromise"],
    ["affiliationChanged", "Affiliation Changed"],
    ["superseded", "Superseded"],
    ["cessationOfOperation", "Cessation Of Operation"],
    ["privilegeWithdrawn", "Privilege Withdrawn"],
  ] as const)("writes the reason %s", async (reason, text) => {
    const { crlPem } = await make({ revoked: [{ serialNumber: "01", revokedAt: REVOKED_AT, reason }] });
    const found = lines(crlPem);
    expect(found[found.indexOf("X509v3 CRL Reason Code:") + 1]).toBe(text ?? found[0]);
  });

  it("lets a CA sign whose key is elsewhere, under the name that it has, whatever the string type", async () => {
    const foreign = foreignAuthority({ subject: ["CN = Wurzel Ü"], stringMask: "MASK:2048" });
    const privateKey = createPrivateKey(foreign.privateKeyPem);
    const client = makeCertificate();
    const { crlPem } = await make({
      authority: {
        certificatePem: foreign.certificatePem,
        sign: async (octets, algorithm) => signOctets(algorithm, octets, privateKey),
      },
      revoked: [{ serialNumber: client.serialNumber.toString(16), revokedAt: REVOKED_AT }],
    });
    const folder = temporaryDirectory();
    writeFileSync(`${folder}/ca.pem`, foreign.certificatePem);

    expect(() => openssl(["crl", "-noout", "-CAfile", `${folder}/ca.pem`], crlPem)).not.toThrow();
    const issuer = openssl(["crl", "-noout", "-issuer", "-nameopt", "utf8,show_type,sep_comma_plus"], crlPem);
    expect(issuer).toBe("issuer=CN=BMPSTRING:Wurzel Ü\n");
  });

  it("refuses a signature that is not of the CA's key", async () => {
    const other = makeAuthority();
    const sign = async (octets: Uint8Array) => signOctets("ecdsa-with-SHA256", octets, other.keys.privateKey);
    await expect(make({ authority: { certificatePem: root.certificatePem, sign } })).rejects.toMatchObject({
      code: "ERR_PKI_SIGNATURE",
    });
  });

  it.each<[string, Partial<RevocationListOptions>, string]>([
    [
      "a CA without cRLSign",
      { authority: makeAuthority({ keyUsage: ["keyCertSign"] }) },
      "ERR_PKI_AUTHORITY_INVALID",
    ],
    ["a client certificate", { authority: makeCertificate() }, "ERR_PKI_AUTHORITY_INVALID"],
    [
      "the key of another CA",
      { authority: { ...root, privateKeyPem: makeAuthority().privateKeyPem } },
      "ERR_PKI_AUTHORITY_KEY_MISMATCH",
    ],
    [
      "a next update in the past",
      { nextUpdate: new Date("2026-06-15T12:00:00Z") },
      "ERR_PKI_INVALID_VALIDITY",
    ],
    ["the number 0", { number: 0n }, "ERR_PKI_REVOCATION_LIST_INVALID"],
    ["a number of 21 octets", { number: 1n << 160n }, "ERR_PKI_REVOCATION_LIST_INVALID"],
    [
      "a serial number that is none",
      { revoked: [{ serialNumber: "4F:0E", revokedAt: REVOKED_AT }] },
      "ERR_PKI_REVOCATION_LIST_INVALID",
    ],
  ])("refuses %s", async (_, changes, code) => {
    await expect(make(changes)).rejects.toMatchObject({ code });
  });

  it("warns about a list that AWS does not import", async () => {
    const count = 5000;
    const revoked = Array.from({ length: count }, (_, index) => ({
      serialNumber: (0x4f0ed3cc5a1aeca898c56f1bbd000000n + BigInt(index)).toString(16),
      revokedAt: REVOKED_AT,
      reason: "superseded" as const,
    }));
    const { warnings } = await make({ revoked });
    expect(warnings).toEqual([
      {
        code: "WARN_PKI_REVOCATION_LIST_TOO_LARGE",
        message: expect.stringMatching(
          /^the list of 5000 certificates has \d{6} octets, and AWS imports at most 300000/,
        ),
      },
    ]);
  });
});
