import { randomUUID } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import type { MockContext } from "../context.ts";
import { serveOperation } from "../control/operation.ts";
import { controlPlane } from "../control/control-plane.ts";
import { printable } from "../errors/printable.ts";
import { ServiceError } from "../errors/service-error.ts";
import { labRoutes } from "../lab/routes.ts";
import { createSessionOperation, injectFaults } from "./sessions.ts";
import { limitBody } from "./limit-body.ts";
import { refuseWebPages } from "./refuse-web-pages.ts";

/** Largest request body, in bytes: room for the 300000 bytes of a CRL in base64. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** Largest snapshot, in bytes: room for an account that is full to its quotas, with resources of a usual size. */
const MAX_SNAPSHOT_BYTES = 32 * 1024 * 1024;

/** The application, to be served by `@hono/node-server`: CreateSession works on Node's raw request. */
export type MockApp = Hono<{ Bindings: HttpBindings }>;

/**
 * The whole service as an application: CreateSession, the control plane, and the lab routes under `/_mock/`, without
 * `/_mock/authorize`, which the server answers by itself.
 *
 * @param context made by `createContext`
 */
export function createApp(context: MockContext): MockApp {
  const app: MockApp = new Hono();
  app.use(refuseWebPages(context.allowedHosts));
  app.use(limitBody((path) => (path === "/_mock/snapshot" ? MAX_SNAPSHOT_BYTES : MAX_BODY_BYTES)));
  // Clients compare the date with their own clock, so it has to come from the clock that the mock checks requests by.
  app.use(async (c, next) => {
    await next();
    c.header("Date", context.clock.now().toUTCString());
  });
  app.post(createSessionOperation.path, injectFaults(context));
  serveOperation(app, createSessionOperation, context);
  app.route("/_mock", labRoutes(context));
  app.route("/", controlPlane(context));
  app.notFound((c) =>
    new ServiceError(
      "UnknownOperationException",
      `No operation ${c.req.method} ${printable(c.req.path, 200)}`,
    ).toResponse(randomUUID()),
  );
  app.onError((error) => {
    if (error instanceof ServiceError) return error.toResponse(randomUUID());
    context.log(`defect: ${(error.stack ?? error.message).replaceAll(/\n\s*/g, " | ")}`);
    return new ServiceError("InternalServerException", "Internal server error").toResponse(randomUUID());
  });
  return app;
}
