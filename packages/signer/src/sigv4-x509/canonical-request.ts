import { hash } from "node:crypto";

/** Headers that never take part in the signature, in lower case. */
const UNSIGNED_HEADERS: ReadonlySet<string> = new Set([
  "accept-encoding",
  "authorization",
  "connection",
  "content-length",
  "user-agent",
  "x-amzn-trace-id",
]);

/** What takes part in a signature. */
export interface RequestToSign {
  /** HTTP method in capitals. */
  readonly method: string;
  /** Absolute path as signed, for example `/sessions`. */
  readonly path: string;
  /** Query parameters, decoded, in any order. */
  readonly query: Readonly<Record<string, string>>;
  /** By name; letter case of the names is free. */
  readonly headers: Readonly<Record<string, string>>;
  /** Exact bytes of the body. */
  readonly body: string | Uint8Array;
}

/** The canonical request and the list of headers that it covers. */
export interface CanonicalRequest {
  /** The six parts joined by line feeds. */
  readonly text: string;
  /** Lower-case names joined by `;`. */
  readonly signedHeaders: string;
  /** Lower-case hex SHA-256 of `text`. */
  readonly sha256: string;
}

/**
 * Builds the canonical request of Signature Version 4.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html (Task 1)
 */
export function canonicalRequest(request: RequestToSign): CanonicalRequest {
  const headers = canonicalHeaders(request.headers);
  const signedHeaders = headers.map(([name]) => name).join(";");
  const text = [
    request.method,
    request.path,
    canonicalQuery(request.query),
    // Each header line ends in a line feed of its own, hence the empty line before the list.
    headers.map(([name, value]) => `${name}:${value}\n`).join(""),
    signedHeaders,
    sha256Hex(request.body),
  ].join("\n");
  return { text, signedHeaders, sha256: sha256Hex(text) };
}

/**
 * Query string with RFC 3986 percent-encoding (space is `%20`), sorted by encoded name. The same text goes on the wire.
 */
export function canonicalQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => [encodeRfc3986(name), encodeRfc3986(value)] as const)
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** Lower-cased names in code point order with folded values, without the headers that are never signed. */
export function canonicalHeaders(headers: RequestToSign["headers"]): readonly (readonly [string, string])[] {
  const folded = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    if (UNSIGNED_HEADERS.has(key)) continue;
    const text = foldSpaces(value);
    const earlier = folded.get(key);
    folded.set(key, earlier === undefined ? text : `${earlier},${text}`);
  }
  return [...folded].sort(([a], [b]) => compareCodePoints(a, b));
}

/** Trims and turns inner runs of spaces and tabs into one space. */
export function foldSpaces(value: string): string {
  const plain = !value.includes("  ") && !value.includes("\t");
  return (plain ? value : value.replaceAll(/[ \t]+/g, " ")).trim();
}

/** Percent-encodes everything outside the unreserved set of RFC 3986 §2.3, with upper-case hex. */
export function encodeRfc3986(text: string): string {
  let encoded = encodeURIComponent(text.toWellFormed());
  // Reserved characters that encodeURIComponent leaves as they are.
  for (const character of "!'()*") {
    encoded = encoded.replaceAll(character, `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  }
  return encoded;
}

/** Lower-case hex SHA-256. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

function compareCodePoints(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
