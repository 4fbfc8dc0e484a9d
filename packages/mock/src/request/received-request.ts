import type { HttpBindings } from "@hono/node-server";
import { valueOr } from "../errors/value-or.ts";

/** A request exactly as it arrived. Signatures cover bytes, so nothing is normalised yet. */
export interface ReceivedRequest {
  readonly method: string;
  /** The request target of the request line, for example `/sessions?roleArn=…`. */
  readonly target: string;
  /** Names and values in turn, in the order and letter case of the wire. */
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array;
  /** Address of the peer, when known. */
  readonly sourceIp?: string | undefined;
  /** Whether it came over TLS. */
  readonly secure?: boolean | undefined;
}

/** Reads a request from Node's raw headers and target. The web request has them only in normalised form. */
export async function receive(
  incoming: HttpBindings["incoming"],
  request: Pick<Request, "arrayBuffer">,
): Promise<ReceivedRequest> {
  return {
    method: incoming.method ?? "",
    target: incoming.url ?? "",
    rawHeaders: incoming.rawHeaders,
    body: new Uint8Array(await request.arrayBuffer()),
    sourceIp: incoming.socket.remoteAddress?.replace(/^::ffff:/, ""),
    secure: "encrypted" in incoming.socket,
  };
}

/** Header values by lower-case name, each in the order of the wire. */
export type Headers = ReadonlyMap<string, readonly string[]>;

/** Groups raw headers by their names. Letter case does not count. */
export function indexHeaders(rawHeaders: readonly string[]): Headers {
  const headers = new Map<string, string[]>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    const value = rawHeaders[index + 1] ?? "";
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [value]);
    else values.push(value);
  }
  return headers;
}

/** All values of one header, in order. */
export function headerValues({ rawHeaders }: ReceivedRequest, name: string): readonly string[] {
  return indexHeaders(rawHeaders).get(name.toLowerCase()) ?? [];
}

/**
 * Removes spaces and tabs at both ends, the only characters that are blank in HTTP (RFC 9110 §5.6.3). A regular
 * expression for this would take quadratic time on a header full of spaces.
 */
export function trimBlanks(value: string): string {
  const isBlank = (index: number): boolean => value[index] === " " || value[index] === "\t";
  let [start, end] = [0, value.length];
  while (start < end && isBlank(start)) start += 1;
  while (end > start && isBlank(end - 1)) end -= 1;
  return value.slice(start, end);
}

/** The path and the raw query of the target; a proxy's absolute form is accepted too (RFC 9112 §3.2.2). */
export function splitTarget(target: string): { path: string; query: string } {
  const relative = target.replace(/^https?:\/\/[^/?#]*/i, "");
  const mark = relative.indexOf("?");
  return mark < 0
    ? { path: relative, query: "" }
    : { path: relative.slice(0, mark), query: relative.slice(mark + 1) };
}

/** One name and value of a query, decoded. */
export type QueryParameter = readonly [name: string, value: string];

/**
 * Decodes a raw query; `+` is a space, as clients of this service write it.
 *
 * @returns `undefined` when an escape is malformed or not UTF-8
 */
export function parseQuery(query: string): QueryParameter[] | undefined {
  const decode = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));
  const parameters = query.split("&").filter((part) => part !== "");
  return valueOr(undefined, () =>
    parameters.map((part): QueryParameter => {
      const [name = ""] = part.split("=", 1);
      return [decode(name), decode(part.slice(name.length + 1))];
    }),
  );
}
