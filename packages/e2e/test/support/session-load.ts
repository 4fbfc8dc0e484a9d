import { setInterval } from "node:timers/promises";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { createSession } from "@roles-anywhere/signer";
import type { CreateSessionInit } from "@roles-anywhere/signer";
import type { Sandbox } from "@roles-anywhere/sandbox";

/** A server that is at work: it asks for a session, and calls AWS with it, again and again. */
export interface SessionLoad {
  /** Session names, which are the serial numbers of the certificates, in the order of the requests. */
  readonly sessionNames: readonly string[];
  /** Why requests failed. */
  readonly failures: readonly string[];
  /** Settles after so many more requests. */
  requests(count: number): Promise<void>;
  /** Settles when the last request has ended. */
  stop(): Promise<void>;
}

/**
 * Starts ten requests per second, the rate that AWS grants an account by default. Nothing is tried twice, so that each
 * request that is lost counts.
 */
export function startSessionLoad(
  sandbox: Pick<Sandbox, "endpointUrl" | "region" | "rolesAnywhereEndpoint">,
  init: Pick<CreateSessionInit, "certificate" | "trustAnchorArn" | "profileArn" | "roleArn">,
): SessionLoad {
  const sessionNames: string[] = [];
  const failures: string[] = [];
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();

  const request = async (index: number): Promise<void> => {
    try {
      const { accessKeyId, secretAccessKey, sessionToken } = await createSession({
        ...init,
        endpoint: sandbox.rolesAnywhereEndpoint,
        maxAttempts: 1,
      });
      const { endpointUrl: endpoint, region } = sandbox;
      const credentials = { accessKeyId, secretAccessKey, sessionToken };
      const client = new STSClient({ endpoint, region, credentials, maxAttempts: 1 });
      const { Arn } = await client.send(new GetCallerIdentityCommand());
      sessionNames[index] = Arn?.split("/").at(-1) ?? "";
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  };
  let count = 0;
  const waiting = new Set<() => void>();
  const start = async (): Promise<void> => {
    for await (const _ of setInterval(100)) {
      if (stopping.signal.aborted) return;
      const one = request(count++);
      running.add(one);
      void one.then(() => {
        running.delete(one);
        for (const look of waiting) look();
      });
    }
  };
  const loop = start();
  return {
    sessionNames,
    failures,
    async requests(more) {
      const target = count + more;
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (count < target) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      });
      // Those that were started until now have ended as well.
      await Promise.all(running);
    },
    async stop() {
      stopping.abort();
      await loop;
      await Promise.all(running);
    },
  };
}
