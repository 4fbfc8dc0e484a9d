import type { Context } from "hono";
import type { OperationBinding } from "../operation.ts";
import { ServiceError } from "../../errors/service-error.ts";

/**
 * Collects an operation's members from the three places where they travel: JSON body, query string and path.
 *
 * @throws {ServiceError} 400 `SerializationException` when the body is not a JSON object
 */
export async function readRequest(
  request: Context,
  binding: OperationBinding,
): Promise<Record<string, unknown>> {
  const hasBody = binding.method !== "GET" && binding.method !== "DELETE";
  return {
    ...(hasBody ? parseBody(await request.req.text()) : {}),
    ...readQuery(new URL(request.req.url).searchParams, binding.query ?? {}),
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
