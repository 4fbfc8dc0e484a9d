import { Hono } from "hono";
import type { MockContext } from "../context.ts";

/** The routes under `/_mock/`: what AWS has no counterpart of. */
export function labRoutes(context: MockContext): Hono {
  const lab = new Hono();
  lab.get("/health", (c) =>
    c.json({ status: "ok", accountId: context.state.accountId, region: context.state.region }),
  );
  lab.get("/audit", (c) => {
    const limit = c.req.query("limit");
    if (limit !== undefined && !/^\d{1,6}$/.test(limit)) {
      return c.json({ message: `limit must be a whole number, not ${JSON.stringify(limit)}` }, 400);
    }
    return c.json({ Records: context.audit.list(limit === undefined ? undefined : Number(limit)) });
  });
  return lab;
}
