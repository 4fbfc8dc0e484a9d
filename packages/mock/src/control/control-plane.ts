import { randomUUID } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { receive } from "../http/receive.ts";
import type { ControlPlaneContext, OperationContext } from "./context.ts";
import { operations } from "./operations.ts";
import { requireSignature } from "./request/require-signature.ts";
import { ServiceError } from "../errors/service-error.ts";

/**
 * The control plane of IAM Roles Anywhere as an application to mount at `/`: every path of the service model except
 * `/sessions`. It answers only its own routes; the surrounding application handles the rest.
 *
 * @param context the account to work on, its clock, and the source of ids
 */
export function controlPlane(context: ControlPlaneContext): Hono<{ Bindings: HttpBindings }> {
  const operationContext: OperationContext = {
    state: context.state,
    clock: context.clock,
    uuid: context.uuid ?? randomUUID,
  };
  const app = new Hono<{ Bindings: HttpBindings }>();
  for (const operation of operations) {
    app.on(operation.method, operation.path, async (request) => {
      const requestId = randomUUID();
      try {
        const hasDate =
          request.req.header("x-amz-date") !== undefined || request.req.header("date") !== undefined;
        const claimed = requireSignature(request.req.header("authorization"), hasDate, context.state);
        if (context.verifySignature !== undefined) {
          const received = await receive(request.env.incoming, request.req);
          await context.verifySignature(received, claimed, context.clock.now());
        }
        const output = await operation.handle(operationContext, request);
        return Response.json(output, {
          status: operation.status ?? 200,
          headers: { "x-amzn-RequestId": requestId },
        });
      } catch (error) {
        if (error instanceof ServiceError) return error.toResponse(requestId);
        throw error;
      }
    });
  }
  return app;
}
