import { ServiceError } from "../errors/service-error.ts";

/** How deep a body may be nested. No shape of the service model is half as deep. */
export const MAX_DEPTH = 32;

const UTF_8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Parses a JSON body. Its nesting is measured first: a body of nothing but brackets would take a hundred times its own
 * memory, and exhaust the stack of whoever walks through it.
 *
 * @param maxDepth how deep arrays and objects may be nested
 * @throws {ServiceError} 400 `SerializationException` for what is not JSON in UTF-8, or nested deeper
 */
export function parseJson(body: Uint8Array, maxDepth = MAX_DEPTH): unknown {
  if (bracketsIn(body, maxDepth) > maxDepth && depthOf(body) > maxDepth) {
    throw new ServiceError(400, "SerializationException", `Request body is nested deeper than ${maxDepth}`);
  }
  try {
    return JSON.parse(UTF_8.decode(body));
  } catch {
    throw new ServiceError(400, "SerializationException", "Request body is not valid JSON");
  }
}

/**
 * The members of a JSON object; none for an empty body.
 *
 * @throws {ServiceError} 400 `SerializationException`
 */
export function parseJsonObject(body: Uint8Array): Record<string, unknown> {
  if (body.every(isBlank)) return {};
  const parsed = parseJson(body);
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  throw new ServiceError(400, "SerializationException", "Request body is not a JSON object");
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** How many brackets are opened, counted no further than needed; few of them spare the slower measuring. */
function bracketsIn(body: Uint8Array, enough: number): number {
  let count = 0;
  for (const bracket of [0x5b, 0x7b]) {
    for (let at = body.indexOf(bracket); at >= 0 && count <= enough; at = body.indexOf(bracket, at + 1)) {
      count += 1;
    }
  }
  return count;
}

/** The deepest nesting of brackets outside strings. */
function depthOf(body: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at];
    if (inString) {
      if (byte === 0x5c) at += 1;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
  return deepest;
}
