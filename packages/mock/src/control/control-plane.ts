import { randomUUID } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { receive } from "../request/received-request.ts";
import type { Clock, State } from "../state/state.ts";
import { crlOperations } from "./crls.ts";
import { serveOperation } from "./operation.ts";
import type { Operation, OperationRequest } from "./operation.ts";
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

/** The account, clock, ids and keys that the control plane uses. */
export interface ControlPlaneContext {
  readonly state: State;
  readonly clock: Clock;
  /**
   * Makes the ids of new resources.
   *
   * @default crypto.randomUUID
   */
  readonly uuid?: (() => string) | undefined;
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
 *
 * @param context the account to work on, its clock, and the source of ids
 */
export function controlPlane(context: ControlPlaneContext): Hono<{ Bindings: HttpBindings }> {
  const { state, clock, uuid = randomUUID } = context;
  const app = new Hono<{ Bindings: HttpBindings }>();
  for (const operation of operations) {
    serveOperation(app, operation, { state, clock, uuid }, (request) => checkCaller(context, request));
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
