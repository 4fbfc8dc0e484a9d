import { CreateRoleCommand, DeleteRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  createRootCertificateAuthority,
  issueClientCertificate,
  loadCertificateAuthority,
} from "@roles-anywhere/pki";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { clientSettings } from "../../src/aws/cloud.ts";
import { callControlPlane } from "../../src/aws/control-plane.ts";
import type { Story } from "./story.ts";

const dayMs = 86_400_000;

/** Each request differs from the granted request in the one thing that the title of its test names. */
export function testRefusals(story: () => Story): void {
  const refusedFor = (reason: string): object => story().refusedFor(reason);

  it("grants the request that the others differ from", async () => {
    expect(await story().ask()).toMatchObject(story().granted);
  });

  it("refuses a certificate without its key", async () => {
    const authority = await loadCertificateAuthority(dirname(story().pki.caKeyPath));
    const other = await issueClientCertificate({ authority, commonName: "other" });
    expect(await story().ask({ privateKey: other.privateKeyPem })).toMatchObject(
      refusedFor("SIGNATURE_MISMATCH"),
    );
  });

  it("refuses a certificate of another CA, even one of the same name", async () => {
    const authority = await createRootCertificateAuthority({ commonName: "MyRootCA" });
    const stranger = await issueClientCertificate({ authority, commonName: "nestjs-external-server" });
    const identity = { certificate: stranger.certificatePem, privateKey: stranger.privateKeyPem };
    expect(await story().ask(identity)).toMatchObject(refusedFor("CHAIN_UNTRUSTED"));
  });

  it("refuses an expired certificate", async () => {
    const authority = await loadCertificateAuthority(dirname(story().pki.caKeyPath));
    const expired = await issueClientCertificate({
      authority,
      commonName: "nestjs-external-server",
      notBefore: new Date(Date.now() - 2 * dayMs),
      notAfter: new Date(Date.now() - dayMs),
    });
    const identity = { certificate: expired.certificatePem, privateKey: expired.privateKeyPem };
    expect(await story().ask(identity)).toMatchObject(refusedFor("CERTIFICATE_EXPIRED"));
  });

  it("refuses a body that was changed after signing", async () => {
    const outcome = await story().ask({ durationSeconds: 900 }, (request) => ({
      ...request,
      body: JSON.stringify({ durationSeconds: 3600 }),
    }));
    expect(outcome).toMatchObject(refusedFor("SIGNATURE_MISMATCH"));
  });

  it("refuses a request of an hour ago", async () => {
    const moment = new Date(Date.now() - 3_600_000);
    expect(await story().ask({ moment })).toMatchObject(refusedFor("REQUEST_EXPIRED"));
  });

  describe("with a disabled trust anchor", () => {
    const path = (verb: string): string =>
      `/trustanchor/${story().stack.outputs.trustAnchorArn.split("/").at(-1)}/${verb}`;
    beforeAll(async () => void (await callControlPlane(story().cloud, "POST", path("disable"))));
    afterAll(async () => void (await callControlPlane(story().cloud, "POST", path("enable"))));

    it("refuses new sessions", async () => {
      expect(await story().ask()).toMatchObject(refusedFor("TRUST_ANCHOR_DISABLED"));
    });
  });

  it("grants again when the trust anchor is enabled again", async () => {
    expect(await story().ask()).toMatchObject(story().granted);
  });

  it("refuses a role that is not in the profile", async () => {
    await using role = await createRole(story(), "NotInTheProfile", story().stack.outputs.trustAnchorArn);
    const { roleArn } = role;
    expect(await story().ask({ roleArn })).toMatchObject(refusedFor("ROLE_NOT_IN_PROFILE"));
  });

  it("refuses a role whose trust policy names another trust anchor", async () => {
    const { trustAnchorArn } = story().stack.outputs;
    await using role = await createRole(
      story(),
      "TrustsAnother",
      trustAnchorArn.replace(/[^/]+$/, crypto.randomUUID()),
    );
    const { roleArn } = role;
    const { profile } = createdProfile.parse(
      await callControlPlane(story().cloud, "POST", "/profiles", {
        name: `${story().stack.name}-TrustsAnother`,
        roleArns: [roleArn],
        enabled: true,
      }),
    );
    try {
      expect(await story().ask({ roleArn, profileArn: profile.profileArn })).toMatchObject(
        refusedFor("TRUST_POLICY_DENIED"),
      );
    } finally {
      await callControlPlane(story().cloud, "DELETE", `/profile/${profile.profileId}`);
    }
  });
}

const createdProfile = z.object({ profile: z.object({ profileArn: z.string(), profileId: z.string() }) });

/** Creates a role that trusts this trust anchor, with the trust policy of the stack's role, until it is disposed. */
async function createRole(
  { cloud, stack }: Story,
  purpose: string,
  trustAnchorArn: string,
): Promise<AsyncDisposable & { roleArn: string }> {
  const RoleName = `${stack.name}-${purpose}`;
  const iam = new IAMClient(clientSettings(cloud, "iam"));
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName,
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
  if (Role?.Arn === undefined) throw new Error(`IAM created no role ${RoleName}`);
  return {
    roleArn: Role.Arn,
    async [Symbol.asyncDispose]() {
      await iam.send(new DeleteRoleCommand({ RoleName }));
    },
  };
}
