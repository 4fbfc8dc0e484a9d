import type { Deployment } from "../../src/story/start-deployment.ts";

interface ClientConfig {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

/** An AWS SDK client that speaks to the sandbox as the account's administrator, whatever the environment says. */
export function administratorClient<Client>(
  ClientClass: new (config: ClientConfig) => Client,
  { sandbox }: Pick<Deployment, "sandbox">,
): Client {
  return new ClientClass({
    endpoint: sandbox.endpointUrl,
    region: sandbox.region,
    credentials: { accessKeyId: sandbox.accountId, secretAccessKey: "test" },
  });
}
