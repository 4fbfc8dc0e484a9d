import type { Sandbox } from "@roles-anywhere/sandbox";

interface ClientConfig {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

interface Target {
  readonly sandbox: Pick<Sandbox, "endpointUrl" | "region" | "accountId">;
}

/** An AWS SDK client that speaks to the sandbox as the account's administrator, whatever the environment says. */
export function administratorClient<Client>(
  ClientClass: new (config: ClientConfig) => Client,
  target: Target,
): Client {
  return new ClientClass(administratorSettings(target));
}

/** The settings of such a client, for those that need more. */
export function administratorSettings({ sandbox }: Target): ClientConfig {
  return {
    endpoint: sandbox.endpointUrl,
    region: sandbox.region,
    credentials: { accessKeyId: sandbox.accountId, secretAccessKey: "test" },
  };
}
