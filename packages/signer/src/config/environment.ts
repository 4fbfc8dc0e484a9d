/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the standard AWS variables say. */
export interface AwsEnvironment {
  /** AWS_ENDPOINT_URL_ROLESANYWHERE, else AWS_ENDPOINT_URL. */
  readonly endpoint?: string | undefined;
  /** AWS_USE_FIPS_ENDPOINT. */
  readonly useFipsEndpoint: boolean;
  /** AWS_USE_DUALSTACK_ENDPOINT. */
  readonly useDualstackEndpoint: boolean;
  /** AWS_MAX_ATTEMPTS. */
  readonly maxAttempts?: number | undefined;
}

/**
 * Reads the AWS variables that concern CreateSession.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export function readAwsEnvironment(environment: Environment): AwsEnvironment {
  const ignored = isTrue(environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]);
  const endpoint = ignored
    ? undefined
    : environment["AWS_ENDPOINT_URL_ROLESANYWHERE"] || environment["AWS_ENDPOINT_URL"];
  const maxAttempts = Number(environment["AWS_MAX_ATTEMPTS"]);
  return {
    endpoint: endpoint || undefined,
    useFipsEndpoint: isTrue(environment["AWS_USE_FIPS_ENDPOINT"]),
    useDualstackEndpoint: isTrue(environment["AWS_USE_DUALSTACK_ENDPOINT"]),
    maxAttempts: Number.isInteger(maxAttempts) && maxAttempts > 0 ? maxAttempts : undefined,
  };
}

function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === "true";
}
