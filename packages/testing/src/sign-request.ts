import { createHash, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { Issued } from "./certificates.ts";
import type { WireRequest } from "./send.ts";

/** A CreateSession request to be signed. Some members make the request or its signature wrong. */
export interface SigningSpec {
  certificate: Issued;
  /** The key to sign with. @default the certificate's own */
  privateKey?: KeyObject | undefined;
  chain?: readonly Issued[] | undefined;
  date: Date;
  host?: string | undefined;
  contentType?: string | undefined;
  region?: string | undefined;
  service?: string | undefined;
  terminator?: string | undefined;
  scopeDate?: string | undefined;
  algorithm?: string | undefined;
  serial?: string | undefined;
  /** The query in the request. */
  query?: string | undefined;
  /** The canonical query. @default `query` */
  canonicalQuery?: string | undefined;
  body?: string | Uint8Array | undefined;
  path?: string | undefined;
  /** Further headers. They are signed when `sign` lists them. */
  headers?: readonly (readonly [name: string, value: string])[] | undefined;
  /** Names of the headers to sign. @default host, content-type, date and certificates */
  sign?: readonly string[] | undefined;
  /** Changes the request after signing. */
  tamper?: ((request: WireRequest) => WireRequest) | undefined;
}

/**
 * Signs a CreateSession request by the four tasks of the user guide. It shares no code with the mock or the signer.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
 */
export function signedRequest(spec: SigningSpec): WireRequest {
  const amzDate = `${spec.date.toISOString().replaceAll(/[-:]/g, "").slice(0, 15)}Z`;
  const body = Buffer.from(spec.body ?? "{}");
  const headers: [string, string][] = [
    ["Host", spec.host ?? "127.0.0.1:9912"],
    ["Content-Type", spec.contentType ?? "application/json"],
    ["X-Amz-Date", amzDate],
    ["X-Amz-X509", spec.certificate.base64],
    ...(spec.chain === undefined
      ? []
      : [["X-Amz-X509-Chain", spec.chain.map(({ base64 }) => base64).join(",")] satisfies [string, string]]),
    ...(spec.headers ?? []).map(([name, value]): [string, string] => [name, value]),
  ];
  const defaults = ["content-type", "host", "x-amz-date", "x-amz-x509"];
  const signedHeaders = (
    spec.sign ?? [...defaults, ...(spec.chain === undefined ? [] : ["x-amz-x509-chain"])]
  ).join(";");
  const key = spec.privateKey ?? spec.certificate.keys.privateKey;
  const algorithm = spec.algorithm ?? algorithmOf(key);
  const canonicalHeaders = signedHeaders.split(";").map((wanted) => {
    const values = headers
      .filter(([name]) => name.toLowerCase() === wanted)
      .map(([, value]) => value.trim().replaceAll(/ +/g, " "));
    return `${wanted}:${values.join(",")}\n`;
  });
  const canonicalRequest = [
    "POST",
    spec.path ?? "/sessions",
    spec.canonicalQuery ?? spec.query ?? "",
    canonicalHeaders.join(""),
    signedHeaders,
    sha256(body),
  ].join("\n");
  const scope = [
    spec.scopeDate ?? amzDate.slice(0, 8),
    spec.region ?? "us-east-1",
    spec.service ?? "rolesanywhere",
    spec.terminator ?? "aws4_request",
  ].join("/");
  const stringToSign = [algorithm, amzDate, scope, sha256(canonicalRequest)].join("\n");
  const classic = key.asymmetricKeyType === "rsa" || key.asymmetricKeyType === "ec";
  const signature = sign(classic ? "sha256" : null, Buffer.from(stringToSign), key).toString("hex");
  const credential = `${spec.serial ?? spec.certificate.serialNumber.toString()}/${scope}`;
  headers.push([
    "Authorization",
    `${algorithm} Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
  ]);
  const request: WireRequest = {
    method: "POST",
    target: `${spec.path ?? "/sessions"}${spec.query === undefined ? "" : `?${spec.query}`}`,
    rawHeaders: headers.flat(),
    body,
    sourceIp: "192.0.2.1",
  };
  return spec.tamper?.(request) ?? request;
}

/** The request with one header set to another value, or removed when the value is `undefined`. */
export function withHeader(request: WireRequest, name: string, value: string | undefined): WireRequest {
  const rawHeaders: string[] = [];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const key = request.rawHeaders[index] ?? "";
    const old = request.rawHeaders[index + 1] ?? "";
    if (key.toLowerCase() !== name.toLowerCase()) rawHeaders.push(key, old);
    else if (value !== undefined) rawHeaders.push(key, value);
  }
  return { ...request, rawHeaders };
}

function algorithmOf(key: KeyObject): string {
  if (key.asymmetricKeyType === "rsa") return "AWS4-X509-RSA-SHA256";
  return key.asymmetricKeyType === "ec" ? "AWS4-X509-ECDSA-SHA256" : "AWS4-X509-MLDSA";
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
