import { hash } from "node:crypto";
import { type QueryParameter, encodeRfc3986 } from "./query.ts";
import { headerValues, type ReceivedRequest, trimBlanks } from "./received-request.ts";

/** What the signer must have signed, rebuilt from what arrived. */
export interface DerivedSigning {
  readonly canonicalRequest: string;
  readonly stringToSign: string;
}

/** The parts that the string to sign adds to the canonical request. */
export interface SigningParameters {
  readonly algorithm: string;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly amzDate: string;
  /** `<yyyymmdd>/<region>/rolesanywhere/aws4_request` */
  readonly scope: string;
}

/**
 * Rebuilds canonical request and string to sign from the received bytes.
 *
 * @param path the path of the request target, as received
 * @param query the decoded query parameters
 * @param signedHeaders the names to include, from the `Authorization` header
 * @param encodeValue how query values are encoded; see {@link queryValueEncodings}
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html tasks 1 and 2
 */
export function deriveSigning(
  request: ReceivedRequest,
  path: string,
  query: readonly QueryParameter[],
  signedHeaders: readonly string[],
  parameters: SigningParameters,
  encodeValue: (value: string) => string = encodeRfc3986,
): DerivedSigning {
  const canonicalRequest = [
    request.method,
    path,
    canonicalQuery(query, encodeValue),
    ...signedHeaders.map((name) => `${name}:${canonicalHeaderValue(headerValues(request, name))}`),
    "",
    signedHeaders.join(";"),
    sha256Hex(request.body),
  ].join("\n");
  const { algorithm, amzDate, scope } = parameters;
  return {
    canonicalRequest,
    stringToSign: [algorithm, amzDate, scope, sha256Hex(canonicalRequest)].join("\n"),
  };
}

/**
 * The ways to encode a query value that a correct client may have used. The user guide wants `=` inside a value
 * encoded twice, the official helper encodes it once; both are honoured, and they only differ when there is one.
 */
export function queryValueEncodings(query: readonly QueryParameter[]): ((value: string) => string)[] {
  const twice = (value: string): string => encodeRfc3986(value).replaceAll("%3D", "%253D");
  return query.some(([, value]) => value.includes("=")) ? [encodeRfc3986, twice] : [encodeRfc3986];
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

/** Text is hashed byte for byte: Node.js hands the bytes of a request line or header over as Latin-1. */
function sha256Hex(data: string | Uint8Array): string {
  return hash("sha256", typeof data === "string" ? Buffer.from(data, "latin1") : data);
}
