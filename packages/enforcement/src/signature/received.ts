import type { ServiceRequest } from "../service-request.ts";

/** What a signature covers of a request, as received. */
export type SignedRequest = Pick<ServiceRequest, "service" | "method" | "path" | "headers" | "payloadSha256">;

/** Header values by lower-case name, each in the order of the wire. */
export function indexHeaders(headers: SignedRequest["headers"]): ReadonlyMap<string, readonly string[]> {
  return groupByName(headers.map(([name, value]) => [name.toLowerCase(), value] as const));
}

/** One name and value of a query, decoded. */
export type QueryParameter = readonly [name: string, value: string];

/** The path and the raw query of a request target; a proxy's absolute form is accepted too (RFC 9112 §3.2.2). */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const relative = target.replace(/^https?:\/\/[^/?#]*/iu, "");
  const mark = relative.indexOf("?");
  return mark < 0
    ? { path: relative, query: "" }
    : { path: relative.slice(0, mark), query: relative.slice(mark + 1) };
}

/**
 * Decodes a raw query; `+` is a space.
 *
 * @returns `undefined` when an escape is malformed or not UTF-8
 */
export function parseQuery(query: string): readonly QueryParameter[] | undefined {
  // Most names and values have nothing to decode, which is faster to see than to do.
  const decode = (text: string): string =>
    /[%+]/u.test(text) ? decodeURIComponent(text.replaceAll("+", " ")) : text;
  try {
    return query
      .split("&")
      .filter((part) => part !== "")
      .map((part): QueryParameter => {
        const [name = ""] = part.split("=", 1);
        return [decode(name), decode(part.slice(name.length + 1))];
      });
  } catch {
    return undefined;
  }
}

/** The values of each name, in order. */
export function groupByName(pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, string[]> {
  const grouped = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const values = grouped.get(name);
    if (values === undefined) grouped.set(name, [value]);
    else values.push(value);
  }
  return grouped;
}
