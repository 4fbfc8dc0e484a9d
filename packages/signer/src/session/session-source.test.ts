import { describe, expect, it } from "vitest";

import { CREDENTIALS } from "../../test/support/fake-service.ts";
import { makeIdentity } from "../../test/support/identities.ts";
import { loadIdentity } from "../keys/identity.ts";
import { resolveSession } from "./session-source.ts";

const old = makeIdentity("P-256");
const renewed = makeIdentity("P-256");

/** A session whose identity is read as if these pairs of certificate and key were found one after the other. */
function sessionOf(...pairs: readonly (readonly [certificate: string, privateKey: string])[]) {
  const sent: (string | undefined)[] = [];
  let reads = 0;
  const source = resolveSession(
    {
      trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
      profileArn: "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
      roleArn: "arn:aws:iam::123456789012:role/Example",
      maxAttempts: 1,
      loadIdentity: () => {
        const [certificate = "", privateKey = ""] = pairs[Math.min(reads, pairs.length - 1)] ?? [];
        reads += 1;
        return loadIdentity({ certificate, privateKey });
      },
      send: (request) => {
        sent.push(request.headers["X-Amz-X509"]);
        const credentials = { ...CREDENTIALS, expiration: "2050-01-01T00:00:00Z" };
        const body = JSON.stringify({ credentialSet: [{ credentials }] });
        return Promise.resolve({ status: 201, header: () => undefined, body });
      },
    },
    {},
  );
  return { source, sent, reads: () => reads };
}

const body = (pem: string): string => pem.replaceAll(/-----.*?-----|\s/g, "");

describe("resolveSession", () => {
  it("reads the identity once for each session", async () => {
    const { source, sent, reads } = sessionOf(
      [old.certificatePem, old.privateKeyPem],
      [renewed.certificatePem, renewed.privateKeyPem],
    );
    await source.fetch();
    await source.fetch();
    expect({ sent, reads: reads() }).toEqual({
      sent: [body(old.certificatePem), body(renewed.certificatePem)],
      reads: 2,
    });
  });

  it("refuses the key of another certificate before any request, and asks once", async () => {
    const { source, sent, reads } = sessionOf([old.certificatePem, renewed.privateKeyPem]);
    await expect(source.fetch()).rejects.toMatchObject({ code: "ERR_SIGNER_KEY_MISMATCH" });
    expect({ sent, reads: reads() }).toEqual({ sent: [], reads: 1 });
  });
});
