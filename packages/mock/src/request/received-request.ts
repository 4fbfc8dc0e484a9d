import type { HttpBindings } from "@hono/node-server";

export { parseQuery, splitTarget } from "@roles-anywhere/enforcement";
export type { QueryParameter } from "@roles-anywhere/enforcement";

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
