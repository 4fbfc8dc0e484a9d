import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { setTimeout } from "node:timers/promises";

/** A TCP proxy on loopback that can hold everything back for a while, as a service does that is paused. */
export interface PausingProxy extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Holds back what is sent in both directions. Connections stay open, and new ones are accepted. */
  pause(milliseconds: number): Promise<void>;
}

/** @param target URL with host and port */
export async function startPausingProxy(target: string): Promise<PausingProxy> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<readonly [Socket, Socket]>();
  let paused = false;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const close = (): void => {
      pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.on("error", close).on("close", close);
    if (!paused) join(pair);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async pause(milliseconds) {
      paused = true;
      for (const [client, upstream] of pairs) {
        client.unpipe(upstream);
        upstream.unpipe(client);
      }
      await setTimeout(milliseconds);
      paused = false;
      for (const pair of pairs) join(pair);
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      await closed;
    },
  };
}

function join([client, upstream]: readonly [Socket, Socket]): void {
  client.pipe(upstream);
  upstream.pipe(client);
}
