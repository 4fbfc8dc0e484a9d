import { dirname } from "node:path";
import { issueClientCertificate, loadCertificateAuthority } from "@roles-anywhere/pki";
import { expect, it } from "vitest";
import type { Deployment } from "../../src/story/start-deployment.ts";
import { sendCreateSession } from "../support/send-create-session.ts";
import type { Outcome } from "../support/send-create-session.ts";

/** All certificates here are of the CA that the trust anchor trusts. They differ in their common name alone. */
export function testNarrowTrust(deployment: () => Deployment): void {
  const askWithNewCertificate = async (commonName: string): Promise<Outcome> => {
    const authority = await loadCertificateAuthority(dirname(deployment().pki.caKeyPath));
    const issued = await issueClientCertificate({ authority, commonName });
    return await sendCreateSession(deployment(), {
      certificate: issued.certificatePem,
      privateKey: issued.privateKeyPem,
    });
  };

  it("lets the certificate with this name in", async () => {
    expect(await sendCreateSession(deployment())).toMatchObject({ status: 201 });
  });

  it("lets a renewed certificate with this name in", async () => {
    expect(await askWithNewCertificate(deployment().pki.commonName)).toMatchObject({ status: 201 });
  });

  it.each([
    ["another name", () => "another-server"],
    ["the name in capitals", () => deployment().pki.commonName.toUpperCase()],
    ["a name that begins with it", () => `${deployment().pki.commonName}-2`],
  ])("refuses a certificate with %s", async (_, commonName) => {
    expect(await askWithNewCertificate(commonName())).toMatchObject({
      status: 403,
      errorType: expect.stringMatching(/^AccessDeniedException/),
      audit: { _mock: { verdict: "refused", status: 403, reason: "TRUST_POLICY_DENIED" } },
    });
  });
}
