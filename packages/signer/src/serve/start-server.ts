import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";

import { messageOf, SignerError } from "../errors.ts";

/** A server that accepts connections. */
export interface RunningServer {
  readonly port: number;
  /** Accepts no more, and ends when all requests are answered, or after the grace time. */
  stop(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";
const GRACE_MS = 5000;

/**
 * Listens on the loopback address, and there only.
 *
 * @param port 0 for any free one.
 * @param handle Answers a request.
 * @throws {SignerError} ERR_SIGNER_LISTEN_FAILED when the port is taken or not allowed.
 */
export async function startServer(
  port: number,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<RunningServer> {
  const server = createServer({ requestTimeout: 10_000, keepAliveTimeout: 5000 }, (request, response) => {
    request.resume();
    handle(request, response).catch(() => response.writeHead(500).end());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(
        new SignerError(
          "ERR_SIGNER_LISTEN_FAILED",
          `cannot listen on ${LOOPBACK}:${port}: ${messageOf(cause)}; choose another --port, 0 for any free one`,
          { cause },
        ),
      );
    });
    server.listen(port, LOOPBACK, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}
