import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { z } from "zod";
import { ServiceError } from "../errors/service-error.ts";
import { readMembers } from "../model/read-members.ts";
import type { Clock, State } from "../state/state.ts";

/** What the operations of the control plane work on. */
export interface OperationContext {
  readonly state: State;
  readonly clock: Clock;
  /** Names new resources. */
  readonly uuid: () => string;
}

/** Where an operation of the service model answers. */
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

/** A request as the dispatcher hands it to an operation. */
export type OperationRequest = Context<{ Bindings: HttpBindings }>;

/**
 * One operation of the service.
 *
 * @typeParam C what the operation works on
 */
export interface Operation<C = OperationContext> extends OperationBinding {
  /**
   * Reads the request, does the work and returns the output structure.
   *
   * @throws {ServiceError} when the service would refuse
   */
  handle(context: C, request: OperationRequest): Promise<object>;
}

/**
 * Defines an operation of the control plane by its binding, its input shape and its behaviour.
 *
 * @param binding method, path and success status
 * @param input the members that the operation takes, wherever they travel
 * @param run does the work and returns the output structure
 * @example
 * const getSubject = operation(
 *   { name: "GetSubject", method: "GET", path: "/subject/:subjectId" },
 *   z.object({ subjectId: uuid }),
 *   ({ state }, { subjectId }) => ({ subject: state.subjects.get(subjectId) }),
 * );
 */
export function operation<T extends z.ZodType>(
  binding: OperationBinding,
  input: T,
  run: (context: OperationContext, input: z.infer<T>) => object,
): Operation {
  return {
    ...binding,
    async handle(context, request) {
      return run(context, readMembers(input, await collectMembers(request, binding)));
    },
  };
}

/** Collects the members of an operation's input from the three places where they travel: JSON body, query and path. */
async function collectMembers(
  request: OperationRequest,
  { method, query }: OperationBinding,
): Promise<Record<string, unknown>> {
  const hasBody = method !== "GET" && method !== "DELETE";
  return {
    ...(hasBody ? parseBody(await request.req.text()) : {}),
    ...readQuery(new URL(request.req.url).searchParams, query ?? {}),
    ...request.req.param(),
  };
}

function parseBody(body: string): Record<string, unknown> {
  if (body.trim() === "") return {};
  const parsed = parseJson(body);
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  throw new ServiceError(400, "SerializationException", "Request body is not a JSON object");
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new ServiceError(400, "SerializationException", "Request body is not valid JSON");
  }
}

function readQuery(
  query: URLSearchParams,
  members: NonNullable<OperationBinding["query"]>,
): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(members)) {
    const values = query.getAll(name);
    const first = values[0];
    if (first === undefined) continue;
    if (type === "texts") read[name] = values;
    else read[name] = type === "integer" && /^-?\d+$/.test(first) ? Number(first) : first;
  }
  return read;
}
