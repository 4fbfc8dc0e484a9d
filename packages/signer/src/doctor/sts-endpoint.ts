import type { ProfileEndpoint } from "../aws-config/config-file.ts";
import type { Environment } from "../config/environment.ts";
import { dnsSuffix, parseEndpoint, regionalEndpoint } from "../session/endpoint.ts";
import type { EndpointOptions } from "../session/endpoint.ts";
import { regionOf } from "../session/session-parameters.ts";
import type { SessionParameters } from "../session/session-parameters.ts";

/**
 * Finds the STS endpoint that an SDK would use; the environment wins over the profile. Undefined when CreateSession does
 * not go to AWS and no STS is configured: AWS does not know the credentials of a mock.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export function stsEndpoint(
  parameters: SessionParameters,
  environment: Environment,
  profile: ProfileEndpoint = {},
): string | undefined {
  const switched = environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"];
  const isIgnored = switched ? switched.toLowerCase() === "true" : profile.ignored === true;
  const configured = environment["AWS_ENDPOINT_URL_STS"] || environment["AWS_ENDPOINT_URL"] || profile.url;
  if (configured !== undefined && !isIgnored) return configured;
  const region = regionOf(parameters);
  return isAwsOwn(parameters.endpoint, region) ? regionalStsEndpoint(region, parameters) : undefined;
}

/** STS of a region. GovCloud's ordinary endpoints are its FIPS endpoints. */
export function regionalStsEndpoint(region: string, options: EndpointOptions = {}): string {
  const plain = region.startsWith("us-gov-") && options.useDualstackEndpoint !== true;
  const service = options.useFipsEndpoint === true && !plain ? "sts-fips" : "sts";
  return `https://${service}.${region}.${dnsSuffix(region, options)}`;
}

/** Whether CreateSession goes to AWS: to an endpoint of the region, or through a VPC endpoint. */
function isAwsOwn(endpoint: string | undefined, region: string): boolean {
  if (endpoint === undefined) return true;
  const { origin, protocol, hostname } = parseEndpoint(endpoint);
  const own = [false, true].flatMap((useFipsEndpoint) =>
    [false, true].map((useDualstackEndpoint) =>
      regionalEndpoint(region, { useFipsEndpoint, useDualstackEndpoint }),
    ),
  );
  const vpcEndpoints = `.rolesanywhere.${region}.vpce.${dnsSuffix(region, {})}`;
  return own.includes(origin) || (protocol === "https:" && hostname.endsWith(vpcEndpoints));
}
