/** The two control plane calls that set a container up. */
export interface ControlPlaneClient {
  createTrustAnchor(name: string, pem: string): Promise<string>;
  createProfile(settings: Readonly<Record<string, unknown>>): Promise<string>;
}

/**
 * Calls the control plane of a mock, which looks at the form of a SigV4 header and not at its signature: there is no
 * secret to sign with.
 *
 * @param url base URL of the mock
 */
export function controlPlaneClient(url: string, region: string): ControlPlaneClient {
  const call = async (path: string, body: unknown): Promise<unknown> => {
    const date = `${new Date().toISOString().replaceAll(/[-:]/g, "").slice(0, 15)}Z`;
    const scope = `mock/${date.slice(0, 8)}/${region}/rolesanywhere/aws4_request`;
    const answer = await fetch(url + path, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-amz-date": date,
        authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`,
      },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`POST ${path} at ${url} answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  };
  return {
    createTrustAnchor: async (name, pem) =>
      arnIn(
        await call("/trustanchors", {
          name,
          enabled: true,
          source: { sourceType: "CERTIFICATE_BUNDLE", sourceData: { x509CertificateData: pem } },
        }),
        "trustAnchor",
        "trustAnchorArn",
      ),
    createProfile: async (settings) =>
      arnIn(await call("/profiles", { enabled: true, ...settings }), "profile", "profileArn"),
  };
}

function arnIn(answer: unknown, resource: string, member: string): string {
  const found: unknown = Object(Object(answer)[resource])[member];
  if (typeof found !== "string") throw new Error(`the mock's answer has no ${member}`);
  return found;
}
