import { hash } from "node:crypto";
import type { Authorization } from "./authorization.ts";
import { trimBlanks } from "./received-request.ts";
import type { Headers, QueryParameter } from "./received-request.ts";

/** The parts of a request that its signature covers. */
export interface SignedParts extends Pick<Authorization, "scope" | "signedHeaders"> {
  readonly method: string;
  /** The path of the request target, as received. */
  readonly path: string;
  /** The decoded query parameters. */
  readonly query: readonly QueryParameter[];
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly algorithm: string;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly amzDate: string;
}

/**
 * Rebuilds canonical request and string to sign from the received bytes.
 *
 * @param encodeValue how query values are encoded; see {@link queryValueEncodings}
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html tasks 1 and 2
 */
export function deriveSigning(
  request: SignedParts,
  encodeValue: (value: string) => string = encodeRfc3986,
): { readonly canonicalRequest: string; readonly stringToSign: string } {
  const { method, path, query, headers, signedHeaders, body, algorithm, amzDate, scope } = request;
  const canonicalRequest = [
    method,
    path,
    canonicalQuery(query, encodeValue),
    ...signedHeaders.map((name) => `${name}:${canonicalHeaderValue(headers.get(name) ?? [])}`),
    "",
    signedHeaders.join(";"),
    sha256Hex(body),
  ].join("\n");
  const scopeText = `${scope.date}/${scope.region}/${scope.service}/${scope.terminator}`;
  return {
    canonicalRequest,
    stringToSign: [algorithm, amzDate, scopeText, sha256Hex(canonicalRequest)].join("\n"),
  };
}

/**
 * The ways to encode a query value that a correct client may have used. The user guide wants `=` inside a value
 * encoded twice, and the official helper encodes it once. The mock accepts both. They only differ when a value has `=`.
 */
export function queryValueEncodings(query: readonly QueryParameter[]): ((value: string) => string)[] {
  const twice = (value: string): string => encodeRfc3986(value).replaceAll("%3D", "%253D");
  return query.some(([, value]) => value.includes("=")) ? [encodeRfc3986, twice] : [encodeRfc3986];
}

/** Percent-encodes everything outside RFC 3986's unreserved set, in upper-case hex. */
export function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function canonicalQuery(query: readonly QueryParameter[], encodeValue: (value: string) => string): string {
  return query
    .map(([name, value]): QueryParameter => [encodeRfc3986(name), encodeValue(value)])
    .sort(([oneName, oneValue], [otherName, otherValue]) =>
      oneName === otherName ? compare(oneValue, otherValue) : compare(oneName, otherName),
    )
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function canonicalHeaderValue(values: readonly string[]): string {
  return values.map((value) => trimBlanks(value).replaceAll(/ {2,}/g, " ")).join(",");
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Hashes the bytes of the wire: Node.js decodes request lines and headers as Latin-1. */
function sha256Hex(data: string | Uint8Array): string {
  return hash("sha256", typeof data === "string" ? Buffer.from(data, "latin1") : data);
}
