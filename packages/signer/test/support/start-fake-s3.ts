import { createServer } from "node:http";
import type { ServerResponse } from "node:http";

import type { World } from "./start-world.ts";

/** An S3 that knows which sessions live, and answers when it is told to. */
export interface FakeS3 extends AsyncDisposable {
  readonly url: string;
  /** Access key ids of the requests received so far. */
  readonly seen: readonly string[];
  /** Answers all requests that wait. */
  answer(): void;
  /** Settles when so many requests wait. */
  waiting(count: number): Promise<void>;
}

/** Starts it on a free port; it goes by the clock of this process. */
export async function startFakeS3(world: World): Promise<FakeS3> {
  const held: ServerResponse[] = [];
  const seen: string[] = [];
  const listeners = new Set<() => void>();
  const server = createServer((request, response) => {
    const [, accessKeyId = ""] = /Credential=([^/]+)\//.exec(request.headers.authorization ?? "") ?? [];
    const session = world.granted.find((candidate) => candidate.accessKeyId === accessKeyId);
    const lives =
      session !== undefined &&
      request.headers["x-amz-security-token"] === session.sessionToken &&
      session.endsAt > Date.now();
    seen.push(accessKeyId);
    response.statusCode = lives ? 200 : 403;
    // The SDK corrects its clock by this.
    response.setHeader("Date", new Date().toUTCString());
    held.push(response);
    for (const listener of listeners) listener();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    answer() {
      for (const response of held.splice(0)) response.end();
    },
    waiting: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (held.length < count) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
