import type { HttpBindings } from "@hono/node-server";
import type { ReceivedRequest } from "../request/received-request.ts";

/** Takes a request from the wire as it came: Node's own raw headers and target, not the web ones made of them. */
export async function receive(
  incoming: HttpBindings["incoming"],
  request: Pick<Request, "arrayBuffer">,
): Promise<ReceivedRequest> {
  return {
    method: incoming.method ?? "",
    target: incoming.url ?? "",
    rawHeaders: incoming.rawHeaders,
    body: new Uint8Array(await request.arrayBuffer()),
    sourceIp: incoming.socket.remoteAddress?.replace(/^::ffff:/, ""),
    secure: "encrypted" in incoming.socket,
  };
}
