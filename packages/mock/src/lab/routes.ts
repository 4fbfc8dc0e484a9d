import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import type { Context } from "hono";
import { z } from "zod";
import { checkCaller } from "../control/control-plane.ts";
import type { ControlPlaneContext } from "../control/control-plane.ts";
import { MockError } from "../errors/mock-error.ts";
import { ServiceError, validationError } from "../errors/service-error.ts";
import { parseJson } from "../model/json.ts";
import { MAX_DURATION_SECONDS } from "../request/parameters.ts";
import type { SessionLimit } from "../session/authorize.ts";
import { FAULT_KINDS } from "./faults.ts";
import type { FaultQueue } from "./faults.ts";
import type { LabClock } from "./lab-clock.ts";
import { clearState, exportSnapshot, importSnapshot } from "./snapshot.ts";

const ClockChange = z.union([
  z.strictObject({ now: z.iso.datetime({ offset: true }) }),
  z.strictObject({ advanceSeconds: z.number().min(-3.2e9).max(3.2e9) }),
  z.strictObject({ rate: z.number().min(0).max(1e6) }),
]);

/** The most values in a snapshot: ten times those of an account that is full to its quotas, without its subjects. */
const MAX_SNAPSHOT_VALUES = 3_000_000;

/** The times that X.509 can write (RFC 5280 §4.1.2.5), with a year left for sessions. */
const EARLIEST = Date.UTC(1950, 0);
const LATEST = Date.UTC(9999, 0);

const FaultInput = z.strictObject({
  kind: z.enum(FAULT_KINDS),
  count: z.number().int().min(1).max(1_000_000).default(1),
  delayMilliseconds: z.number().int().min(0).max(60_000).optional(),
});

const SessionLimitInput = z.strictObject({
  maximumSeconds: z.number().int().min(1).max(MAX_DURATION_SECONDS),
});

interface LabLog {
  list(limit?: number): readonly object[];
  clear(): void;
}

/** What the lab routes work on. */
export interface LabContext extends Pick<ControlPlaneContext, "state" | "verifySignature"> {
  readonly clock: LabClock;
  readonly faults: FaultQueue;
  readonly sessionLimit: SessionLimit;
  /** The records of CreateSession calls, the newest first. */
  readonly audit: LabLog;
  /** The records of requests that sessions made, the newest first. */
  readonly accessAudit: LabLog;
}

/** The routes under `/_mock/`, which AWS does not have. The surrounding application answers a `ServiceError`. */
export function labRoutes(context: LabContext): Hono<{ Bindings: HttpBindings }> {
  const lab = new Hono<{ Bindings: HttpBindings }>();
  const { state, clock, audit, accessAudit, faults, sessionLimit } = context;

  lab.get("/health", (c) => c.json({ status: "ok", accountId: state.accountId, region: state.region }));

  lab.use(async (c, next) => {
    if (context.verifySignature !== undefined) await checkCaller(context, c);
    // A web page may send some content types without a CORS preflight, but not this one. So a page cannot change
    // anything here, even in a browser that is too old to send an Origin.
    if (
      /^(POST|PUT|PATCH)$/.test(c.req.method) &&
      !/^application\/json\s*(;|$)/i.test(c.req.header("content-type") ?? "")
    ) {
      return c.json({ message: "send the header content-type: application/json, also without a body" }, 415);
    }
    return await next();
  });

  lab.onError((error, c) => {
    if (error instanceof MockError || (error instanceof ServiceError && error.status === 400)) {
      return c.json({ message: error.message }, 400);
    }
    throw error;
  });

  const showRecords = (c: Context, log: LabLog): Response => {
    const limit = c.req.query("limit");
    if (limit !== undefined && !/^\d{1,6}$/.test(limit)) {
      throw validationError(`limit must be a whole number, not ${JSON.stringify(limit)}`);
    }
    return c.json({ Records: log.list(limit === undefined ? undefined : Number(limit)) });
  };
  lab.get("/audit", (c) => showRecords(c, audit));
  lab.get("/audit/access", (c) => showRecords(c, accessAudit));

  const showClock = (c: Context): Response =>
    c.json({ now: clock.now().toISOString(), rate: clock.rate, offsetSeconds: clock.offsetSeconds });
  lab.get("/clock", showClock);
  lab.put("/clock", async (c) => {
    const usage = 'give {"now": "2026-01-02T03:04:05Z"}, {"advanceSeconds": 3600} or {"rate": 0}';
    const change = await readBody(c, ClockChange, usage);
    if ("rate" in change) {
      clock.setRate(change.rate);
      return showClock(c);
    }
    const target =
      "now" in change ? Date.parse(change.now) : clock.now().getTime() + change.advanceSeconds * 1000;
    if (!(target >= EARLIEST && target <= LATEST)) {
      throw validationError("the clock goes from 1950 to 9998, the years that certificates can name");
    }
    clock.set(new Date(target));
    return showClock(c);
  });
  lab.delete("/clock", (c) => {
    clock.reset();
    return showClock(c);
  });

  lab.get("/faults", (c) => c.json({ faults: faults.list() }));
  lab.post("/faults", async (c) => {
    const usage = `give {"kind": one of ${FAULT_KINDS.join(", ")}, "count": 1, "delayMilliseconds": 0}`;
    faults.add(await readBody(c, FaultInput, usage));
    return c.json({ faults: faults.list() }, 201);
  });
  lab.delete("/faults", (c) => {
    faults.clear();
    return c.json({ faults: [] });
  });

  const showSessionLimit = (c: Context): Response =>
    c.json({ maximumSeconds: sessionLimit.maximumSeconds ?? null });
  lab.get("/session-duration", showSessionLimit);
  lab.put("/session-duration", async (c) => {
    const usage = `give {"maximumSeconds": a whole number from 1 to ${MAX_DURATION_SECONDS}}`;
    sessionLimit.maximumSeconds = (await readBody(c, SessionLimitInput, usage)).maximumSeconds;
    return showSessionLimit(c);
  });
  lab.delete("/session-duration", (c) => {
    sessionLimit.maximumSeconds = undefined;
    return showSessionLimit(c);
  });

  lab.get("/snapshot", (c) => c.json(exportSnapshot(state)));
  lab.put("/snapshot", async (c) => {
    const body = new Uint8Array(await c.req.arrayBuffer());
    importSnapshot(state, parseJson(body, MAX_SNAPSHOT_VALUES));
    const { trustAnchors, profiles, crls, subjects } = state;
    return c.json({ imported: trustAnchors.size + profiles.size + crls.size + subjects.size });
  });

  lab.post("/reset", (c) => {
    clearState(state);
    audit.clear();
    accessAudit.clear();
    faults.clear();
    clock.reset();
    sessionLimit.maximumSeconds = undefined;
    return c.json({ status: "ok" });
  });

  lab.all("*", (c) => {
    const message = `no ${c.req.method} ${c.req.path}; there is GET /_mock/health, GET /_mock/audit, GET /_mock/audit/access, POST /_mock/authorize, GET PUT DELETE /_mock/clock, GET POST DELETE /_mock/faults, GET PUT DELETE /_mock/session-duration, GET PUT /_mock/snapshot, POST /_mock/reset`;
    return c.json({ message }, 404);
  });
  return lab;
}

/** The body in this shape. What is not JSON, or of another shape, is refused with the usage. */
async function readBody<T extends z.ZodType>(c: Context, shape: T, usage: string): Promise<z.infer<T>> {
  try {
    return shape.parse(parseJson(new Uint8Array(await c.req.arrayBuffer())));
  } catch (error) {
    if (error instanceof ServiceError || error instanceof z.ZodError) throw validationError(usage);
    throw error;
  }
}
