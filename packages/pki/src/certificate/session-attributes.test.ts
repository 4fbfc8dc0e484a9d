import { describe, expect, it } from "vitest";
import { createRootCertificateAuthority } from "../authority/create-root-certificate-authority.ts";
import { issueClientCertificate } from "../authority/issue-client-certificate.ts";
import { sharedKeyPair } from "../../test/support/key-pool.ts";
import { sessionAttributeWarnings } from "./session-attributes.ts";
import type { MappedNames } from "./session-attributes.ts";

describe("sessionAttributeWarnings", () => {
  it.each<[string, MappedNames]>([
    [
      "ordinary names",
      { subject: { CN: "nestjs-external-server", O: "Acme", C: "DE" }, issuer: { CN: "MyRootCA" } },
    ],
    ["every character that AWS takes", { subject: { CN: "aZ9 _.:/=+-@" } }],
    ["letters, digits and spaces of any script", { subject: { CN: "Käse 日本 ٣\u00A0Корневой" } }],
    ["a value of 256 characters", { subject: { OU: ["a".repeat(128), "b".repeat(127)] } }],
    ["names that are not mapped", { subject: { emailAddress: "a&b", serialNumber: "1,2" } }],
    ["a URI of SPIFFE", { alternativeNames: [{ type: "uri", value: "spiffe://example.org/server_1" }] }],
    [
      "alternative names that become no tag",
      {
        alternativeNames: [
          { type: "email", value: "a&b@example.org" },
          { type: "ip", value: "10.0.0.1" },
          { type: "directory", value: "/O=Example/CN=a" },
        ],
      },
    ],
    ["no names", {}],
  ])("is silent about %s", (_what, names) => {
    expect(sessionAttributeWarnings(names)).toEqual([]);
  });

  it.each<[string, MappedNames, string, RegExp]>([
    [
      "a comma in the CN",
      { subject: { CN: "Acme, Inc." } },
      "WARN_PKI_NOT_A_SOURCE_IDENTITY",
      /"Acme, Inc\." cannot become the source identity .*it has ","; choose letters.*for example "Acme Inc\."/,
    ],
    [
      "an ampersand in the CN",
      { subject: { CN: "R&D" } },
      "WARN_PKI_NOT_A_SOURCE_IDENTITY",
      /it has "&"; .*for example "R-D"/,
    ],
    [
      "a wildcard as CN",
      { subject: { CN: "*.example.com" } },
      "WARN_PKI_NOT_A_SOURCE_IDENTITY",
      /for example "example\.com"/,
    ],
    ["an emoji in the CN", { subject: { CN: "x🎉" } }, "WARN_PKI_NOT_A_SOURCE_IDENTITY", /it has "🎉"/],
    [
      "the issuer's CN",
      { issuer: { CN: "R&D Root" } },
      "WARN_PKI_NOT_A_SESSION_TAG",
      /"R&D Root" cannot become the session tag x509Issuer\/CN.*for example "R-D Root", or delete the mapping: aws rolesanywhere delete-attribute-mapping --profile-id <id> --certificate-field x509Issuer --specifiers '\*'$/,
    ],
    [
      "the subject's O",
      { subject: { O: "Acme (Germany)" } },
      "WARN_PKI_NOT_A_SESSION_TAG",
      /x509Subject\/O.*it has "\(" "\)"/,
    ],
    [
      "a value that is too long once its parts are joined",
      { subject: { OU: ["a".repeat(128), "b".repeat(128)] } },
      "WARN_PKI_NOT_A_SESSION_TAG",
      /x509Subject\/OU.*it has 257 characters, and 256 are allowed; choose a shorter one/,
    ],
    [
      "a wildcard as second DNS name",
      {
        alternativeNames: [
          { type: "dns", value: "a.example" },
          { type: "dns", value: "*.example" },
        ],
      },
      "WARN_PKI_NOT_A_SESSION_TAG",
      /"\*\.example" .*x509SAN\/DNS.*--certificate-field x509SAN --specifiers DNS$/,
    ],
    [
      "a user id in the subject",
      { subject: { UID: "a&b" } },
      "WARN_PKI_NOT_A_SESSION_TAG",
      /x509Subject\/UID.*it has "&"/,
    ],
    [
      "an organization in the directory name",
      { alternativeNames: [{ type: "directory", value: "/O=A & B/CN=a" }] },
      "WARN_PKI_NOT_A_SESSION_TAG",
      /"A & B" .*x509SAN\/Name\/O.*--certificate-field x509SAN --specifiers 'Name\/\*'$/,
    ],
    [
      "a URI with a query",
      { alternativeNames: [{ type: "uri", value: "https://example.org/?a" }] },
      "WARN_PKI_NOT_A_SESSION_TAG",
      /x509SAN\/URI.*it has "\?"/,
    ],
  ])("warns about %s", (_what, names, code, message) => {
    expect(sessionAttributeWarnings(names)).toEqual([{ code, message: expect.stringMatching(message) }]);
  });
});

describe("warnings of new certificates", () => {
  const dependencies = { generateKeyPair: sharedKeyPair };

  it("tell of the CA's name when the CA is made, and again when it issues", async () => {
    const authority = await createRootCertificateAuthority(
      { commonName: "R&D Root", subjectAttributes: [{ type: "O", value: "Acme" }] },
      dependencies,
    );
    const client = await issueClientCertificate({ authority, commonName: "server" }, dependencies);
    expect(authority.warnings).toEqual([
      { code: "WARN_PKI_NOT_A_SESSION_TAG", message: expect.stringContaining("x509Issuer/CN") },
    ]);
    expect(client.warnings).toEqual(authority.warnings);
  });

  it("tell of the client's names", async () => {
    const authority = await createRootCertificateAuthority({}, dependencies);
    const client = await issueClientCertificate(
      {
        authority,
        commonName: "a,b",
        subjectAttributes: [{ type: "OU", value: "R&D" }],
        subjectAlternativeNames: [{ type: "dns", value: "*.example" }],
      },
      dependencies,
    );
    expect(client.warnings.map(({ code }) => code)).toEqual([
      "WARN_PKI_NOT_A_SOURCE_IDENTITY",
      "WARN_PKI_NOT_A_SESSION_TAG",
      "WARN_PKI_NOT_A_SESSION_TAG",
    ]);
  });
});
