import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { HttpBindings } from "@hono/node-server";
import type { MiddlewareHandler } from "hono";
import { toAuditRecord, toLogLine } from "../audit/audit-record.ts";
import type { MockContext } from "../context.ts";
import type { Operation } from "../control/operation.ts";
import type { Refusal } from "../errors/refusal.ts";
import { ServiceError } from "../errors/service-error.ts";
import { faultRefusal } from "../lab/faults.ts";
import { receive } from "../request/received-request.ts";
import type { ReceivedRequest } from "../request/received-request.ts";
import { createSession } from "../session/create-session.ts";
import type { CreateSessionOutput, SessionVerdict } from "../session/create-session.ts";

/** CreateSession as an operation. Only this one is signed with a certificate and recorded in the audit. */
export const createSessionOperation: Operation<MockContext> = {
  name: "CreateSession",
  method: "POST",
  path: "/sessions",
  status: 201,
  handle: async (context, { env, req }, requestId) =>
    answerCreateSession(context, await receive(env.incoming, req), requestId),
};

/** Answers one CreateSession call and records it. */
export async function answerCreateSession(
  context: MockContext,
  received: ReceivedRequest,
  requestId: string,
): Promise<CreateSessionOutput> {
  const verdict = await createSession(context, received);
  record(context, verdict, requestId);
  if ("output" in verdict) return verdict.output;
  throw errorOf(context, verdict);
}

function record(context: MockContext, verdict: SessionVerdict, requestId: string): void {
  const { state, clock, uuid } = context;
  context.audit.add(toAuditRecord(verdict, { state, requestId, eventId: uuid(), now: clock.now() }));
  context.log(toLogLine(verdict, requestId));
}

function errorOf({ explain }: MockContext, { refusal }: { refusal: Refusal }): ServiceError {
  const { type, message } = refusal;
  return explain ? new ServiceError(type, `${message} [${refusal.explain()}]`) : refusal;
}

const HALF_A_BODY = '{"credentialSet":[{';
const TRUNCATED_HEAD = [
  "HTTP/1.1 201 Created",
  "Content-Type: application/json",
  `Content-Length: ${10 * HALF_A_BODY.length}`,
].join("\r\n");

/** Makes the next fault of the lab happen to a CreateSession call, in place of the operation or before it. */
export function injectFaults(context: MockContext): MiddlewareHandler<{ Bindings: HttpBindings }> {
  return async ({ env: { incoming }, req }, next) => {
    const fault = context.faults.take();
    if (fault === undefined) return next();
    context.log(`CreateSession meets the fault "${fault.kind}"`);
    switch (fault.kind) {
      case "delay":
        await wait(fault.delayMilliseconds ?? 1000);
        return next();
      case "drop":
        incoming.socket.destroy();
        return new Response(null);
      case "truncate":
        incoming.socket.end(`${TRUNCATED_HEAD}\r\n\r\n${HALF_A_BODY}`);
        await once(incoming.socket, "close");
        return new Response(null);
      case "malformed-json":
        return new Response(HALF_A_BODY, { status: 201, headers: { "content-type": "application/json" } });
      default: {
        const verdict = { received: await receive(incoming, req), refusal: faultRefusal(fault.kind) };
        const requestId = randomUUID();
        record(context, verdict, requestId);
        return errorOf(context, verdict).toResponse(requestId);
      }
    }
  };
}
