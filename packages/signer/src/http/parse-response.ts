import { SignerError } from "../errors.ts";

/** A whole HTTP/1.1 answer. */
export interface ParsedResponse {
  readonly status: number;
  /** First value of each header, by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

// Without regular expressions: an SDK waits for the command, and V8 takes longer to compile one than all else here takes.

/** Longest status line and headers, in bytes. */
const MAX_HEAD_BYTES = 64 * 1024;

/**
 * Parses what a connection has delivered so far.
 *
 * @param bytes Everything received.
 * @param ended Whether the server has closed its side.
 * @returns The answer; undefined while more is to come.
 * @throws {SignerError} ERR_SIGNER_RESPONSE_INVALID for what is not HTTP/1.1; ERR_SIGNER_CONNECTION_FAILED when the server
 *   closed before the answer was complete.
 * @see RFC 9112 §6.3 (message body length)
 */
export function parseResponse(bytes: Buffer, ended: boolean): ParsedResponse | undefined {
  const head = parseHead(bytes, ended);
  if (head === undefined) return undefined;
  const rest = bytes.subarray(head.byteLength);
  // Interim answers (RFC 9110 §15.2) precede the real one.
  if (head.status >= 100 && head.status < 200) return parseResponse(rest, ended);

  const body = bodyOf(head.status, head.headers, rest, ended);
  if (body === undefined && ended) throw cutShort("within the body");
  return body === undefined ? undefined : { status: head.status, headers: head.headers, body };
}

/**
 * Parses status line and headers alone; see {@link parseResponse}.
 *
 * @returns The head with its length on the wire; undefined while more is to come.
 */
export function parseHead(
  bytes: Buffer,
  ended: boolean,
): (Omit<ParsedResponse, "body"> & { readonly byteLength: number }) | undefined {
  const length = bytes.indexOf("\r\n\r\n");
  if (length === -1) {
    if (bytes.length > MAX_HEAD_BYTES || !looksLikeHttp(bytes)) throw notHttp();
    if (ended) throw cutShort(bytes.length === 0 ? "without an answer" : "within the headers");
    return undefined;
  }
  const [statusLine = "", ...lines] = bytes.toString("latin1", 0, length).split("\r\n");
  const status = statusOf(statusLine);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 1) throw notHttp();
    const name = line.slice(0, colon).toLowerCase();
    if (!headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return { status, headers, byteLength: length + 4 };
}

/** The three digits of a status line (RFC 9112 §4). */
function statusOf(line: string): number {
  const [version, status = "", reason = ""] = [line.slice(0, 9), line.slice(9, 12), line.slice(12)];
  const known = version === "HTTP/1.1 " || version === "HTTP/1.0 ";
  if (!known || status.length !== 3 || !isDigits(status) || !(reason === "" || reason.startsWith(" "))) {
    throw notHttp();
  }
  return Number(status);
}

function bodyOf(
  status: number,
  headers: ReadonlyMap<string, string>,
  rest: Buffer,
  ended: boolean,
): Buffer | undefined {
  if (status === 204 || status === 304) return rest.subarray(0, 0);
  const codings = headers.get("transfer-encoding") ?? "";
  const lastCoding = codings.slice(codings.lastIndexOf(",") + 1).trim();
  if (lastCoding.toLowerCase() === "chunked") return decodeChunks(rest);
  const length = headers.get("content-length");
  if (length === undefined) return ended ? rest : undefined;
  if (!isDigits(length)) throw notHttp();
  return rest.length >= Number(length) ? rest.subarray(0, Number(length)) : undefined;
}

/** Chunked transfer coding (RFC 9112 §7.1); extensions and trailers are dropped. */
function decodeChunks(bytes: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let position = 0; ;) {
    const lineEnd = bytes.indexOf("\r\n", position);
    if (lineEnd === -1) return undefined;
    const size = chunkSize(bytes.toString("latin1", position, lineEnd));
    const start = lineEnd + 2;
    if (size === 0) {
      const complete = bytes.indexOf("\r\n", start) === start || bytes.includes("\r\n\r\n", start);
      return complete ? Buffer.concat(chunks) : undefined;
    }
    if (bytes.length < start + size + 2) return undefined;
    chunks.push(bytes.subarray(start, start + size));
    position = start + size + 2;
  }
}

/** The hexadecimal number that a chunk begins with; an extension may follow after a semicolon. */
function chunkSize(line: string): number {
  const digits = (line.split(";", 1)[0] ?? "").trimEnd();
  const size = Number(`0x${digits}`);
  if (digits.length > 8 || Number.isNaN(size)) throw notHttp();
  return size;
}

function isDigits(text: string): boolean {
  for (const character of text) if (character < "0" || character > "9") return false;
  return text !== "";
}

function looksLikeHttp(bytes: Buffer): boolean {
  const expected = "HTTP/1.";
  return expected.startsWith(bytes.toString("latin1", 0, Math.min(bytes.length, expected.length)));
}

function notHttp(): SignerError {
  return new SignerError(
    "ERR_SIGNER_RESPONSE_INVALID",
    "the answer is not HTTP/1.1; check scheme and port of the endpoint",
  );
}

function cutShort(where: string): SignerError {
  return new SignerError("ERR_SIGNER_CONNECTION_FAILED", `the server closed the connection ${where}`);
}
