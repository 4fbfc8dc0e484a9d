import { createHash, verify, X509Certificate } from "node:crypto";

import type { ReceivedRequest } from "./fake-service.ts";

/**
 * Verifies a request from nothing but its own bytes, independently of the code that signed it.
 *
 * @param path The path that was signed. @default the one that was asked for
 */
export function verifies(request: ReceivedRequest | undefined, path?: string): boolean {
  if (request === undefined) return false;
  const { authorization = "", ...headers } = request.headers;
  const [, algorithm, credential = "", signedHeaders = "", signature = ""] =
    /^(\S+) Credential=(\S+), SignedHeaders=(\S+), Signature=(\S+)$/.exec(authorization) ?? [];
  const [target = "", query = ""] = request.target.split("?");
  const [serial, ...scope] = credential.split("/");
  const certificate = new X509Certificate(Buffer.from(String(headers["x-amz-x509"]), "base64"));
  const lines = signedHeaders.split(";").map((name) => `${name}:${String(headers[name])}\n`);
  const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
  const canonical = `${request.method}\n${path ?? target}\n${query}\n${lines.join("")}\n${signedHeaders}\n${sha256(request.body)}`;
  const text = `${algorithm}\n${String(headers["x-amz-date"])}\n${scope.join("/")}\n${sha256(canonical)}`;
  return (
    BigInt(`0x${certificate.serialNumber}`).toString() === serial &&
    scope[0] === String(headers["x-amz-date"]).slice(0, 8) &&
    verify("sha256", Buffer.from(text), certificate.publicKey, Buffer.from(signature, "hex"))
  );
}
