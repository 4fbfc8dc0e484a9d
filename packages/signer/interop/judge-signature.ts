import { createHash, verify, X509Certificate } from "node:crypto";

import type { RecordedRequest } from "./recording-service.ts";

const AUTHORIZATION =
  /^(AWS4-X509-(?:RSA-SHA256|ECDSA-SHA256|MLDSA)) Credential=(\d+)\/((\d{8})\/[^/]+\/rolesanywhere\/aws4_request), SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]+)$/;

/**
 * Verifies a request against the certificate in it, with the canonical request derived here and not by the code under test.
 * A valid RSA signature has the only bytes that it can have (PKCS#1 v1.5); those of ECDSA and ML-DSA are random.
 *
 * @param before The attempt before, whose signature must not be repeated when the date has changed.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
 */
export function judgeSignature(request: RecordedRequest, before?: RecordedRequest): string {
  const header = (name: string): string => request.headers.get(name) ?? "";
  const [, algorithm = "", serial, scope = "", day = "", signedHeaders = "", signature = ""] =
    AUTHORIZATION.exec(header("authorization")) ?? [];
  if (algorithm === "") return "no Authorization header of SigV4-X509";
  const date = header("x-amz-date");
  if (!date.startsWith(day)) return "the scope is of another day than the date";
  if (Math.abs(Date.now() - momentOf(date)) > 300_000) return "the date is not now";
  const certificate = new X509Certificate(Buffer.from(header("x-amz-x509"), "base64"));
  if (serial !== BigInt(`0x${certificate.serialNumber}`).toString())
    return "the serial number is another one";

  const names = signedHeaders.split(";");
  const canonicalRequest = [
    request.method,
    "/sessions",
    canonicalQuery(request.target),
    ...names.map((name) => `${name}:${header(name).trim().replaceAll(/ +/g, " ")}`),
    "",
    signedHeaders,
    sha256(request.body),
  ].join("\n");
  const stringToSign = Buffer.from([algorithm, date, scope, sha256(canonicalRequest)].join("\n"));
  const digest = algorithm.endsWith("SHA256") ? "sha256" : null;
  const valid = verify(digest, stringToSign, certificate.publicKey, Buffer.from(signature, "hex"));
  if (!valid) return "does not verify";
  const repeated =
    before !== undefined &&
    before.headers.get("x-amz-date") !== date &&
    before.headers.get("authorization") === header("authorization");
  return repeated ? "repeated" : "valid";
}

function canonicalQuery(target: string): string {
  const query = target.split("?")[1] ?? "";
  return [...new URLSearchParams(query)]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
}

/** RFC 3986 section 2.3: all but the unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}`,
  );
}

function momentOf(amzDate: string): number {
  return Date.parse(amzDate.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
