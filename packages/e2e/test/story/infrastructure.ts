import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { expect, it } from "vitest";
import { z } from "zod";
import { clientSettings } from "../../src/aws/cloud.ts";
import { callControlPlane } from "../../src/aws/control-plane.ts";
import type { Story } from "./story.ts";

const trustAnchors = z.object({
  trustAnchors: z.array(
    z.object({
      trustAnchorArn: z.string(),
      name: z.string(),
      enabled: z.boolean(),
      source: z.object({ sourceData: z.object({ x509CertificateData: z.string() }) }),
    }),
  ),
});
const profiles = z.object({
  profiles: z.array(z.object({ profileArn: z.string(), name: z.string(), roleArns: z.array(z.string()) })),
});
const trustPolicy = z.object({
  Statement: z.array(
    z.object({
      Effect: z.string(),
      Principal: z.unknown(),
      Action: z.unknown(),
      Condition: z.record(z.string(), z.record(z.string(), z.unknown())),
    }),
  ),
});

export function testInfrastructure(story: () => Story): void {
  it("the stack is in the account", async () => {
    const client = new CloudFormationClient(clientSettings(story().cloud, "cloudformation"));
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: story().stack.name }));
    expect(Stacks?.[0]).toMatchObject({
      StackStatus: "CREATE_COMPLETE",
      StackId: expect.stringContaining(`:${story().cloud.accountId}:`),
    });
  });

  it("the trust anchor exists in Roles Anywhere, under the ARN of the output and with the CA's certificate", async () => {
    const answer = trustAnchors.parse(
      await callControlPlane(story().cloud, "GET", "/trustanchors?pageSize=200"),
    );
    const anchors = own(story(), answer.trustAnchors);
    expect(anchors.map(({ trustAnchorArn, enabled }) => ({ trustAnchorArn, enabled }))).toEqual([
      { trustAnchorArn: story().stack.outputs.trustAnchorArn, enabled: true },
    ]);
    const deployed = new X509Certificate(anchors[0]?.source.sourceData.x509CertificateData ?? "");
    const made = new X509Certificate(await readFile(story().pki.caCertificatePath));
    expect(deployed.fingerprint256).toBe(made.fingerprint256);
  });

  it("the profile exists, under the ARN of the output and with the role of the output", async () => {
    const answer = profiles.parse(await callControlPlane(story().cloud, "GET", "/profiles?pageSize=200"));
    const { profileArn, roleArn } = story().stack.outputs;
    const found = own(story(), answer.profiles);
    expect(found.map((profile) => ({ profileArn: profile.profileArn, roleArns: profile.roleArns }))).toEqual([
      { profileArn, roleArns: [roleArn] },
    ]);
  });

  it("the deployed role trusts Roles Anywhere for this trust anchor and the external server's name alone", async () => {
    const { roleArn, trustAnchorArn } = story().stack.outputs;
    const client = new IAMClient(clientSettings(story().cloud, "iam"));
    const { Role } = await client.send(new GetRoleCommand({ RoleName: roleArn.split("/").at(-1) }));
    const policy = trustPolicy.parse(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "")));
    expect(policy.Statement).toHaveLength(1);
    expect(policy.Statement[0]).toMatchObject({
      Effect: "Allow",
      Principal: { Service: "rolesanywhere.amazonaws.com" },
      Action: expect.arrayContaining(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]),
    });
    const { commonName } = story().pki;
    expect(policy.Statement[0]?.Condition).toEqual({
      ArnEquals: { "aws:SourceArn": trustAnchorArn },
      StringEquals: { "aws:PrincipalTag/x509Subject/CN": [commonName] },
    });
  });
}

/** In a sandbox everything is the story's own. In an account others may have trust anchors and profiles. */
function own<Resource extends { name: string }>(
  { isShared, stack }: Story,
  all: readonly Resource[],
): readonly Resource[] {
  return isShared ? all.filter(({ name }) => name === stack.name) : all;
}
