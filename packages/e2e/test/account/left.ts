import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { z } from "zod";
import { clientSettings, sandboxCloud } from "../../src/aws/cloud.ts";
import { callControlPlane } from "../../src/aws/control-plane.ts";

const named = z.array(z.object({ name: z.string() }));
const trustAnchors = z.object({ trustAnchors: named });
const profiles = z.object({ profiles: named });

/** What is in the account now, one line each: stacks, buckets, roles, trust anchors and profiles. */
export async function everythingIn(sandbox: Sandbox): Promise<string[]> {
  const cloud = sandboxCloud(sandbox);
  const cloudFormation = new CloudFormationClient(clientSettings(cloud, "cloudformation"));
  const iam = new IAMClient(clientSettings(cloud, "iam"));
  const s3 = new S3Client({ ...clientSettings(cloud, "s3"), forcePathStyle: true });
  const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand());
  const { Roles = [] } = await iam.send(new ListRolesCommand());
  const { Buckets = [] } = await s3.send(new ListBucketsCommand());
  const anchors = trustAnchors.parse(await callControlPlane(cloud, "GET", "/trustanchors?pageSize=200"));
  const all = profiles.parse(await callControlPlane(cloud, "GET", "/profiles?pageSize=200"));
  return [
    // LocalStack lists the stacks that are deleted as well.
    ...Stacks.filter(({ StackStatus }) => StackStatus !== "DELETE_COMPLETE").map(
      ({ StackName, StackStatus }) => `stack ${StackName} ${StackStatus}`,
    ),
    ...Buckets.map(({ Name }) => `bucket ${Name}`),
    ...Roles.map(({ RoleName }) => `role ${RoleName}`),
    ...anchors.trustAnchors.map(({ name }) => `trust anchor ${name}`),
    ...all.profiles.map(({ name }) => `profile ${name}`),
  ];
}

/** What of the account has the name of this stack in its own. (Names of buckets are cut off.) */
export async function leftOf(sandbox: Sandbox, stackName: string): Promise<string[]> {
  return (await everythingIn(sandbox)).filter((line) => line.includes(stackName));
}
