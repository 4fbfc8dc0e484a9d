import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Deployment } from "../story/start-deployment.ts";

/**
 * Calls the Roles Anywhere control plane with an ordinary AWS signature.
 *
 * @returns the JSON of the response
 */
export async function callControlPlane(
  sandbox: Deployment["sandbox"],
  method: "GET" | "POST" | "PATCH" | "DELETE",
  path: string,
  body?: object,
): Promise<unknown> {
  const url = new URL(path, sandbox.rolesAnywhereEndpoint);
  const signer = new SignatureV4({
    service: "rolesanywhere",
    region: sandbox.region,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    sha256: Sha256,
  });
  const request = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    port: Number(url.port),
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host, "content-type": "application/json" },
    body: body === undefined ? "" : JSON.stringify(body),
  });
  const { host: _host, ...headers } = request.headers;
  const init = { method, headers, body: body === undefined ? undefined : request.body };
  const answer = await fetch(url, init);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}
