import type { Sandbox } from "@roles-anywhere/sandbox";

/**
 * Calls a route of the mock's lab, under `/_mock/`.
 *
 * @returns the JSON of the response
 */
export async function callLab(
  { rolesAnywhereEndpoint }: Pick<Sandbox, "rolesAnywhereEndpoint">,
  method: "GET" | "POST" | "PUT" | "DELETE",
  route: string,
  body?: object,
): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const init = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
  const answer = await fetch(`${rolesAnywhereEndpoint}/_mock/${route}`, init);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} /_mock/${route} answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}
