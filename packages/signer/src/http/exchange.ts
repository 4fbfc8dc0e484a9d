import type { Socket } from "node:net";

import { SignerError } from "../errors.ts";

/** A request as it goes on the wire. */
export interface WireRequest {
  readonly method: string;
  /** Path with query; the whole URL or the authority where a proxy needs it. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Left out for CONNECT. */
  readonly body?: string | undefined;
}

/** A whole HTTP/1.1 response. */
export interface WireResponse {
  readonly status: number;
  /** By lower-case name. Of several values of one name it is the first; those that delimit the body are joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Longest whole response, in bytes. */
const MAX_RESPONSE_BYTES = 1024 * 1024;
/** Longest status line with headers, longest trailer and longest line before a chunk, in bytes. */
const MAX_HEAD_BYTES = 64 * 1024;

/**
 * Writes one request to a socket and reads one response. The socket is left open, and the caller limits the time.
 *
 * Why not node:http: with it a call with an https endpoint takes 61 ms of processor time and not 55 ms (bare Node.js 25 ms).
 *
 * @throws {SignerError} ERR_SIGNER_RESPONSE_INVALID when the response is not HTTP/1.1 or larger than one mebibyte.
 * @throws {TypeError} for a header or target that HTTP does not have; nothing is sent then.
 * @throws {Error} when the connection fails, or ends before the response does.
 */
export function exchange(socket: Socket, request: WireRequest): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    const bytes = formatRequest(request);
    const received: Received = { bytes: Buffer.alloc(0), ended: false };
    let length = 0;
    // A promise settles once, so the listeners may stay.
    const advance = (chunk?: Buffer): void => {
      try {
        length += chunk?.length ?? 0;
        if (length > MAX_RESPONSE_BYTES) throw tooLarge();
        if (chunk === undefined) received.ended = true;
        else received.bytes = length > chunk.length ? Buffer.concat([received.bytes, chunk]) : chunk;
        const response = readResponse(received, request.method);
        if (typeof response !== "string") resolve(response);
        else if (received.ended) throw cutShort(response);
      } catch (error) {
        reject(error);
      }
    };
    socket
      .on("data", advance)
      .on("end", advance)
      .on("close", () => advance())
      .on("error", reject);
    if (socket.destroyed) reject(socket.errored ?? cutShort(NOTHING));
    else socket.write(bytes);
  });
}

/** The bytes of a request (RFC 9112 §2.1). */
function formatRequest({ method, target, headers, body }: WireRequest): Buffer {
  const lines = [`${method} ${target} HTTP/1.1`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  // One search through all of them: V8 compiles a regular expression when it is used a second time.
  const names = Object.keys(headers);
  const unsafe =
    (isUnsafe(lines.join("")) ? lines.find(isUnsafe) : undefined) ??
    (isNoName(names.join("")) || names.includes("") ? names.find(isNoName) : undefined) ??
    (target.includes(" ") || target.includes("\t") ? target : undefined);
  if (unsafe !== undefined) {
    throw new TypeError(
      `not sent: ${JSON.stringify(unsafe.slice(0, 80))} is no valid header or request line`,
    );
  }
  const bytesOfBody = Buffer.from(body ?? "").toString("latin1");
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${bytesOfBody}`, "latin1");
}

/** Whether a line holds what none may (RFC 9110 §5.5). */
function isUnsafe(line: string): boolean {
  return /[^\t -~\u0080-\u00ff]/.test(line);
}

/** Whether a header's name is no token (RFC 9110 §5.6.2). */
function isNoName(name: string): boolean {
  return name === "" || /[^!#-'*+.\w^`|~-]/.test(name);
}

interface Received {
  /** What has arrived, without the interim responses. */
  bytes: Buffer;
  /** Whether the server has closed the connection. */
  ended: boolean;
}

const NOTHING = "without a response";
const IN_BODY = "within the body";

/** The response if it is complete; else where it would be cut short if nothing more arrived. */
function readResponse(received: Received, method: string): WireResponse | string {
  for (;;) {
    const { bytes, ended } = received;
    const end = endOfText(bytes, "\r\n\r\n", 0);
    if (end === -1) {
      if (!"HTTP/1.".startsWith(bytes.toString("latin1", 0, 7))) throw notHttp();
      return bytes.length === 0 ? NOTHING : "within the headers";
    }
    const head = partsOfHead(bytes.toString("latin1", 0, end));
    const status = Number(head?.[1]);
    // No request here asks for another protocol.
    if (head === null || status === 101) throw notHttp();
    received.bytes = bytes.subarray(end + 4);
    // Interim responses come before the final one (RFC 9110 §15.2).
    if (status < 200) continue;
    const headers = headersOf(head[2] ?? "");
    // A success of CONNECT has no body (RFC 9110 §9.3.6), and of a refusal the status is enough.
    const hasBody = method !== "CONNECT" && status !== 204 && status !== 304;
    const body = hasBody ? readBody(received.bytes, headers, ended) : Buffer.alloc(0);
    if (typeof body !== "string") return { status, headers, body };
    received.bytes = bytes;
    return body;
  }
}

/** Status and header lines (RFC 9112 §4, RFC 9110 §5.5). No header may be continued on the next line. */
function partsOfHead(head: string): RegExpExecArray | null {
  const pattern =
    /^HTTP\/1\.[01] ([1-9]\d\d)(?: [\t -~\u0080-\u00ff]*)?((?:\r\n[!#-'*+.\w^`|~-]+:[\t -~\u0080-\u00ff]*)*)$/;
  return pattern.exec(head);
}

/** Where a mark begins, or -1. */
function endOfText(bytes: Buffer, mark: string, from: number): number {
  const end = bytes.indexOf(mark, from);
  if ((end === -1 ? bytes.length : end) - from > MAX_HEAD_BYTES) throw notHttp();
  return end;
}

/** Headers of which each value counts, so that two different ones are refused. */
const DELIMITERS: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);

function headersOf(lines: string): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines.split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const earlier = headers.get(name);
    const value = line.slice(colon + 1).trim();
    if (earlier === undefined) headers.set(name, value);
    else if (DELIMITERS.has(name)) headers.set(name, `${earlier},${value}`);
  }
  return headers;
}

/** RFC 9112 §6.3. A length beside a transfer coding, and several lengths, are refused. */
function readBody(bytes: Buffer, headers: ReadonlyMap<string, string>, ended: boolean): Buffer | string {
  const codings = headers.get("transfer-encoding")?.toLowerCase();
  const length = headers.get("content-length");
  if (codings !== undefined && length !== undefined) throw notHttp();
  if (codings?.split(",").at(-1)?.trim() === "chunked") return readChunks(bytes);
  if (length === undefined) return ended ? bytes : IN_BODY;
  if (!/^\d+$/.test(length)) throw notHttp();
  if (Number(length) > MAX_RESPONSE_BYTES) throw tooLarge();
  return bytes.length < Number(length) ? IN_BODY : bytes.subarray(0, Number(length));
}

/** Chunked transfer coding (RFC 9112 §7.1); extensions and trailers are dropped. */
function readChunks(bytes: Buffer): Buffer | string {
  const chunks: Buffer[] = [];
  for (let from = 0; ;) {
    const lineEnd = endOfText(bytes, "\r\n", from);
    if (lineEnd === -1) return IN_BODY;
    const [, digits] = /^([\da-f]{1,8})[\t ]*(?:;.*)?$/i.exec(bytes.toString("latin1", from, lineEnd)) ?? [];
    if (digits === undefined) throw notHttp();
    from = lineEnd + 2;
    const end = from + Number.parseInt(digits, 16);
    if (end === from) return hasTrailers(bytes, from) ? Buffer.concat(chunks) : "within the trailers";
    if (end - from > MAX_RESPONSE_BYTES) throw tooLarge();
    if (bytes.length < end + 2) return IN_BODY;
    if (bytes.toString("latin1", end, end + 2) !== "\r\n") throw notHttp();
    chunks.push(bytes.subarray(from, end));
    from = end + 2;
  }
}

/** Whether all trailers have arrived: they end with an empty line. */
function hasTrailers(bytes: Buffer, from: number): boolean {
  for (let start = from; ;) {
    const end = endOfText(bytes, "\r\n", start);
    if (end === -1 || end === start) return end === start;
    start = end + 2;
  }
}

function cutShort(where: string): Error {
  return new Error(`the server closed the connection ${where}`);
}

function notHttp(): SignerError {
  return new SignerError(
    "ERR_SIGNER_RESPONSE_INVALID",
    "the answer is not HTTP/1.1; check scheme and port of the endpoint",
  );
}

function tooLarge(): SignerError {
  return new SignerError(
    "ERR_SIGNER_RESPONSE_INVALID",
    "the answer is larger than one mebibyte; check that the endpoint is Roles Anywhere",
  );
}
