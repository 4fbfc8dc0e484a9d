import type { MiddlewareHandler } from "hono";

/**
 * Reads each request's body, up to a bound, before anything else looks at it.
 *
 * Hono's own `bodyLimit` copies the request when no length was announced (chunked bodies, and DELETE as undici sends
 * it), which fails on the request objects of `@hono/node-server` unless that may replace the process' global classes.
 *
 * @param maxBytesOf largest body of a request with this path
 * @param refuse answers a larger one; what is left of it is not read
 */
export function limitBody(
  maxBytesOf: (path: string) => number,
  refuse: (maxBytes: number) => Response,
): MiddlewareHandler {
  return async (c, next) => {
    const maxBytes = maxBytesOf(c.req.path);
    if (Number(c.req.header("content-length") ?? 0) > maxBytes) return refuse(maxBytes);
    const { body, url, method, headers } = c.req.raw;
    if (body !== null) {
      const bytes = await readUpTo(maxBytes, body);
      if (bytes === "larger") return refuse(maxBytes);
      // The client went away: nobody reads this.
      if (bytes === "broken") return new Response(null, { status: 400 });
      c.req.raw = new Request(url, { method, headers, ...(bytes.length === 0 ? {} : { body: bytes }) });
    }
    return await next();
  };
}

async function readUpTo(
  maxBytes: number,
  body: ReadableStream<Uint8Array>,
): Promise<Buffer<ArrayBuffer> | "larger" | "broken"> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > maxBytes) return "larger";
      chunks.push(chunk);
    }
  } catch {
    return "broken";
  }
  return Buffer.concat(chunks);
}
