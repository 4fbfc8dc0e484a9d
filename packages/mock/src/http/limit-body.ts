import type { Context, MiddlewareHandler } from "hono";

/**
 * Reads each request's body, up to a bound, before anything else looks at it.
 *
 * Hono's own `bodyLimit` copies the request when no length was announced (chunked bodies, and DELETE as undici sends
 * it), which fails on the request objects of `@hono/node-server` unless that may replace the process' global classes.
 *
 * @param maxBytes largest body
 * @param refuse answers a larger one; what is left of it is not read
 */
export function limitBody(maxBytes: number, refuse: (c: Context) => Response): MiddlewareHandler {
  return async (c, next) => {
    if (Number(c.req.header("content-length") ?? 0) > maxBytes) return refuse(c);
    const { body, url, method, headers } = c.req.raw;
    if (body !== null) {
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of body) {
        size += chunk.length;
        if (size > maxBytes) return refuse(c);
        chunks.push(chunk);
      }
      c.req.raw = new Request(url, {
        method,
        headers,
        ...(size === 0 ? {} : { body: Buffer.concat(chunks) }),
      });
    }
    return await next();
  };
}
