import type { Context } from "hono";
import type { z } from "zod";
import type { OperationContext } from "./context.ts";
import { readMembers } from "../model/read-members.ts";
import { readRequest } from "./request/read-request.ts";

/** Where an operation answers, in the words of the service model. */
export interface OperationBinding {
  readonly name: string;
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Path with labels in Hono's form: `/crl/:crlId`. */
  readonly path: string;
  /** @default 200 */
  readonly status?: 200 | 201;
  /** Members that travel in the query string. */
  readonly query?: Readonly<Record<string, "text" | "integer" | "texts">>;
}

/** One operation of the service. */
export interface Operation extends OperationBinding {
  handle(context: OperationContext, request: Context): Promise<object>;
}

/**
 * Ties an operation's binding, input shape and behaviour together.
 *
 * @param binding method, path and success status
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
    async handle(context, request) {
      return run(context, readMembers(input, await readRequest(request, binding)));
    },
  };
}
