import { randomUUID } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono } from "hono";
import type { z } from "zod";
import { ServiceError } from "../errors/service-error.ts";
import { parseJsonObject } from "../model/json.ts";
import { readMembers } from "../model/read-members.ts";
import type { Clock, State } from "../state/state.ts";

/** The account, clock and ids that the operations of the control plane use. */
export interface OperationContext {
  readonly state: State;
  readonly clock: Clock;
  /** Makes the ids of new resources. */
  readonly uuid: () => string;
}

/** The HTTP binding of an operation in the service model. */
export interface OperationBinding {
  readonly name: string;
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Path with labels in Hono's form: `/crl/:crlId`. */
  readonly path: string;
  /** HTTP status of success. @default 200 */
  readonly status?: 200 | 201 | undefined;
  /** Members that travel in the query string. */
  readonly query?: Readonly<Record<string, "text" | "integer" | "texts">> | undefined;
}

/** A request as operations get it. */
export type OperationRequest = Context<{ Bindings: HttpBindings }>;

/** One operation of the service, which works on `C`. */
export interface Operation<C = OperationContext> extends OperationBinding {
  /**
   * Reads the request, does the work and returns the output structure.
   *
   * @param requestId goes to the header `x-amzn-RequestId`
   */
  handle(context: C, request: OperationRequest, requestId: string): Promise<object>;
}

/**
 * Defines an operation of the control plane.
 *
 * @param input the members that the operation takes, wherever they travel
 * @param run does the work and returns the output structure
 */
export function operation<T extends z.ZodType>(
  binding: OperationBinding,
  input: T,
  run: (context: OperationContext, input: z.infer<T>) => object,
): Operation {
  return {
    ...binding,
    handle: async (context, request) =>
      run(context, readMembers(input, await collectMembers(request, binding))),
  };
}

/** An output structure as JSON: times in ISO 8601 in UTC with microseconds, as the service prints them; bytes in base64. */
function toJson(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString().replace("Z", "000Z");
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toJson(member)]));
}

/** Serves an operation: its output becomes JSON, and its errors get AWS's form. `authenticate` refuses callers first. */
export function serveOperation<C>(
  app: Hono<{ Bindings: HttpBindings }>,
  operation: Operation<C>,
  context: C,
  authenticate?: (request: OperationRequest) => Promise<void>,
): void {
  app.on(operation.method, operation.path, async (request) => {
    const requestId = randomUUID();
    try {
      await authenticate?.(request);
      const output = await operation.handle(context, request, requestId);
      const { status = 200 } = operation;
      return Response.json(toJson(output), { status, headers: { "x-amzn-RequestId": requestId } });
    } catch (error) {
      if (error instanceof ServiceError) return error.toResponse(requestId);
      throw error;
    }
  });
}

/** Collects the members of an operation's input from the three places where they travel: JSON body, query and path. */
async function collectMembers(
  { req }: OperationRequest,
  { method, query = {} }: OperationBinding,
): Promise<Record<string, unknown>> {
  const hasBody = method !== "GET" && method !== "DELETE";
  const members = hasBody ? parseJsonObject(new Uint8Array(await req.arrayBuffer())) : {};
  const sent = new URL(req.url).searchParams;
  for (const [name, type] of Object.entries(query)) {
    const values = sent.getAll(name);
    const [first] = values;
    if (first === undefined) continue;
    if (type === "texts") members[name] = values;
    else members[name] = type === "integer" && /^-?\d+$/.test(first) ? Number(first) : first;
  }
  return { ...members, ...req.param() };
}
