import { dirname } from "node:path";
import { issueClientCertificate, loadCertificateAuthority } from "@roles-anywhere/pki";
import { expect, it } from "vitest";
import type { Story } from "./story.ts";

/** All certificates here are of the CA that the trust anchor trusts. They differ in their common name alone. */
export function testNarrowTrust(story: () => Story): void {
  const askWithNewCertificate = async (commonName: string): Promise<object> => {
    const authority = await loadCertificateAuthority(dirname(story().pki.caKeyPath));
    const issued = await issueClientCertificate({ authority, commonName });
    return await story().ask({
      certificate: issued.certificatePem,
      privateKey: issued.privateKeyPem,
    });
  };

  it("lets the certificate with this name in", async () => {
    expect(await story().ask()).toMatchObject(story().granted);
  });

  it("lets a renewed certificate with this name in", async () => {
    expect(await askWithNewCertificate(story().pki.commonName)).toMatchObject(story().granted);
  });

  it.each([
    ["another name", () => "another-server"],
    ["the name in capitals", () => story().pki.commonName.toUpperCase()],
    ["a name that begins with it", () => `${story().pki.commonName}-2`],
  ])("refuses a certificate with %s", async (_, commonName) => {
    expect(await askWithNewCertificate(commonName())).toMatchObject(
      story().refusedFor("TRUST_POLICY_DENIED"),
    );
  });
}
