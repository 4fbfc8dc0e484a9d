import type { Sandbox } from "@roles-anywhere/sandbox";

/** Services of LocalStack that are asked without an SDK client, by their names in the credential scope. */
type Service = "events" | "monitoring" | "sns";

/** Calls an operation of the AWS JSON protocol. LocalStack finds the service by the scope and checks no signature. */
export async function callJson(
  sandbox: Sandbox,
  service: Service,
  target: string,
  input: object,
): Promise<unknown> {
  return JSON.parse(
    await post(sandbox, service, JSON.stringify(input), {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": target,
    }),
  );
}

/** Calls an operation of the AWS query protocol. Returns the XML of the response. */
export async function callQuery(
  sandbox: Sandbox,
  service: Service,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return await post(sandbox, service, new URLSearchParams(parameters).toString(), headers);
}

async function post(
  { endpointUrl, region, accountId }: Sandbox,
  service: Service,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const scope = `${accountId}/20260101/${region}/${service}/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
  const answer = await fetch(endpointUrl, { method: "POST", headers: { ...headers, authorization }, body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${service} answered ${answer.status}: ${text}`);
  return text;
}
