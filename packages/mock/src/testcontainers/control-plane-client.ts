/**
 * Creates a resource through the control plane of a mock. The mock checks the form of a SigV4 header but not its
 * signature, so that no secret is needed.
 *
 * @param mock its base URL and region
 * @param path of the create operation: `/profiles`
 * @param input of the create operation; the resource is enabled
 * @returns the ARN of the resource
 */
export async function createResource(
  { url, region }: { readonly url: string; readonly region: string },
  path: "/trustanchors" | "/profiles",
  input: object,
): Promise<string> {
  const date = `${new Date().toISOString().replaceAll(/[-:]/g, "").slice(0, 15)}Z`;
  const scope = `mock/${date.slice(0, 8)}/${region}/rolesanywhere/aws4_request`;
  const response = await fetch(url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-amz-date": date,
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`,
    },
    body: JSON.stringify({ enabled: true, ...input }),
  });
  const text = await response.text();
  const member = path === "/profiles" ? "profile" : "trustAnchor";
  const arn: unknown = response.ok ? Object(Object(JSON.parse(text))[member])[`${member}Arn`] : undefined;
  if (typeof arn === "string") return arn;
  throw new Error(`POST ${path} at ${url} answered ${response.status}: ${text}`);
}
