import type { Server } from "node:http";

/** How long requests in progress may take to end once the server was told to stop, in milliseconds. */
const GRACE_MS = 3000;

/**
 * Stops the server: takes no new connection, drops the idle ones, lets answers in progress end, and cuts
 * what is left after the grace period.
 *
 * @param app - What owns the server; its `close` ends when the last connection has ended.
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
