import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  createRootCertificateAuthority,
  issueClientCertificate,
  loadCertificateAuthority,
} from "@roles-anywhere/pki";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Deployment } from "../../src/story/start-deployment.ts";
import { administratorClient } from "../../src/aws/administrator-client.ts";
import { callControlPlane } from "../../src/aws/control-plane.ts";
import { sendCreateSession } from "../support/send-create-session.ts";

const dayMs = 86_400_000;

/** Each request differs from the granted request in the one thing that the title of its test names. */
export function testRefusals(deployment: () => Deployment): void {
  const refusedFor = (reason: string, status = 403) => ({
    status,
    errorType: expect.stringMatching(/^AccessDeniedException/),
    audit: { _mock: { verdict: "refused", status, reason } },
  });

  it("grants the request that the others differ from", async () => {
    expect(await sendCreateSession(deployment())).toMatchObject({
      status: 201,
      audit: { _mock: { verdict: "granted" } },
    });
  });

  it("refuses a certificate without its key", async () => {
    const authority = await loadCertificateAuthority(dirname(deployment().pki.caKeyPath));
    const other = await issueClientCertificate({ authority, commonName: "other" });
    expect(await sendCreateSession(deployment(), { privateKey: other.privateKeyPem })).toMatchObject(
      refusedFor("SIGNATURE_MISMATCH"),
    );
  });

  it("refuses a certificate of another CA, even one of the same name", async () => {
    const authority = await createRootCertificateAuthority({ commonName: "MyRootCA" });
    const stranger = await issueClientCertificate({ authority, commonName: "nestjs-external-server" });
    const identity = { certificate: stranger.certificatePem, privateKey: stranger.privateKeyPem };
    expect(await sendCreateSession(deployment(), identity)).toMatchObject(refusedFor("CHAIN_UNTRUSTED"));
  });

  it("refuses an expired certificate", async () => {
    const authority = await loadCertificateAuthority(dirname(deployment().pki.caKeyPath));
    const expired = await issueClientCertificate({
      authority,
      commonName: "nestjs-external-server",
      notBefore: new Date(Date.now() - 2 * dayMs),
      notAfter: new Date(Date.now() - dayMs),
    });
    const identity = { certificate: expired.certificatePem, privateKey: expired.privateKeyPem };
    expect(await sendCreateSession(deployment(), identity)).toMatchObject(refusedFor("CERTIFICATE_EXPIRED"));
  });

  it("refuses a body that was changed after signing", async () => {
    const outcome = await sendCreateSession(deployment(), { durationSeconds: 900 }, (request) => ({
      ...request,
      body: JSON.stringify({ durationSeconds: 3600 }),
    }));
    expect(outcome).toMatchObject(refusedFor("SIGNATURE_MISMATCH"));
  });

  it("refuses a request of an hour ago", async () => {
    const moment = new Date(Date.now() - 3_600_000);
    expect(await sendCreateSession(deployment(), { moment })).toMatchObject(refusedFor("REQUEST_EXPIRED"));
  });

  describe("with a disabled trust anchor", () => {
    const path = (verb: string): string =>
      `/trustanchor/${deployment().stack.outputs.trustAnchorArn.split("/").at(-1)}/${verb}`;
    beforeAll(async () => void (await callControlPlane(deployment().sandbox, "POST", path("disable"))));
    afterAll(async () => void (await callControlPlane(deployment().sandbox, "POST", path("enable"))));

    it("refuses new sessions", async () => {
      expect(await sendCreateSession(deployment())).toMatchObject(refusedFor("TRUST_ANCHOR_DISABLED"));
    });
  });

  it("grants again when the trust anchor is enabled again", async () => {
    expect(await sendCreateSession(deployment())).toMatchObject({ status: 201 });
  });

  it("refuses a role that is not in the profile", async () => {
    const roleArn = await createRole(
      deployment(),
      "NotInTheProfile",
      deployment().stack.outputs.trustAnchorArn,
    );
    expect(await sendCreateSession(deployment(), { roleArn })).toMatchObject(
      refusedFor("ROLE_NOT_IN_PROFILE"),
    );
  });

  it("refuses a role whose trust policy names another trust anchor", async () => {
    const { trustAnchorArn } = deployment().stack.outputs;
    const roleArn = await createRole(
      deployment(),
      "TrustsAnother",
      trustAnchorArn.replace(/[^/]+$/, crypto.randomUUID()),
    );
    const { profile } = createdProfile.parse(
      await callControlPlane(deployment().sandbox, "POST", "/profiles", {
        name: "TrustsAnother",
        roleArns: [roleArn],
        enabled: true,
      }),
    );
    try {
      expect(
        await sendCreateSession(deployment(), { roleArn, profileArn: profile.profileArn }),
      ).toMatchObject(refusedFor("TRUST_POLICY_DENIED"));
    } finally {
      await callControlPlane(deployment().sandbox, "DELETE", `/profile/${profile.profileId}`);
    }
  });
}

const createdProfile = z.object({ profile: z.object({ profileArn: z.string(), profileId: z.string() }) });

/** Creates a role that trusts this trust anchor, with the trust policy of the stack's role. Returns its ARN. */
async function createRole(deployment: Deployment, roleName: string, trustAnchorArn: string): Promise<string> {
  const { Role } = await administratorClient(IAMClient, deployment).send(
    new CreateRoleCommand({
      RoleName: roleName,
      AssumeRolePolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Service: "rolesanywhere.amazonaws.com" },
            Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
            Condition: { ArnEquals: { "aws:SourceArn": trustAnchorArn } },
          },
        ],
      }),
    }),
  );
  if (Role?.Arn === undefined) throw new Error(`IAM created no role ${roleName}`);
  return Role.Arn;
}
