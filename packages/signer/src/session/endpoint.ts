import { quoted, SignerError } from "../errors.ts";

/** Variants of the regional endpoint. */
export interface EndpointOptions {
  /** Use the FIPS 140 endpoint. @default false */
  readonly useFipsEndpoint?: boolean | undefined;
  /** Use the IPv4 and IPv6 endpoint. @default false */
  readonly useDualstackEndpoint?: boolean | undefined;
}

/** How host names of endpoints end, over IPv4 and in dual stack, by the start of the region's name; the first that fits. */
const SUFFIXES = [
  ["cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"],
  ["eusc-", "amazonaws.eu", "api.amazonwebservices.eu"],
  ["us-isob-", "sc2s.sgov.gov", "api.aws.scloud"],
  ["us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"],
  ["eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"],
  ["us-iso-", "c2s.ic.gov", "api.aws.ic.gov"],
  ["", "amazonaws.com", "api.aws"],
] as const;

/**
 * The regional endpoint of Roles Anywhere.
 *
 * @see https://docs.aws.amazon.com/general/latest/gr/rolesanywhere.html
 */
export function regionalEndpoint(region: string, options: EndpointOptions = {}): string {
  const service = options.useFipsEndpoint === true ? "rolesanywhere-fips" : "rolesanywhere";
  return `https://${service}.${region}.${dnsSuffix(region, options)}`;
}

/** How the host names of a region's endpoints end: `amazonaws.com`. */
export function dnsSuffix(region: string, options: Pick<EndpointOptions, "useDualstackEndpoint">): string {
  const [, ipv4 = "", dualstack = ""] = SUFFIXES.find(([prefix]) => region.startsWith(prefix)) ?? [];
  return options.useDualstackEndpoint === true ? dualstack : ipv4;
}

/**
 * Parses an endpoint given by the user.
 *
 * @param endpoint Absolute http or https URL; its path is put before `/sessions`.
 * @throws {SignerError} ERR_SIGNER_ENDPOINT_INVALID when it has no scheme, another scheme, a query or a user name.
 */
export function parseEndpoint(endpoint: string): URL {
  const url = URL.parse(endpoint);
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  if (url !== null && isWeb && url.search + url.hash + url.username + url.password === "") return url;
  throw new SignerError(
    "ERR_SIGNER_ENDPOINT_INVALID",
    `endpoint ${endpoint.includes("@") ? "" : `${quoted(endpoint)} `}is not usable; give a URL with scheme and host only, such as https://rolesanywhere.us-east-1.amazonaws.com`,
  );
}
