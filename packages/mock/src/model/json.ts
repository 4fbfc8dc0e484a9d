import { ServiceError } from "../errors/service-error.ts";

/** How deep a body may be nested. No shape of the service model is half as deep. */
const MAX_DEPTH = 32;

const UTF_8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Parses a JSON body. Its values and their nesting are counted first, because a body of brackets alone would take a
 * hundred times its own memory and exhaust the stack of a function that walks through it.
 *
 * @param maxValues how many there may be, members and elements included
 */
export function parseJson(body: Uint8Array, maxValues = Infinity): unknown {
  const { depth, values } = measure(body);
  if (depth > MAX_DEPTH) {
    throw new ServiceError("SerializationException", `Request body is nested deeper than ${MAX_DEPTH}`);
  }
  if (values > maxValues) {
    throw new ServiceError("SerializationException", `Request body has more than ${maxValues} values`);
  }
  try {
    return JSON.parse(UTF_8.decode(body));
  } catch {
    throw new ServiceError("SerializationException", "Request body is not valid JSON");
  }
}

/** The members of a JSON object; none for an empty body. */
export function parseJsonObject(body: Uint8Array): Record<string, unknown> {
  if (body.every(isBlank)) return {};
  const parsed = parseJson(body);
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  throw new ServiceError("SerializationException", "Request body is not a JSON object");
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** The deepest nesting of brackets outside strings, and the most values that the commas and brackets there allow. */
function measure(body: Uint8Array): { depth: number; values: number } {
  let [depth, deepest, values] = [0, 0, 1];
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === 0x22) at = endOfString(body, at);
    else if (byte === 0x2c) values += 1;
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      values += 1;
      if (depth > deepest) deepest = depth;
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
  return { depth: deepest, values };
}

/** The position of the quotation mark that ends the string, or the end of the body when there is none. */
function endOfString(body: Uint8Array, start: number): number {
  let at = start;
  let escapes: number;
  do {
    at = body.indexOf(0x22, at + 1);
    if (at < 0) return body.length;
    for (escapes = 0; body[at - 1 - escapes] === 0x5c; escapes += 1);
  } while (escapes % 2 === 1);
  return at;
}
