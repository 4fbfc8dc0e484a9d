import { setTimeout as sleep } from "node:timers/promises";
import type { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { clientSettings } from "../aws/cloud.ts";
import type { Cloud } from "../aws/cloud.ts";

/** An event of a stack or of one of its resources. */
export interface StackEvent {
  /** ISO 8601. */
  readonly at: string;
  readonly stack: string;
  /** The logical id. */
  readonly resource: string;
  /** For example `AWS::S3::Bucket`. */
  readonly type: string;
  /** For example `CREATE_COMPLETE`. */
  readonly status: string;
  readonly reason?: string | undefined;
}

export interface WatchStackEventsInit {
  cloud: Cloud;
  /** The stack need not exist yet. */
  stackName: string;
  /** Called once with each event, in the order in which they happened. */
  onEvent: (event: StackEvent) => void;
  /** @default 200 */
  millisecondsBetweenLooks?: number | undefined;
}

/**
 * Looks at the events of a stack five times a second, or less often.
 *
 * @returns a function that reads the last events and ends this. It throws the error for which CloudFormation could not be
 *   asked.
 */
export function watchStackEvents(init: WatchStackEventsInit): () => Promise<void> {
  const ended = new AbortController();
  const watched = (async () => {
    // Loaded here, because `cdk` takes longer than this to start.
    const { CloudFormationClient } = await import("@aws-sdk/client-cloudformation");
    const client = new CloudFormationClient({
      ...clientSettings(init.cloud, "cloudformation"),
      // Many share the limits of an account, nobody those of a sandbox.
      maxAttempts: init.millisecondsBetweenLooks === undefined ? 1 : 5,
    });
    const seen = new Set<string>();
    try {
      for (;;) {
        const isLast = ended.signal.aborted;
        await readNew(client, init, seen);
        if (isLast) return;
        await sleep(init.millisecondsBetweenLooks ?? 200, undefined, { signal: ended.signal }).catch(
          () => undefined,
        );
      }
    } finally {
      client.destroy();
    }
  })();
  watched.catch(() => undefined);
  return async () => {
    ended.abort();
    await watched;
  };
}

async function readNew(
  client: CloudFormationClient,
  { stackName, onEvent }: WatchStackEventsInit,
  seen: Set<string>,
): Promise<void> {
  const { DescribeStackEventsCommand } = await import("@aws-sdk/client-cloudformation");
  // The newest hundred come first, which is more than the kit's stacks have.
  const { StackEvents = [] } = await client
    .send(new DescribeStackEventsCommand({ StackName: stackName }))
    .catch((error: unknown) => {
      if (error instanceof Error && /does not exist/.test(error.message)) return { StackEvents: [] };
      throw error;
    });
  for (const event of StackEvents.toReversed()) {
    const { EventId = "", Timestamp, ResourceStatusReason } = event;
    if (seen.has(EventId)) continue;
    seen.add(EventId);
    onEvent({
      at: (Timestamp ?? new Date()).toISOString(),
      stack: event.StackName ?? stackName,
      resource: event.LogicalResourceId ?? "",
      type: event.ResourceType ?? "",
      status: event.ResourceStatus ?? "",
      reason: ResourceStatusReason,
    });
  }
}

/** One line about an event. Control characters, which may come from a resource's provider, become escapes. */
export function toLine({ status, type, resource, reason }: StackEvent): string {
  const line = [status.padEnd(15), type.padEnd(31), resource].join("  ");
  return (reason === undefined || reason === "" ? line : `${line}: ${reason}`).replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
