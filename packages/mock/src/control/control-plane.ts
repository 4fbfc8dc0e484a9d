import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { receive } from "../request/received-request.ts";
import { crlOperations } from "./crls.ts";
import { serveOperation } from "./operation.ts";
import type { Operation, OperationContext, OperationRequest } from "./operation.ts";
import { profileOperations } from "./profiles.ts";
import { requireSignature } from "./sigv4.ts";
import type { SignatureVerifier } from "./sigv4.ts";
import { subjectOperations } from "./subjects.ts";
import { tagOperations } from "./tags.ts";
import { trustAnchorOperations } from "./trust-anchors.ts";

/** Every operation of the control plane. */
export const operations: readonly Operation[] = [
  ...trustAnchorOperations,
  ...profileOperations,
  ...crlOperations,
  ...subjectOperations,
  ...tagOperations,
];

/** What the control plane works on, and how it checks who calls. */
export interface ControlPlaneContext extends OperationContext {
  /**
   * Verifies signatures; needs Node's raw request, which `@hono/node-server` hands over.
   *
   * @default a request must have a signature, which is not verified
   */
  readonly verifySignature?: SignatureVerifier | undefined;
}

/**
 * The control plane of IAM Roles Anywhere as an application to mount at `/`: every path of the service model except
 * `/sessions`. The surrounding application answers all other routes.
 */
export function controlPlane(context: ControlPlaneContext): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  for (const operation of operations) {
    serveOperation(app, operation, context, (request) => checkCaller(context, request));
  }
  return app;
}

/** @throws {ServiceError} 403 when the request is not signed, or not by a key that the mock was given */
export async function checkCaller(
  { state, clock, verifySignature }: Pick<ControlPlaneContext, "state" | "clock" | "verifySignature">,
  { env, req }: OperationRequest,
): Promise<void> {
  const hasDate = req.header("x-amz-date") !== undefined || req.header("date") !== undefined;
  const claimed = requireSignature(req.header("authorization"), hasDate, state);
  if (verifySignature === undefined) return;
  await verifySignature(await receive(env.incoming, req), claimed, clock.now());
}
