import { setTimeout as sleep } from "node:timers/promises";
import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
} from "@aws-sdk/client-cloudformation";
import type { Stack } from "@aws-sdk/client-cloudformation";
import { DeleteObjectsCommand, ListObjectVersionsCommand, NoSuchBucket, S3Client } from "@aws-sdk/client-s3";
import { clientSettings } from "../aws/cloud.ts";
import { LeftBehindError, StoryError } from "../story/programs.ts";
import type { Reporter } from "../story/reporter.ts";
import { destroyCommandFor } from "./plan.ts";
import { reasonOf } from "./open-account.ts";
import type { Account } from "./open-account.ts";

/** The tag of every stack of the demo. */
export const STACK_TAG = { key: "roles-anywhere-kit", value: "demo" } as const;

/** How long CloudFormation may take for one thing, in milliseconds. */
const LIMIT = 20 * 60_000;

export interface DestroyStackInit {
  readonly account: Account;
  readonly stackName: string;
  readonly reporter: Pick<Reporter, "command" | "result" | "status">;
}

/**
 * Empties the stack's buckets, with all versions of the objects, and deletes the stack. It waits until CloudFormation has
 * finished what it does now.
 *
 * @returns false when there is no such stack
 * @throws {LeftBehindError} when the stack is still there at the end
 * @throws {StoryError} when the stack has not the demo's tag: it is somebody else's
 */
export async function destroyStack(init: DestroyStackInit): Promise<boolean> {
  const { account, stackName } = init;
  const cloudFormation = new CloudFormationClient(clientSettings(account, "cloudformation"));
  try {
    const stack = await settledStack(cloudFormation, init, stackName);
    if (stack === undefined) return false;
    refuseForeign(stack, stackName);
    init.reporter.command(destroyCommandFor(account, stackName));
    await emptyBuckets(cloudFormation, init);
    await deleteStack(cloudFormation, init, stack.StackId ?? stackName);
    init.reporter.result(`stack ${stackName} is destroyed`);
    return true;
  } catch (error) {
    if (error instanceof StoryError) throw error;
    throw new LeftBehindError(
      `stack ${stackName} could not be destroyed: ${reasonOf(error)}. It is still in account ${account.accountId}. ` +
        `Try again: ${destroyCommandFor(account, stackName)}`,
      { cause: error },
    );
  } finally {
    cloudFormation.destroy();
  }
}

/** Reads a stack when nothing happens to it any more, or its deletion failed. Undefined when there is none. */
async function settledStack(
  client: CloudFormationClient,
  { account, reporter }: DestroyStackInit,
  name: string,
  isSettled = (status: string): boolean => !status.endsWith("_IN_PROGRESS"),
): Promise<Stack | undefined> {
  const deadline = Date.now() + LIMIT;
  for (;;) {
    const stack = await describe(client, name);
    const { StackStatus: status = "" } = stack ?? {};
    if (stack === undefined || status === "DELETE_COMPLETE") return undefined;
    if (isSettled(status)) return stack;
    if (Date.now() > deadline) throw new Error(`it has been ${status} for ${LIMIT / 60_000} minutes`);
    reporter.status(`${status}  ${stack.StackName}`);
    await sleep(account.isStandIn ? 100 : 2000);
  }
}

async function describe(client: CloudFormationClient, name: string): Promise<Stack | undefined> {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: name }));
    return Stacks?.[0];
  } catch (error) {
    // CloudFormation has no error of its own for this.
    if (error instanceof Error && /does not exist/.test(error.message)) return undefined;
    throw error;
  }
}

function refuseForeign({ Tags = [] }: Stack, stackName: string): void {
  const { key, value } = STACK_TAG;
  if (Tags.some((tag) => tag.Key === key && tag.Value === value)) return;
  throw new StoryError(
    `stack ${stackName} has not the tag ${key}=${value}, so the demo did not make it and leaves it as it is`,
  );
}

async function emptyBuckets(
  client: CloudFormationClient,
  { account, stackName, reporter }: DestroyStackInit,
): Promise<void> {
  const { StackResources = [] } = await client.send(
    new DescribeStackResourcesCommand({ StackName: stackName }),
  );
  const buckets = StackResources.flatMap(({ ResourceType, ResourceStatus, PhysicalResourceId: name }) =>
    ResourceType === "AWS::S3::Bucket" && ResourceStatus !== "DELETE_COMPLETE" && name ? [name] : [],
  );
  const s3 = new S3Client({ ...clientSettings(account, "s3"), forcePathStyle: account.isStandIn });
  try {
    for (const bucket of buckets) {
      const count = await emptyBucket(s3, bucket);
      if (count > 0) reporter.result(`bucket ${bucket}: ${count} versions of objects removed`);
    }
  } finally {
    s3.destroy();
  }
}

/**
 * Removes every version of every object, and the markers of deletions.
 *
 * @returns how many were removed
 */
export async function emptyBucket(s3: S3Client, bucket: string): Promise<number> {
  let count = 0;
  for (;;) {
    // Always the first page: what it listed is gone by the next look.
    const { Versions = [], DeleteMarkers = [] } = await s3
      .send(new ListObjectVersionsCommand({ Bucket: bucket }))
      .catch((error: unknown) => {
        if (error instanceof NoSuchBucket) return { Versions: [], DeleteMarkers: [] };
        throw error;
      });
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (Objects.length === 0) return count;
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
    );
    const [first] = Errors;
    if (first !== undefined) {
      throw new Error(`S3 did not remove ${first.Key} from ${bucket}: ${first.Code} ${first.Message}`);
    }
    count += Objects.length;
  }
}

async function deleteStack(
  client: CloudFormationClient,
  init: DestroyStackInit,
  stackId: string,
): Promise<void> {
  await client.send(new DeleteStackCommand({ StackName: stackId }));
  // By its id a stack can still be read when it is deleted.
  const left = await settledStack(client, init, stackId, (status) => status === "DELETE_FAILED");
  if (left !== undefined) {
    throw new Error(`${left.StackStatus}${left.StackStatusReason ? `, ${left.StackStatusReason}` : ""}`);
  }
}
