/** A request exactly as it arrived: signatures are about bytes, so nothing is normalised yet. */
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

/** All values of one header, in order; the name is compared without regard to letter case. */
export function headerValues(request: ReceivedRequest, name: string): string[] {
  const wanted = name.toLowerCase();
  const values: string[] = [];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const value = request.rawHeaders[index + 1];
    if (request.rawHeaders[index]?.toLowerCase() === wanted && value !== undefined) values.push(value);
  }
  return values;
}

/**
 * Takes blanks off both ends: spaces and tabs, which is what HTTP calls blank (RFC 9110 §5.6.3), and nothing else.
 * By hand, since a regular expression for it takes quadratic time on a header full of spaces.
 */
export function trimBlanks(value: string): string {
  let [start, end] = [0, value.length];
  while (start < end && isBlank(value, start)) start += 1;
  while (end > start && isBlank(value, end - 1)) end -= 1;
  return value.slice(start, end);
}

function isBlank(value: string, index: number): boolean {
  return value[index] === " " || value[index] === "\t";
}

/** The path and the raw query of the target; a proxy's absolute form is accepted too (RFC 9112 §3.2.2). */
export function splitTarget(target: string): { path: string; query: string } {
  const relative = target.replace(/^https?:\/\/[^/?#]*/i, "");
  const mark = relative.indexOf("?");
  return mark < 0
    ? { path: relative, query: "" }
    : { path: relative.slice(0, mark), query: relative.slice(mark + 1) };
}
