import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { expect, it } from "vitest";
import { z } from "zod";
import type { Deployment } from "../../src/story/start-deployment.ts";
import { administratorClient } from "../../src/aws/administrator-client.ts";
import { callControlPlane } from "../../src/aws/control-plane.ts";

const trustAnchors = z.object({
  trustAnchors: z.array(
    z.object({
      trustAnchorArn: z.string(),
      enabled: z.boolean(),
      source: z.object({ sourceData: z.object({ x509CertificateData: z.string() }) }),
    }),
  ),
});
const profiles = z.object({
  profiles: z.array(z.object({ profileArn: z.string(), roleArns: z.array(z.string()) })),
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

export function testInfrastructure(deployment: () => Deployment): void {
  it("the stack is in LocalStack's test account", async () => {
    const client = administratorClient(CloudFormationClient, deployment());
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: "RolesAnywhereStack" }));
    expect(Stacks?.[0]).toMatchObject({
      StackStatus: "CREATE_COMPLETE",
      StackId: expect.stringContaining(`:${deployment().sandbox.accountId}:`),
    });
  });

  it("the trust anchor exists in Roles Anywhere, under the ARN of the output and with the CA's certificate", async () => {
    const { trustAnchors: anchors } = trustAnchors.parse(
      await callControlPlane(deployment().sandbox, "GET", "/trustanchors"),
    );
    expect(anchors.map(({ trustAnchorArn, enabled }) => ({ trustAnchorArn, enabled }))).toEqual([
      { trustAnchorArn: deployment().stack.outputs.trustAnchorArn, enabled: true },
    ]);
    const deployed = new X509Certificate(anchors[0]?.source.sourceData.x509CertificateData ?? "");
    const made = new X509Certificate(await readFile(deployment().pki.caCertificatePath));
    expect(deployed.fingerprint256).toBe(made.fingerprint256);
  });

  it("the profile exists, under the ARN of the output and with the role of the output", async () => {
    const answer = profiles.parse(await callControlPlane(deployment().sandbox, "GET", "/profiles"));
    const { profileArn, roleArn } = deployment().stack.outputs;
    expect(answer.profiles).toEqual([{ profileArn, roleArns: [roleArn] }]);
  });

  it("the deployed role trusts Roles Anywhere for this trust anchor and the external server's name alone", async () => {
    const { roleArn, trustAnchorArn } = deployment().stack.outputs;
    const client = administratorClient(IAMClient, deployment());
    const { Role } = await client.send(new GetRoleCommand({ RoleName: roleArn.split("/").at(-1) }));
    const policy = trustPolicy.parse(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "")));
    expect(policy.Statement).toHaveLength(1);
    expect(policy.Statement[0]).toMatchObject({
      Effect: "Allow",
      Principal: { Service: "rolesanywhere.amazonaws.com" },
      Action: expect.arrayContaining(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]),
    });
    const { commonName } = deployment().pki;
    expect(policy.Statement[0]?.Condition).toEqual({
      ArnEquals: { "aws:SourceArn": trustAnchorArn },
      StringEquals: { "aws:PrincipalTag/x509Subject/CN": [commonName] },
    });
  });
}
