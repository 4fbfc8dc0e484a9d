import { once } from "node:events";
import type { Server } from "node:http";
import { listeningUrl } from "./listening-url.ts";

/**
 * Listens.
 *
 * @returns The URL under which this machine reaches the server.
 * @throws {Error} One line with the remedy when the address cannot be had; the cause is kept.
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
