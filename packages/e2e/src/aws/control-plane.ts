import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Cloud } from "./cloud.ts";

/**
 * Calls the Roles Anywhere control plane with an ordinary AWS signature.
 *
 * @param cloud an account, or a sandbox, whose mock takes any key
 * @returns the JSON of the response
 */
export async function callControlPlane(
  cloud: Pick<Cloud, "region" | "rolesAnywhereEndpoint"> & Partial<Pick<Cloud, "administrator">>,
  method: "GET" | "POST" | "PATCH" | "DELETE",
  path: string,
  body?: object,
): Promise<unknown> {
  const url = new URL(path, cloud.rolesAnywhereEndpoint);
  const signer = new SignatureV4({
    service: "rolesanywhere",
    region: cloud.region,
    credentials: (await cloud.administrator?.()) ?? { accessKeyId: "test", secretAccessKey: "test" },
    sha256: Sha256,
  });
  const request = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    port: url.port === "" ? undefined : Number(url.port),
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
