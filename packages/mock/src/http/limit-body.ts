import type { MiddlewareHandler } from "hono";
import { ServiceError } from "../errors/service-error.ts";

/**
 * Reads each request's body, up to a bound, before anything else looks at it. A larger body is refused with 413, and
 * the rest of it is not read.
 *
 * Hono's own `bodyLimit` copies the request when no length was announced (chunked bodies, and DELETE as undici sends
 * it), which fails on the request objects of `@hono/node-server` unless that may replace the process' global classes.
 */
export function limitBody(maxBytesOf: (path: string) => number): MiddlewareHandler {
  return async (c, next) => {
    const maxBytes = maxBytesOf(c.req.path);
    if (Number(c.req.header("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
    const { body, url, method, headers } = c.req.raw;
    if (body !== null) {
      const bytes = await readUpTo(maxBytes, body);
      // The client closed the connection: nobody reads this response.
      if (bytes === undefined) return new Response(null, { status: 400 });
      c.req.raw = new Request(url, { method, headers, body: bytes.length === 0 ? null : bytes });
    }
    return await next();
  };
}

/** @returns `undefined` when the connection broke */
async function readUpTo(maxBytes: number, body: ReadableStream<Uint8Array>) {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    return undefined;
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): ServiceError {
  const message = `The request body is larger than ${maxBytes} bytes`;
  return new ServiceError("RequestEntityTooLargeException", message);
}
