import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Starts to listen.
 *
 * @returns The URL under which this machine reaches the server.
 * @throws {Error} One line with the remedy when the server cannot listen there; the cause is kept.
 */
export async function listen(server: Server, host: string, port: number): Promise<string> {
  try {
    await once(server.listen(port, host), "listening");
  } catch (cause) {
    throw new Error(`cannot listen on ${host}:${port}: ${explain(cause)}`, { cause });
  }
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return listeningUrl(address);
}

/** The URL under which this machine reaches a server that listens on the given address. */
export function listeningUrl({ address, family, port }: AddressInfo): string {
  if (address === "0.0.0.0") return `http://127.0.0.1:${port}`;
  if (address === "::") return `http://[::1]:${port}`;
  return family === "IPv6" ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}

function explain(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EADDRINUSE":
      return "the port is in use; choose another with PORT, or 0 for a free one";
    case "EACCES":
      return "this user may not use the port; choose one above 1023 with PORT";
    default: {
      const reason = error instanceof Error ? error.message : String(error);
      return `${reason}; set HOST to an address of this machine`;
    }
  }
}

/** How long requests in progress may take after the server was told to stop, in milliseconds. */
const GRACE_MS = 3000;

/**
 * Stops the server. It accepts no new connections, closes idle ones, lets responses in progress end, and after the grace
 * period closes the connections that remain.
 *
 * @param app - The owner of the server; its `close` ends when the last connection has ended.
 * @param graceMs - @default 3000
 */
export async function closeGracefully(
  app: { close(): Promise<void>; getHttpServer(): Server },
  graceMs = GRACE_MS,
): Promise<void> {
  const server = app.getHttpServer();
  const closing = app.close();
  // A connection that was busy when closing began becomes idle later, and keep-alive would hold it open.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
  try {
    await closing;
  } finally {
    clearInterval(sweep);
    clearTimeout(deadline);
  }
}
