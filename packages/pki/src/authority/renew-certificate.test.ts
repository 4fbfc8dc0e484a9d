import { beforeAll, describe, expect, it } from "vitest";
import { sharedKeyPairOf } from "../../test/support/key-pool.ts";
import type { IssuedCertificate } from "../certificate/issued-certificate.ts";
import { generateKeyPairOf } from "../keys/generate-key-pair.ts";
import { createRootCertificateAuthority } from "./create-root-certificate-authority.ts";
import { issueClientCertificate } from "./issue-client-certificate.ts";
import { renewCertificate } from "./renew-certificate.ts";

const keyType = "ec-p256";
let authority: IssuedCertificate;
/** A CA of the same name with a key of its own, and a certificate that it has made for itself. */
let other: IssuedCertificate;
let admin: IssuedCertificate;

beforeAll(async () => {
  authority = await createRootCertificateAuthority({ keyType }, { generateKeyPair: sharedKeyPairOf });
  other = await createRootCertificateAuthority({ keyType }, { generateKeyPair: generateKeyPairOf });
  admin = await issueClientCertificate({ authority: other, commonName: "admin", keyType });
});

describe("renewCertificate", () => {
  it("refuses a certificate that another CA of the same name has signed, with its own key or a new one", async () => {
    for (const newKey of [false, true]) {
      await expect(
        renewCertificate({ authority, certificatePem: admin.certificatePem, newKey }),
      ).rejects.toMatchObject({
        code: "ERR_PKI_CERTIFICATE_INVALID",
        message: expect.stringContaining("the CA has not signed it; use the CA that did, or issue a new"),
      });
    }
  });

  it("renews the certificates of a predecessor that is given", async () => {
    const { certificatePem } = admin;
    const renewed = await renewCertificate({
      authority,
      certificatePem,
      predecessorsPem: authority.certificatePem + other.certificatePem,
    });
    expect(renewed).toMatchObject({ commonName: "admin", renews: admin.serialNumber });
  });

  it("takes no client certificate for a predecessor", async () => {
    const { certificatePem } = admin;
    await expect(
      renewCertificate({ authority, certificatePem, predecessorsPem: certificatePem }),
    ).rejects.toMatchObject({ message: expect.stringContaining("the CA has not signed it") });
  });
});
