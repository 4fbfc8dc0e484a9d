import type { Sandbox } from "@roles-anywhere/sandbox";

/** Access keys, long-lived or of a session. */
export interface AccessKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** The services of AWS that the story calls as the administrator, besides Roles Anywhere. */
export type ServiceName = "cloudformation" | "iam" | "s3" | "sts";

/** An account in a region: that of a sandbox, or one of AWS. */
export interface Cloud {
  readonly region: string;
  readonly accountId: string;
  readonly endpoints: Readonly<Record<ServiceName, string>>;
  readonly rolesAnywhereEndpoint: string;
  /** The administrator's keys as they are now. */
  readonly administrator: () => Promise<AccessKeys>;
}

/** The account of a sandbox. */
export function sandboxCloud(
  sandbox: Pick<Sandbox, "endpointUrl" | "rolesAnywhereEndpoint" | "region" | "accountId">,
): Cloud {
  const { endpointUrl, rolesAnywhereEndpoint, region, accountId } = sandbox;
  return {
    region,
    accountId,
    rolesAnywhereEndpoint,
    endpoints: { cloudformation: endpointUrl, iam: endpointUrl, s3: endpointUrl, sts: endpointUrl },
    // LocalStack takes an access key id of twelve digits as the account id.
    administrator: () => Promise.resolve({ accessKeyId: accountId, secretAccessKey: "test" }),
  };
}

/** What every AWS SDK client of the story is made with. */
export interface ClientSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: AccessKeys | (() => Promise<AccessKeys>);
  readonly useFipsEndpoint: false;
  readonly useDualstackEndpoint: false;
}

/**
 * Settings of a client for one service. All of them are given, so that none is looked for in the caller's AWS
 * configuration.
 *
 * @param credentials @default the administrator's
 */
export function clientSettings(
  cloud: Pick<Cloud, "region" | "endpoints" | "administrator">,
  service: ServiceName,
  credentials: ClientSettings["credentials"] = cloud.administrator,
): ClientSettings {
  return {
    endpoint: cloud.endpoints[service],
    // IAM has one endpoint for all regions, which wants requests signed for this one.
    region: service === "iam" ? "us-east-1" : cloud.region,
    credentials,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
  };
}
