import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { HttpBindings } from "@hono/node-server";
import type { MockContext } from "../context.ts";
import { faultRefusal } from "../lab/faults.ts";
import type { ReceivedRequest } from "../request/received-request.ts";
import { type Answer, refuseCreateSession } from "../session/handle-create-session.ts";

const HALF_A_BODY = '{"credentialSet":[{';
const TRUNCATED_HEAD = [
  "HTTP/1.1 201 Created",
  "Content-Type: application/json",
  `Content-Length: ${10 * HALF_A_BODY.length}`,
].join("\r\n");

/**
 * Makes the next fault of the lab happen to this call.
 *
 * @returns the answer that the fault stands for, or `undefined` when the call goes on as usual
 */
export async function injectFault(
  context: MockContext,
  request: ReceivedRequest,
  incoming: HttpBindings["incoming"],
): Promise<Answer | Response | undefined> {
  const fault = context.faults.take();
  if (fault === undefined) return undefined;
  context.log(`CreateSession meets the fault "${fault.kind}"`);
  switch (fault.kind) {
    case "delay":
      await wait(fault.delayMilliseconds ?? 1000);
      return undefined;
    case "drop":
      incoming.socket.destroy();
      return new Response(null);
    case "truncate":
      incoming.socket.end(`${TRUNCATED_HEAD}\r\n\r\n${HALF_A_BODY}`);
      await once(incoming.socket, "close");
      return new Response(null);
    case "malformed-json":
      return new Response(HALF_A_BODY, {
        status: 201,
        headers: { "content-type": "application/json" },
      });
    default: {
      const refusal = faultRefusal(fault.kind);
      return refusal === undefined ? undefined : refuseCreateSession(context, request, refusal);
    }
  }
}
